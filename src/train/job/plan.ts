import { isAbsolute } from 'node:path'
import { writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError } from '../../core/errors.ts'
import { fingerprint, type Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import { resolveModel } from '../../data/index.ts'
import { modelByName } from '../../data/models/index.ts'
import type { ModelFolder } from '../../engines/text/files.ts'
import { isGguf } from '../../engines/text/gguf/file.ts'
import { hashFiles } from '../../engines/text/hash.ts'
import { readAdapter } from '../../engines/torch/adapter.ts'
import { planTorch } from '../../engines/torch/index.ts'
import type { TorchPlan } from '../../engines/torch/plan.ts'
import type { EncoderInfo } from '../../engines/types.ts'
import { DEFAULT_ADAPTER } from '../resolve.ts'
import { type DevSet, prepareDev } from '../set/dev-set.ts'
import { type PreparedSet, prepareSet, type TokenIdentity } from '../set/prepare.ts'
import type { SetCounts } from '../set/set-writer.ts'
import { requireTrainable } from '../set/trainable.ts'
import type { Adapter, Training } from '../training.ts'
import { checkUpdate } from './check-update.ts'
import { planCompilation } from './compile.ts'
import { requireTrainingDevices } from './devices.ts'
import { type JobEstimate, type JobSize, readTrainingRates, trainingRateKey } from './estimate.ts'
import { JOB_VERSION, type JobFile } from './job-file.ts'
import { jobIdentity } from './job-identity.ts'
import { keptPictures } from './kept-pictures.ts'
import { begunPrecision } from './record.ts'
import { isPacked, shapeOf, towerOf, updatePatches, updateSize, vocabularyOf } from './size.ts'
import { adapterParameters, linearMatrices, targetMatrices, towerParameters } from './targets.ts'

/** A training that is ready to start: data in tokens, sizes known. */
export interface TrainingPlan {
  readonly training: Training
  readonly base: EncoderInfo
  readonly files: ModelFolder
  readonly torch: TorchPlan
  readonly set: PreparedSet
  readonly dev: DevSet | null
  readonly adapter: Adapter | null
  /** SHA-256 of the base's weights, sorted. */
  readonly baseWeights: readonly string[]
  readonly job: JobFile
  readonly size: JobSize
  readonly estimate: JobEstimate
  /** Under which its speed is remembered, with compiled layers or without. */
  readonly rateKeyOf: (compiled: boolean) => string
}

export interface PlanTrainingOptions extends LongWork {
  readonly offline?: boolean
  /** Threads of the worker on the processor; default: PyTorch's own choice. */
  readonly threads?: number
  /** Nothing is to be trained now: devices need not be there. */
  readonly planOnly?: boolean
  /** What an earlier training left in the folder is given up, and decides nothing. */
  readonly restart?: boolean
}

/**
 * Finds the model, prepares the data, fills in what depends on both, and estimates memory and time. Nothing is trained; all input errors come
 * here.
 */
export async function planTraining(
  training: Training,
  workspace: Workspace,
  options: PlanTrainingOptions = {},
): Promise<TrainingPlan> {
  const hub = { cacheDir: workspace.cache, ...(options.offline ? { offline: true } : {}), ...workOf(options) }
  if (isGguf(training.model))
    throw new FieldtrialError('MODEL_INVALID', `${training.given} is a GGUF file, whose weights are rounded.`, {
      hint: 'Train the model that it was made of, and export the result.',
    })
  const device = await requireTrainingDevices(training, options)
  const given = training.precision ?? (options.restart === true ? null : await begunPrecision(training.folder))
  const { folder } = await resolveModel(training.model, hub)
  const baseName = isAbsolute(training.model)
    ? training.model
    : (modelByName(training.model)?.hub ?? training.model).replace(/@[^/@]*$/, '')
  const hashCache = workspace.path('cache', 'model-hashes.json')
  const { info, plan, files } = await planTorch(folder, {
    model: training.given,
    baseName,
    recipe: training.recipe.recipe,
    parameters: training.recipe.parameters,
    device,
    ...(given === null ? {} : { dtype: given }),
    ...(training.packed === null ? {} : { packed: training.packed }),
    ...training.pixels,
    hashCache,
    ...(options.signal ? { signal: options.signal } : {}),
  })
  const sees = requireVision(training, plan)
  requireTrainable(plan, training.given)
  const adapter = chooseAdapter(training, plan)
  const checkpoint = files.checkpoint!
  const matrices = adapter === null ? [] : targetMatrices(adapter.targets, checkpoint, training.given, sees)
  const begun =
    adapter?.from == null
      ? null
      : await readAdapter(adapter.from, { model: baseName, folder, config: files.config }, checkpoint)
  const tokens: TokenIdentity = { plan, identity: tokenIdentity(info, plan) }
  const set = await prepareSet(training, tokens, workspace, options)
  const dev =
    training.evaluation === null
      ? null
      : await prepareDev(training.evaluation, tokens, training.seed, workspace, options)
  const pictures = (set.detail.counts.pictures ?? 0) > 0
  if (sees && !pictures)
    throw new FieldtrialError('USAGE', 'vision: trained, and no example has a picture.', {
      hint: 'Leave `vision` out: from texts alone an image tower learns nothing.',
      where: { field: 'vision' },
    })
  const vision =
    plan.vision !== null && (pictures || (dev?.detail.counts.pictures ?? 0) > 0)
      ? { settings: plan.vision.settings, trained: sees }
      : null
  await rememberSets(workspace, training, [set.identity, ...(dev === null ? [] : [dev.identity])])
  const { counts } = set.detail
  const negatives = training.negatives ?? (counts.withNegatives > 0 ? 7 : 0)
  const { queries } = training.batch
  const devices = plan.devices.length * (training.hosts?.count ?? 1)
  const { batch, loss } = training
  checkUpdate({ batch, loss, negatives, counts, devices, dimension: info.dimension })
  const onProcessor = plan.devices[0] === 'cpu'
  const precision = given ?? (onProcessor ? 'float32' : 'bfloat16')
  const steps = stepsOf(training, counts)
  const size: JobSize = {
    parameters: info.parameters!,
    linear: linearMatrices(checkpoint).reduce((sum, { inputs, outputs }) => sum + inputs * outputs, 0),
    trainable:
      adapter === null
        ? info.parameters! - (sees ? 0 : towerParameters(checkpoint))
        : adapterParameters(adapter, matrices),
    full: adapter === null,
    ...shapeOf(files),
    scored: plan.recipe.sparse === null ? 0 : vocabularyOf(files),
    precision,
    checkpointing: training.gradientCheckpointing,
    chunk: training.batch.chunk,
    steps,
    ...updateSize(counts, queries, negatives),
    accumulate: training.batch.accumulate,
    devices,
    onProcessor,
    sharded: training.strategy === 'fsdp' || training.strategy === 'zero3',
    ...(vision === null
      ? {}
      : { tower: towerOf(files, sees, updatePatches(counts, queries, negatives, vision.settings)) }),
  }
  const rateKeyOf = (compiled: boolean) =>
    trainingRateKey({
      weights: identityOf(info).weights!,
      full: size.full,
      precision,
      checkpointing: size.checkpointing,
      chunked: size.chunk !== null,
      device: plan.devices[0]!.replace(/:\d+$/, ''),
      devices: size.devices,
      compiled,
    })
  const { compile, estimate } = planCompilation(
    training,
    { device: plan.devices[0]!, kind: adapter?.kind ?? null, packed: isPacked(plan, files), size },
    rateKeyOf,
    await readTrainingRates(workspace),
  )
  const kept = keptPictures(size, {
    epochs: epochsOf(steps, training, counts),
    watched: (dev?.detail.counts.pictures ?? 0) > 0,
    devices: plan.devices.length,
    memoryBytes: estimate.memoryBytes,
  })
  const adapterFiles = begun === null ? null : await hashFiles(begun.files, hashCache)
  const job = jobOf({
    training,
    info,
    plan,
    set,
    dev,
    vision,
    kept,
    adapter,
    adapterFiles,
    negatives,
    steps,
    precision,
    compile,
    baseName,
    options,
  })
  return {
    training,
    base: info,
    files,
    torch: plan,
    set,
    dev,
    adapter,
    baseWeights: identityOf(info).weights as readonly string[],
    job,
    size,
    estimate,
    rateKeyOf,
  }
}

/** So that `clean` spares them until the training is forgotten. */
async function rememberSets(workspace: Workspace, { name, folder }: Training, sets: readonly Json[]): Promise<void> {
  const needs = sets.map((identity) => `training-sets/${fingerprint(identity)}`).sort()
  await writeAtomic(
    workspace.path('studies', `train-${name}-${fingerprint(folder).slice(0, 8)}.json`),
    `${JSON.stringify({ study: name, needs }, null, 1)}\n`,
  )
}

function workOf({ signal, onProgress, onNotice }: LongWork): LongWork {
  return { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}), ...(onNotice ? { onNotice } : {}) }
}

function identityOf(info: EncoderInfo): { readonly [key: string]: Json | undefined } {
  return info.identity as { readonly [key: string]: Json | undefined }
}

/** What determines tokens and pixels: nothing of weights, devices or versions of PyTorch. */
function tokenIdentity(info: EncoderInfo, plan: TorchPlan): Json {
  const { tokenizer, tokenizers } = identityOf(info)
  const images = plan.vision === null || info.images === undefined ? {} : { images: info.images.identity }
  const { recipe, lowerCase, emptyToken, positions } = plan
  return {
    tokenizer: tokenizer!,
    tokenizers: tokenizers!,
    config: fingerprint(plan.tokenizerConfig as Json),
    recipe: recipe as unknown as Json,
    lowerCase,
    emptyToken,
    positions,
    ...images,
  }
}

/**
 * Whether the image tower is trained.
 *
 * @throws FieldtrialError `RECIPE_INVALID` for a dual encoder, `USAGE` for a tower that is not there.
 */
function requireVision({ vision, given, recipe }: Training, plan: TorchPlan): boolean {
  if (plan.dual !== null)
    throw new FieldtrialError(
      'RECIPE_INVALID',
      `${given} is a dual encoder (CLIP, SigLIP), and such models are not trained here.`,
      { hint: 'Train a vision-language model, such as Qwen2-VL, or a text encoder.' },
    )
  if (vision !== null && plan.vision === null)
    throw new FieldtrialError('USAGE', `${given} with the recipe ${recipe.recipe} takes no pictures.`, {
      hint: 'Remove `vision`, or train Qwen2-VL, Qwen2.5-VL or Qwen3-VL with vision-chat, e5v or promptreps.',
      where: { field: 'vision' },
    })
  return vision === 'trained'
}

function chooseAdapter(training: Training, plan: TorchPlan): Adapter | null {
  if (training.adapter === 'full') return null
  if (training.adapter !== null) return training.adapter
  return plan.decoder ? DEFAULT_ADAPTER : null
}

function stepsOf({ budget, batch }: Training, { groups }: SetCounts): number {
  return 'steps' in budget ? budget.steps : Math.max(1, Math.ceil((groups * budget.epochs) / batch.queries))
}

function epochsOf(steps: number, { batch }: Training, { groups }: SetCounts): number {
  return (steps * batch.queries) / groups
}

function jobOf(made: {
  readonly training: Training
  readonly info: EncoderInfo
  readonly plan: TorchPlan
  readonly set: PreparedSet
  readonly dev: DevSet | null
  readonly vision: JobFile['vision']
  readonly kept: number
  readonly adapter: Adapter | null
  readonly adapterFiles: readonly string[] | null
  readonly negatives: number
  readonly steps: number
  readonly precision: 'float32' | 'bfloat16'
  readonly compile: boolean
  readonly baseName: string
  readonly options: PlanTrainingOptions
}): JobFile {
  const { training, info, plan, set, dev, vision, adapter, negatives, steps, precision } = made
  const { optimizer, loss, evaluation, checkpoints } = training
  const { layer, finalNorm, attention, pooling, normalize, sparse } = plan.recipe
  const tenth = Math.max(1, Math.ceil(steps / 10))
  const { from = null, ...adapterConfig } = adapter ?? {}
  const several = plan.devices.length > 1 || training.hosts !== null
  const job: Omit<JobFile, 'fingerprint' | 'identity'> = {
    version: JOB_VERSION,
    model: plan.weightsFolder,
    baseName: made.baseName,
    decoder: plan.decoder,
    weightBytes: plan.weightBytes,
    adapter: from,
    set: set.folder,
    dev:
      dev === null
        ? null
        : { set: dev.folder, queries: dev.detail.queries.length, every: Math.min(evaluation!.every ?? tenth, steps) },
    out: training.folder,
    seed: training.seed,
    recipe: { layer, finalNorm, direction: attention, pooling, normalize, sparse: sparse !== null },
    vision,
    keptPictures: made.kept,
    loss: { ...loss, negatives, sparse: sparse === null ? null : loss.sparse },
    batch: training.batch,
    optimizer: {
      ...optimizer,
      name: 'adamw',
      lr: optimizer.lr ?? (adapter === null ? 2e-5 : 1e-4),
      warmup: optimizer.warmup < 1 ? Math.round(optimizer.warmup * steps) : Math.round(optimizer.warmup),
    },
    steps,
    epochs: epochsOf(steps, training, set.detail.counts),
    adapterConfig: adapter === null ? null : (adapterConfig as JobFile['adapterConfig']),
    precision,
    checkpointing: training.gradientCheckpointing,
    packed: plan.packed,
    compile: made.compile,
    devices: plan.devices,
    strategy: training.strategy ?? (several ? 'ddp' : 'none'),
    saveEvery: checkpoints.every ?? Math.min(500, tenth),
    keep: checkpoints.keep,
    threads: made.options.threads ?? null,
    resume: null,
  }
  const identity = jobIdentity(job, info, { adapterFiles: made.adapterFiles, set, dev, training })
  return { ...job, fingerprint: fingerprint(identity), identity }
}
