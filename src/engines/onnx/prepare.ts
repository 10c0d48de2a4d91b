import { FieldtrialError } from '../../core/errors.ts'
import type { Json } from '../../core/fingerprint.ts'
import { isDualEncoder } from '../../recipes/dual-encoder.ts'
import { resolveRecipe } from '../../recipes/index.ts'
import type { HeadStep } from '../../recipes/sentence-transformers-head.ts'
import type { ModelFacts, Recipe, RecipeParameters } from '../../recipes/types.ts'
import { dualShape } from '../dual/shape.ts'
import { tokenCounter } from '../text/count-tokens.ts'
import { type ModelFolder, readModelFolder } from '../text/files.ts'
import { hashFiles } from '../text/hash.ts'
import { denseFiles } from '../text/head.ts'
import { positionsNeeded } from '../text/positions.ts'
import { previewPrompts } from '../text/preview.ts'
import type { Checkpoint } from '../text/safetensors.ts'
import { packageVersion } from '../text/versions.ts'
import type { EncoderInfo, PreparedEncoder } from '../types.ts'
import { prepareDual } from './dual/prepare.ts'
import { OnnxEncoder } from './encoder.ts'
import { exportedRecipe } from './exported-recipe.ts'
import { decoderFacts, decoderModelTypes, isDecoder } from './families/decoders/index.ts'
import { familyOf, GRAPH_VERSION, positionLimit, supportedModelTypes } from './families/index.ts'
import { type GraphNeeds, measureGraph } from './graph-plan.ts'
import type { Device, EncoderPlan, PlannedWeights, WeightDtype } from './plan.ts'

export interface OnnxOptions {
  /** How the model becomes a retriever: an id of `RECIPES`. Default: `sentence-transformers`, what the model's own files say. */
  readonly recipe?: string
  /** What is set over the recipe's defaults. */
  readonly parameters?: RecipeParameters
  /**
   * Weights as they stand (float32, computed in float32 also where the file holds 16 bits), or in 8 or 4 bits with a scale per output
   * channel and block of inputs. Default float32.
   */
  readonly dtype?: WeightDtype
  /** Default: `cpu`. */
  readonly device?: Device
  /** How the user named the model; default: the folder. */
  readonly model?: string
  /** Tokens per batch; trades memory against speed for short texts, vectors stay the same. Default 2048; 8 and 4 bits go text by text. */
  readonly batchTokens?: number
  /** JSON file that keeps the hashes of weights between runs. Default: none. */
  readonly hashCache?: string
  /** Folder that keeps quantised copies of weights between runs; models beyond 1 GiB need it for 8 and 4 bits. Default: none. */
  readonly quantizedCache?: string
  readonly signal?: AbortSignal
}

const BATCH_TOKENS = 2048
/** Enters every identity: raise it whenever tokenising, pooling, the sparse half or decoding changes what comes out for the same recipe. */
const ENCODING_VERSION = 1

/**
 * Reads a model's folder (sentence-transformers or plain transformers layout): recipe, sizes, identity. No weights are loaded; they are
 * hashed, once per file with `hashCache`. Nothing is written into the folder.
 *
 * Weights: `model.safetensors` (or its shards) of the encoder and decoder families over which graphs are written here; else the model's
 * own `onnx/model.onnx` or `model.onnx`; one that `fieldtrial export` wrote is used with the recipe that is built into it.
 *
 * @throws FieldtrialError `MODEL_MISSING`, `MODEL_INVALID`, `RECIPE_INVALID` or `USAGE` (a setting that the model cannot take), `CANCELLED`.
 */
export async function prepareOnnx(folder: string, options: OnnxOptions = {}): Promise<PreparedEncoder> {
  const files = await readModelFolder(folder)
  const dual = dualShape(files.config)
  if (dual !== null) return prepareDual(folder, files, dual, options)
  const { dtype = 'float32', device = 'cpu' } = options
  const kind = kindOf(files, dtype)
  const facts = modelFacts(files, kind, options.model ?? folder)
  const asked = options.recipe ?? 'sentence-transformers'
  const parameters = options.parameters ?? {}
  const exported = kind === 'shipped' ? await exportedRecipe(files.transformer, asked, parameters) : null
  const { recipe, head, warnings } =
    exported === null ? resolveRecipe(asked, parameters, facts) : { recipe: exported, head: [], warnings: [] }
  const weights = await planWeights(files, kind, recipe, facts, dtype, options)
  const plan: EncoderPlan = {
    folder,
    weights,
    device,
    tokenizerFile: files.tokenizerFile,
    tokenizerConfig: files.tokenizerConfig,
    lowerCase: files.sentenceConfig?.do_lower_case === true,
    emptyToken: facts.tokens.eos ?? facts.tokens.pad ?? facts.tokens.bos,
    recipe,
    head,
    // Rounding to int8 turns a difference in the last bit, which other batch sizes bring, into one in the third digit; alone, texts
    // always take the same path.
    batchTokens: dtype === 'float32' ? (options.batchTokens ?? BATCH_TOKENS) : 1,
  }
  // A graph that cannot be built must fail here, before any plan is made on it.
  const needs = measureGraph(plan)
  const info: EncoderInfo = {
    engine: 'onnx',
    model: options.model ?? folder,
    identity: await identify(files, plan, options),
    recipe,
    dimension: exported === null ? dimensionOf(files, needs, head, recipe.pooling.length) : null,
    parameters: weights.kind === 'shipped' ? null : countParameters(weights.checkpoint),
    weightBytes: needs?.weights ?? null,
    memoryBytes: needs?.memory ?? null,
    warnings:
      dtype === 'float32' ? warnings : [...warnings, `${dtype} weights: vectors differ a little from float32’s`],
  }
  return {
    info,
    preview: (text, side, task) => previewPrompts(plan, text, side, task),
    tokenCounter: () => tokenCounter(plan),
    open: (open = {}) => OnnxEncoder.open(info, plan, open),
  }
}

/** Whether `prepareOnnx` can write the graph for this `model_type` itself (a shipped ONNX file runs whatever its architecture). */
export function supportedArchitecture(modelType: string): boolean {
  return (
    supportedModelTypes.includes(modelType) ||
    decoderModelTypes.includes(modelType) ||
    isDualEncoder({ architecture: modelType })
  )
}

function kindOf(files: ModelFolder, dtype: WeightDtype): PlannedWeights['kind'] {
  const { config, checkpoint, shipped, transformer } = files
  if (checkpoint !== null && isDecoder(config)) return 'decoder'
  if (checkpoint !== null && familyOf(config) !== undefined) return 'encoder'
  const known = `The onnx engine writes graphs for ${[...supportedModelTypes, ...decoderModelTypes].join(', ')}`
  if (shipped !== null) {
    if (dtype !== 'float32')
      throw new FieldtrialError(
        'USAGE',
        `${dtype} needs safetensors of a known architecture; ${transformer} gives an ONNX file.`,
        { hint: `${known}. Use dtype float32 for this model.` },
      )
    return 'shipped'
  }
  const type = JSON.stringify(config.model_type) ?? 'nothing'
  throw new FieldtrialError(
    'MODEL_INVALID',
    checkpoint === null
      ? `${transformer} has neither model.safetensors nor an ONNX file.`
      : `config.json of ${transformer} names the architecture ${type}, and there is no ONNX file.`,
    {
      where: { file: transformer },
      hint:
        checkpoint === null
          ? 'Save the model as safetensors: pickled weights (pytorch_model.bin) are never read.'
          : `${known}. Export the model to onnx/model.onnx, or serve it and use the http engine.`,
    },
  )
}

function modelFacts(files: ModelFolder, kind: PlannedWeights['kind'], name: string): ModelFacts {
  const { config, checkpoint } = files
  const { chatTemplate, ...tokens } = files.specialTokens
  const decoder = kind === 'decoder' ? decoderFacts(config, checkpoint!) : null
  const positions = decoder?.context ?? sizeOrNull(config.max_position_embeddings)
  const limit = kind === 'encoder' ? positionLimit(familyOf(config)!, config, checkpoint!) : (decoder?.context ?? null)
  return {
    name,
    architecture: String(config.model_type),
    decoder: decoder !== null,
    layers: decoder?.layers ?? sizeOrNull(config.num_hidden_layers) ?? sizeOrNull(config.n_layers),
    context: limit ?? positions,
    chatTemplate,
    tokens,
    files: { ...files, maxPositions: positions, positionLimit: limit },
  }
}

async function planWeights(
  files: ModelFolder,
  kind: PlannedWeights['kind'],
  recipe: Recipe,
  facts: ModelFacts,
  dtype: WeightDtype,
  options: OnnxOptions,
): Promise<PlannedWeights> {
  if (kind === 'shipped') return { kind, model: files.shipped! }
  const checkpoint = files.checkpoint!
  let quantized: { folder: string; key: string } | null = null
  if (dtype !== 'float32' && options.quantizedCache !== undefined) {
    const hashes = await hashFiles(weightFilesOf(checkpoint), options.hashCache ?? null, options.signal)
    quantized = { folder: options.quantizedCache, key: [...hashes].sort().join('-') }
  }
  const positions = positionsNeeded(recipe, facts.context)
  return { kind, config: files.config, checkpoint, dtype, quantized, positions }
}

function weightFilesOf(checkpoint: Checkpoint): string[] {
  return [...new Set([...checkpoint.values()].map((place) => place.file))]
}

async function identify(files: ModelFolder, plan: EncoderPlan, options: OnnxOptions): Promise<Json> {
  const { weights } = plan
  const weightFiles =
    weights.kind === 'shipped'
      ? [weights.model.path, ...weights.model.external.map((file) => file.path)]
      : weightFilesOf(weights.checkpoint)
  const dense = await denseFiles(files.folder, plan.head)
  const hash = (paths: readonly string[]) => hashFiles(paths, options.hashCache ?? null, options.signal)
  const [tokenizer, ...configs] = await hash([files.tokenizerFile, ...files.configFiles])
  return {
    engine: 'onnx',
    onnxruntime: packageVersion('onnxruntime-node'),
    tokenizers: packageVersion('@huggingface/tokenizers'),
    graph: weights.kind === 'shipped' ? 'shipped' : GRAPH_VERSION,
    encoding: ENCODING_VERSION,
    // Sorted, since the names of files and their folder do not matter.
    weights: [...(await hash(weightFiles))].sort(),
    dense: await hash(dense),
    tokenizer: tokenizer!,
    configs: configs.sort(),
    dtype: options.dtype ?? 'float32',
    // Other devices round otherwise.
    ...(plan.device === 'cpu' ? {} : { device: plan.device }),
    recipe: plan.recipe as unknown as Json,
    head: plan.head.map((step) => ({ ...step })),
  }
}

function dimensionOf(
  files: ModelFolder,
  needs: GraphNeeds | null,
  head: readonly HeadStep[],
  poolings: number,
): number | null {
  const dense = head.findLast((step) => step.kind === 'dense')
  if (dense) return dense.outputs
  const hidden = needs?.hidden ?? sizeOrNull(files.config.hidden_size) ?? sizeOrNull(files.config.dim)
  return hidden === null ? null : hidden * poolings
}

function countParameters(checkpoint: Checkpoint): number {
  let count = 0
  for (const place of checkpoint.values())
    if (/^B?F\d/.test(place.type)) count += place.shape.reduce((product, size) => product * size, 1)
  return count
}

function sizeOrNull(value: unknown): number | null {
  return typeof value === 'number' && value > 0 ? value : null
}
