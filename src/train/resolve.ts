import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { FieldtrialError } from '../core/errors.ts'
import { parseMeasure } from '../measure/index.ts'
import type { RecipeParameters } from '../recipes/types.ts'
import { dropUndefined } from '../study/drop-undefined.ts'
import { localPath, type ResolveContext } from '../study/resolve-context.ts'
import type { TrainDataInput, TrainInput, TrainRecipeInput } from '../study/schema-train.ts'
import type { Path } from '../study/source.ts'
import type { RecipeSpec } from '../study/study.ts'
import type { Adapter, DataSpec, Evaluation, Loss, Training } from './training.ts'

const DEFAULT_RANK = 16

/** Fills in the defaults of a training file and checks what the schema cannot. Problems are told through the context, all of them. */
export function resolveTraining(input: TrainInput, context: ResolveContext, at: Path = []): Training {
  const problem: ResolveContext['problem'] = (path, message, hint) => context.problem([...at, ...path], message, hint)
  const within: ResolveContext = { ...context, problem }
  const name = input.name ?? context.defaultName
  const { budget = {}, batch = {}, optimizer = {} } = input
  if (budget.epochs !== undefined && budget.steps !== undefined)
    problem(['budget'], 'budget has both `epochs` and `steps`.', 'Give one of them.')
  const queries = batch.queries ?? 64
  const accumulate = batch.accumulate ?? 1
  if (queries % accumulate !== 0)
    problem(
      ['batch', 'accumulate'],
      `${queries} queries cannot be shared out evenly over ${accumulate} passes.`,
      'Choose numbers that divide.',
    )
  if (input.loss?.inBatch === false && input.negatives === 0)
    problem(
      ['loss', 'inBatch'],
      'Neither in-batch nor hard negatives are left: there is nothing to learn from.',
      'Set `negatives` to 1 or more, or leave `inBatch` out.',
    )
  if (queries === 1 && input.negatives === 0)
    problem(['batch', 'queries'], 'A batch of one query has no in-batch negatives.', 'Take 2 or more.')
  if (input.vision === 'trained' && (input.strategy === 'fsdp' || input.strategy === 'zero3'))
    problem(
      ['strategy'],
      `${input.strategy} shares no image tower out that is trained.`,
      'Take `strategy: ddp`, or `vision: frozen`.',
    )
  if (input.minPixels !== undefined && input.maxPixels !== undefined && input.minPixels > input.maxPixels)
    problem(['minPixels'], 'minPixels is above maxPixels.', 'No picture meets both: lower it.')
  const adapter = resolveAdapter(input.adapter, context.folder)
  if (input.compile && adapter !== null && adapter !== 'full' && adapter.kind === 'dora')
    problem(
      ['compile'],
      'DoRA is not compiled: its code falls into dozens of pieces for the compiler.',
      'Remove `compile`, or train LoRA.',
    )
  const recipe = resolveRecipe(input.recipe)
  return {
    name,
    description: input.description ?? '',
    model: localPath(input.model, context.folder) ?? input.model,
    given: input.model,
    recipe,
    data: input.data.map((given, i) => resolveData(given, ['data', i], within)),
    negatives: input.negatives ?? null,
    tooLong: input.tooLong ?? 'cut',
    loss: resolveLoss(input.loss, problem),
    batch: { queries, accumulate, chunk: batch.chunk ?? null },
    optimizer: {
      lr: optimizer.lr ?? null,
      warmup: optimizer.warmup ?? 0.1,
      schedule: optimizer.schedule ?? 'linear',
      weightDecay: optimizer.weightDecay ?? 0,
      betas: (optimizer.betas as [number, number] | undefined) ?? [0.9, 0.999],
      clip: optimizer.clip ?? 1,
    },
    adapter,
    vision: input.vision ?? null,
    pixels: dropUndefined({ minPixels: input.minPixels, maxPixels: input.maxPixels }),
    precision: input.precision ?? null,
    gradientCheckpointing: input.gradientCheckpointing ?? false,
    packed: input.packed ?? null,
    compile: input.compile ?? null,
    evaluation: input.evaluation === undefined ? null : resolveEvaluation(input.evaluation, within),
    budget: budget.steps === undefined ? { epochs: budget.epochs ?? 1 } : { steps: budget.steps },
    overlap: {
      with: input.overlap?.with?.map((source) => localPath(source, context.folder) ?? source) ?? null,
      split: input.overlap?.split ?? 'test',
      allow: input.overlap?.allow ?? [],
      drop: input.overlap?.drop ?? false,
    },
    checkpoints: { every: input.checkpoints?.every ?? null, keep: input.checkpoints?.keep ?? 2 },
    device: input.device ?? 'auto',
    strategy: input.strategy ?? null,
    hosts: input.hosts ?? null,
    seed: input.seed ?? 42,
    folder: resolve(context.folder, input.output?.dir ?? join('trained', name)),
    merged: input.output?.merged ?? false,
  }
}

function resolveRecipe(given: TrainInput['recipe']): RecipeSpec {
  const input: TrainRecipeInput =
    typeof given === 'string' ? { recipe: given } : (given ?? { recipe: 'sentence-transformers' })
  const { recipe, prompts, maxLength, ...rest } = input
  const parameters: RecipeParameters = dropUndefined({
    ...rest,
    prompts: prompts && dropUndefined(prompts),
    maxLength: typeof maxLength === 'object' ? dropUndefined(maxLength) : maxLength,
  })
  return { recipe, parameters }
}

function resolveData(given: string | TrainDataInput, path: Path, { folder, problem }: ResolveContext): DataSpec {
  const input: TrainDataInput = typeof given === 'string' ? { source: given } : given
  const { source, subset, revision, titles, columns, negatives = 'none' } = input
  const named = negatives === 'none' || negatives === 'random'
  const mined = named ? negatives : resolve(folder, negatives)
  if (!named && !existsSync(mined))
    problem(
      [...path, 'negatives'],
      `There is no file ${negatives}.`,
      'Make it with `fieldtrial mine`, or write `random` or `none`.',
    )
  if (input.format !== undefined && input.format !== 'collection' && input.negatives !== undefined)
    problem(
      [...path, 'negatives'],
      `\`negatives\` is for collections; ${input.format} brings its own.`,
      'Remove it, or name the collection as the source.',
    )
  return {
    source: localPath(source, folder) ?? source,
    given: source,
    format: input.format ?? null,
    split: input.split ?? null,
    ...dropUndefined({ subset, revision, titles }),
    columns: Object.fromEntries(
      Object.entries(dropUndefined(columns ?? {})).map(([side, name]) => [side, String(name)]),
    ),
    negatives: mined,
    withoutNegatives: input.withoutNegatives ?? 'error',
    missing: input.missing ?? 'error',
    weight: input.weight ?? 1,
    limit: input.limit ?? null,
    task: input.task ?? null,
  }
}

function resolveLoss(given: TrainInput['loss'], problem: ResolveContext['problem']): Loss {
  const { matryoshka, distill, sparse } = given ?? {}
  const lengths = matryoshka === undefined ? null : Array.isArray(matryoshka) ? matryoshka : matryoshka.dimensions
  const weights = matryoshka === undefined || Array.isArray(matryoshka) ? lengths?.map(() => 1) : matryoshka.weights
  if (lengths && weights && lengths.length !== weights.length)
    problem(
      ['loss', 'matryoshka', 'weights'],
      `${weights.length} weights for ${lengths.length} dimensions.`,
      'Give one weight per dimension.',
    )
  return {
    temperature: given?.temperature ?? 0.02,
    inBatch: given?.inBatch ?? true,
    crossDevice: given?.crossDevice ?? true,
    positives: given?.positives ?? 'random',
    maskDuplicates: given?.maskDuplicates ?? true,
    matryoshka: lengths && weights ? { dimensions: lengths, weights } : null,
    distill: distill
      ? {
          kind: distill.kind ?? 'kl',
          weight: distill.weight ?? 1,
          contrastive: distill.contrastive ?? 1,
          temperature: distill.temperature ?? 1,
        }
      : null,
    sparse: { weight: sparse?.weight ?? 1, dense: sparse?.dense ?? 1 },
  }
}

function resolveAdapter(given: TrainInput['adapter'], folder: string): Adapter | 'full' | null {
  if (given === undefined) return null
  if (given === 'full') return 'full'
  const {
    kind = 'lora',
    r = DEFAULT_RANK,
    alpha,
    dropout = 0.1,
    targets = 'all-linear',
    from,
  } = typeof given === 'string' ? { kind: given } : given
  return { kind, r, alpha: alpha ?? 2 * r, dropout, targets, from: from === undefined ? null : resolve(folder, from) }
}

/** The adapter of a language model whose file says nothing. */
export const DEFAULT_ADAPTER: Adapter = resolveAdapter('lora', '') as Adapter

function resolveEvaluation(
  given: NonNullable<TrainInput['evaluation']>,
  { folder, problem }: ResolveContext,
): Evaluation {
  const { collection, split, titles, subset, revision } = given
  let measure = given.measure ?? 'nDCG@10'
  try {
    measure = parseMeasure(measure).name
  } catch (error) {
    if (!(error instanceof FieldtrialError)) throw error
    problem(['evaluation', 'measure'], error.message, error.hint ?? '')
  }
  return {
    spec: {
      source: localPath(collection, folder) ?? collection,
      split: split ?? 'dev',
      ...dropUndefined({ titles, subset, revision }),
    },
    given: collection,
    measure,
    every: given.every ?? null,
    queries: given.queries ?? 300,
    documents: given.documents ?? 10_000,
    patience: given.patience ?? 3,
    task: given.task ?? null,
  }
}
