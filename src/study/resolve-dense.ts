import { existsSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { FieldtrialError } from '../core/errors.ts'
import { nearest } from '../core/suggest.ts'
import { LLAMA_DEVICES } from '../engines/llama/devices.ts'
import { LLAMA_DTYPES } from '../engines/llama/dtypes.ts'
import { isGguf } from '../engines/text/gguf/file.ts'
import { DEVICE_PATTERN } from '../engines/torch/devices.ts'
import { TORCH_DTYPES } from '../engines/torch/plan.ts'
import { checkMerge, type MergeSpec } from '../fusion/weights/index.ts'
import { type PostprocessStep, slugOfSteps } from '../index/postprocess/index.ts'
import type { RecipeParameters } from '../recipes/types.ts'
import { dropUndefined } from './drop-undefined.ts'
import { describeMerge, mergeName } from './merge/name.ts'
import { resolveMerge } from './merge/resolve.ts'
import { localPath, type ResolveContext } from './resolve-context.ts'
import type { ModelInput } from './schema-models.ts'
import type { PostprocessInput, RecipeInput } from './schema-recipes.ts'
import { ONNX_DEVICES, ONNX_DTYPES } from './schema-recipes.ts'
import { isBm25Shorthand } from './shorthand.ts'
import { slugOfParameters } from './slug.ts'
import type { Path } from './source.ts'
import type { DenseOutput, DenseSpec, ModelSpec, TrainingRef } from './study.ts'
import { expandSweep } from './sweep.ts'
import { isAdapterFolder, TRAINED_FILE } from './trained.ts'

/** Fields that say how a server is reached. */
const HTTP_FIELDS = [
  'url',
  'api',
  'apiKeyEnv',
  'dimensions',
  'batchSize',
  'concurrency',
  'timeoutSeconds',
  'retries',
] as const

/** What a server can be told of a recipe: it tokenises and pools by itself. */
const HTTP_PARAMETERS: readonly string[] = ['prompts', 'maxLength', 'normalize', 'layout']
const HTTP_RECIPES = ['sentence-transformers', 'instruct']

const DEFAULT_RECIPES: readonly RecipeInput[] = [{ recipe: 'sentence-transformers' }]

/**
 * All retrievers of one model: its recipes, their sweeps and their outputs. Combinations of a sweep that ask for the same are one.
 *
 * @param studyRecipes Null where the study names none.
 */
export function resolveDense(
  given: ModelInput,
  studyRecipes: readonly RecipeInput[] | null,
  path: Path,
  context: ResolveContext,
): DenseSpec[] {
  const base = resolveModelSpec(given, path, context)
  // A model that is trained is used as it was trained, unless it is told otherwise itself.
  const byDefault = given.recipes === undefined && (given.train !== undefined || studyRecipes === null)
  const recipes =
    given.recipes?.map((recipe) => (typeof recipe === 'string' ? { recipe } : recipe)) ??
    (byDefault ? DEFAULT_RECIPES : (studyRecipes ?? DEFAULT_RECIPES))
  const specs: DenseSpec[] = []
  for (const recipe of recipes)
    for (const { input, swept } of expandSweep(recipe)) {
      const parameters = parametersOf(input, given)
      const model = input.dtype === undefined ? base : { ...base, dtype: input.dtype }
      const steps = (input.postprocess ?? []).map(postprocessStep)
      if (model.engine === 'http') refuseOnServer(input, parameters, path, context)
      else if (input.dtype !== undefined && !dtypesOf(model.engine, model.given).includes(input.dtype))
        context.problem(path, noDtype(model.engine, model.given, input.dtype), 'Choose one of these.')
      for (const output of outputsOf(input)) {
        // A sparse half has no vector that could be post-processed, and only a hybrid weighs its halves.
        const postprocess = output === 'sparse' ? [] : steps
        const alpha = output === 'hybrid' ? (input.alpha ?? DEFAULT_ALPHA) : DEFAULT_ALPHA
        const told = (name: keyof RecipeInput) =>
          (input.id === undefined || swept.includes(name)) && input[name] !== undefined
        // A recipe's own id names it, and what is swept over tells its variants apart; without one all that is set does.
        const id = [
          input.id ?? input.recipe,
          ...slugOfParameters(input.id === undefined ? parametersOf(input, {}) : pick(parameters, swept)),
          ...(told('postprocess') && postprocess.length > 0 ? [slugOfSteps(postprocess)] : []),
          ...(told('queryMean') && postprocess.length > 0 ? [`mean_${input.queryMean}`] : []),
          ...(output === 'dense' ? [] : [output]),
          ...(output === 'hybrid' && told('alpha') ? [`alpha_${alpha}`] : []),
          ...(told('dtype') ? [input.dtype] : []),
        ].join('-')
        const spec: DenseSpec = {
          kind: 'dense',
          id,
          model,
          recipe: { recipe: input.recipe, parameters, ...(byDefault ? { byDefault } : {}) },
          output,
          alpha,
          postprocess,
          queryMean: postprocess.length > 0 ? (input.queryMean ?? 'auto') : 'auto',
        }
        // Others of the same name are told as a problem, not dropped.
        if (swept.length > 0 && specs.some((other) => isDeepStrictEqual(other, spec))) continue
        specs.push(spec)
      }
    }
  const name = given.id ?? defaultName(base)
  // A recipe's own dtype is in its name, or hidden behind the id that the user chose for it.
  const suffix = (spec: DenseSpec) =>
    spec.model === base && given.dtype !== undefined && given.dtype !== 'float32' && !given.id ? `-${base.dtype}` : ''
  const one = specs.length === 1 && recipes[0]?.id === undefined
  return shareSparse(specs.map((spec) => ({ ...spec, id: `${one ? name : `${name}+${spec.id}`}${suffix(spec)}` })))
}

/** PromptReps' weight of the dense half (recipes' source, hybrid.py). */
const DEFAULT_ALPHA = 0.5

function outputsOf({ output }: RecipeInput): readonly DenseOutput[] {
  return output === undefined ? ['dense'] : typeof output === 'string' ? [output] : [...new Set(output)]
}

/** Retrievers that differ in their output only share one encoding, which then makes the sparse half for all of them. */
function shareSparse(specs: readonly DenseSpec[]): DenseSpec[] {
  const key = (spec: DenseSpec) => JSON.stringify([spec.recipe, spec.model.dtype])
  const sparse = new Set(specs.filter((spec) => spec.output !== 'dense').map(key))
  return specs.map((spec) =>
    sparse.has(key(spec))
      ? { ...spec, recipe: { ...spec.recipe, parameters: { ...spec.recipe.parameters, sparse: true } } }
      : spec,
  )
}

function pick(parameters: RecipeParameters, names: readonly string[]): RecipeParameters {
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => names.includes(name)))
}

function parametersOf(
  recipe: RecipeInput,
  model: Pick<ModelInput, 'prompts' | 'normalize' | 'maxLength'>,
): RecipeParameters {
  const prompts = recipe.prompts || model.prompts ? dropUndefined({ ...model.prompts, ...recipe.prompts }) : undefined
  const maxLength = recipe.maxLength ?? model.maxLength
  return dropUndefined({
    system: recipe.system,
    prompts,
    pooling: recipe.pooling,
    layer: recipe.layer,
    finalNorm: recipe.finalNorm,
    attention: recipe.attention,
    eos: recipe.eos,
    layout: recipe.layout,
    generateTokens: recipe.generateTokens,
    maxLength: typeof maxLength === 'object' ? dropUndefined(maxLength) : maxLength,
    normalize: recipe.normalize ?? model.normalize,
  })
}

function postprocessStep(step: PostprocessInput): PostprocessStep {
  if (typeof step === 'string') return { kind: step }
  if ('center' in step) return { kind: 'center', by: step.center }
  if ('abtt' in step) return { kind: 'abtt', components: step.abtt }
  if ('whiten' in step)
    return {
      kind: 'whiten',
      power: step.whiten,
      ...(step.shrinkage === undefined ? {} : { shrinkage: step.shrinkage }),
    }
  if ('pca' in step) return { kind: 'pca', dimensions: step.pca }
  return { kind: 'truncate', dimensions: step.truncate }
}

function refuseOnServer(input: RecipeInput, parameters: RecipeParameters, path: Path, context: ResolveContext): void {
  const refuse = (what: string) =>
    context.problem(path, `A server tokenises and pools by itself: ${what}.`, 'Remove it, or use engine: onnx.')
  if (!HTTP_RECIPES.includes(input.recipe)) refuse(`the recipe ${input.recipe} cannot be followed there`)
  for (const name of Object.keys(parameters))
    if (!HTTP_PARAMETERS.includes(name)) refuse(`\`${name}\` cannot be set there`)
  if (input.dtype !== undefined) refuse('`dtype` is its own choice')
  if (typeof parameters.maxLength === 'object') refuse('`maxLength` must be one number there')
  if (outputsOf(input).some((output) => output !== 'dense')) refuse('it gives dense vectors only')
}

function resolveModelSpec(given: ModelInput, path: Path, context: ResolveContext): ModelSpec {
  const merge = given.merge === undefined ? undefined : mergeOf(given, path, context)
  const training = given.train === undefined ? undefined : trainingOf(given, path, context)
  if (given.model === undefined && merge === undefined && training === undefined)
    context.problem(
      path,
      'A model needs `model:`, `merge:` or `train:`.',
      'Name a folder, a model, what is to be merged, or a training file.',
    )
  const named =
    given.model ?? (merge !== undefined ? describeMerge(merge) : training !== undefined ? trainingName(training) : '')
  const place = localPath(named, context.folder)
  const trained = training !== undefined || (place !== undefined && isAdapterFolder(place))
  const engine = given.engine ?? (given.url ? 'http' : isGguf(named) ? 'llama' : trained ? 'torch' : 'onnx')
  const local = engine !== 'http'
  const refuse = (field: string, why: string) =>
    context.problem([...path, field], why, 'Remove the field, or choose the other engine.')
  if (engine === 'http' && !given.url)
    context.problem(
      [...path, 'url'],
      'engine: http needs the `url` of a server.',
      'For example `url: http://localhost:8080/v1`.',
    )
  if (engine === 'http')
    for (const field of ['dtype', 'device'] as const)
      if (given[field])
        refuse(field, `A server chooses its own precision and device; \`${field}\` is for engine: onnx or torch.`)
  for (const field of ['adapter', 'minPixels', 'maxPixels'] as const)
    if (given[field] !== undefined && engine !== 'torch') refuse(field, `\`${field}\` is for engine: torch.`)
  if (given.device !== undefined && local && !deviceFits(engine, given.device))
    refuse('device', `engine: ${engine} has no device ${given.device}.`)
  if (given.dtype !== undefined && local && !dtypesOf(engine, named).includes(given.dtype))
    refuse('dtype', noDtype(engine, named, given.dtype))
  if (engine === 'onnx' && isGguf(named)) refuse('engine', 'A GGUF file is read by engine: llama and engine: torch.')
  if (engine !== 'torch' && training === undefined && trained)
    refuse('engine', `${named} is a folder of LoRA weights, which engine: torch runs.`)
  if (local)
    for (const field of HTTP_FIELDS) if (given[field] !== undefined) refuse(field, `\`${field}\` is for engine: http.`)
  // A hub id without an owner is rare, a slip of the keyboard is not; better to ask than to go to the network.
  if (
    local &&
    merge === undefined &&
    training === undefined &&
    !named.includes('/') &&
    isBm25Shorthand(nearest(named, ['bm25']) ?? '')
  )
    context.problem([...path], `There is no model folder ${named}.`, 'Did you mean bm25?')
  return dropUndefined({
    engine,
    model: local ? (place ?? named) : named,
    given: named,
    dtype: given.dtype ?? (engine === 'torch' || engine === 'llama' ? ('auto' as const) : ('float32' as const)),
    device: given.device ?? (engine === 'torch' || engine === 'llama' ? 'auto' : 'cpu'),
    adapter: given.adapter === undefined ? undefined : (localPath(given.adapter, context.folder) ?? given.adapter),
    merge,
    training,
    minPixels: given.minPixels,
    maxPixels: given.maxPixels,
    url: given.url,
    api: given.api,
    apiKeyEnv: given.apiKeyEnv,
    dimensions: given.dimensions,
    batchSize: given.batchSize,
    concurrency: given.concurrency,
    timeoutSeconds: given.timeoutSeconds,
    retries: given.retries,
  })
}

/** What is to be trained, with absolute paths. What stands in the file is checked when it is read, before any work. */
function trainingOf(given: ModelInput, path: Path, { folder, problem }: ResolveContext): TrainingRef {
  const at = [...path, 'train']
  if (given.model !== undefined || given.merge !== undefined)
    problem(at, 'A model is either a `model`, a `merge`, or trained.', 'Remove what stands beside `train`.')
  if (given.adapter !== undefined)
    problem(at, 'An `adapter` beside a training is put on nothing.', 'Write `adapter: { from: … }` into the training.')
  if (given.engine === 'http' || given.engine === 'llama')
    problem(at, `engine: ${given.engine} cannot run what is trained here.`, 'Use engine: torch or onnx.')
  const train = typeof given.train === 'string' ? { file: given.train } : given.train!
  if (!('file' in train)) return { input: train, folder, name: train.name ?? given.id ?? modelName(train.model) }
  const file = resolve(folder, train.file)
  if (!existsSync(file)) problem(at, `There is no training file ${train.file}.`, 'Check the path.')
  const model = 'model' in train ? train.model : undefined
  return { file, ...(model === undefined ? {} : { model: localPath(model, folder) ?? model }) }
}

function trainingName(training: TrainingRef): string {
  if (!('file' in training)) return training.name
  const name = basename(training.file).replace(/\.\w+$/, '')
  return training.model === undefined ? name : `${modelName(training.model)}-${name}`
}

/** A merge is checked before any work; engines that load one folder of weights can run it. */
function mergeOf(given: ModelInput, path: Path, context: ResolveContext): MergeSpec {
  const at = [...path, 'merge']
  const engine = given.engine ?? 'onnx'
  // Zod writes absent members as possibly undefined; YAML has no undefined, so none is there.
  const asked = resolveMerge(given.merge as MergeSpec, context)
  const merge = engine === 'onnx' ? { ...asked, output: asked.output ?? ('model' as const) } : asked
  try {
    checkMerge(merge)
  } catch (error) {
    if (!(error instanceof FieldtrialError)) throw error
    for (const problem of error.problems.length > 0 ? error.problems : [error])
      context.problem(at, problem.message, problem.hint ?? '')
  }
  if (given.model !== undefined)
    context.problem(at, 'A model is either a `model` or a `merge`.', 'Remove one of the two.')
  if (engine !== 'onnx' && engine !== 'torch')
    context.problem(at, `engine: ${engine} cannot run what is merged here.`, 'Use engine: onnx or torch.')
  if (given.adapter !== undefined)
    context.problem(at, 'An `adapter` beside a merge is put on nothing.', 'Name it with a model inside the merge.')
  if (engine === 'onnx' && merge.output === 'adapter')
    context.problem(at, 'engine: onnx runs no adapters.', 'Use `output: model`, or engine: torch.')
  return merge
}

/** Of one model, what engines torch and llama run is told from the rest by its name. */
function defaultName({ engine, model, given, adapter, merge, training }: ModelSpec): string {
  if (training !== undefined) return modelName(given)
  const parts = [
    merge === undefined ? (trainedName(model) ?? modelName(given)) : mergeName(merge),
    ...(adapter === undefined ? [] : [modelName(adapter)]),
  ]
  return [...parts, ...(engine === 'torch' || engine === 'llama' ? [engine] : [])].join('-')
}

/** Of a GGUF file engine llama takes weights as they are. */
function dtypesOf(engine: ModelSpec['engine'], model: string): readonly string[] {
  if (engine === 'torch') return TORCH_DTYPES
  return engine === 'onnx' ? ONNX_DTYPES : isGguf(model) ? [] : LLAMA_DTYPES
}

function noDtype(engine: ModelSpec['engine'], model: string, dtype: string): string {
  const there = dtypesOf(engine, model)
  return there.length === 0
    ? `engine: ${engine} takes no dtype for a GGUF file: weights are as the file has them.`
    : `engine: ${engine} has no dtype ${dtype}; it has ${there.join(', ')}.`
}

function deviceFits(engine: ModelSpec['engine'], device: string): boolean {
  if (engine === 'torch') return DEVICE_PATTERN.test(device)
  return ((engine === 'llama' ? LLAMA_DEVICES : ONNX_DEVICES) as readonly string[]).includes(device)
}

/**
 * The name of a model that a training has written, by the training's folder: each calls what it writes `model` and `merged`, which tells
 * nothing. What was merged says so, since both may stand in one study.
 */
function trainedName(model: string): string | undefined {
  const kind = basename(model)
  const written = ['model', 'merged'].includes(kind) && existsSync(join(model, TRAINED_FILE))
  if (!isAbsolute(model) || !written) return undefined
  return `${modelName(dirname(model))}${kind === 'merged' ? '-merged' : ''}`
}

function modelName(model: string): string {
  return basename(model.replace(/@[^/@]*$/, '')).replaceAll(/[^\p{L}\p{N}._+@-]+/gu, '-') || 'model'
}
