import { copyFile, readdir, rm, stat } from 'node:fs/promises'
import { isAbsolute, join, relative } from 'node:path'
import { asWriteError, makeFolder, writeAtomic } from '../../core/atomic.ts'
import type { LongWork } from '../../core/progress.ts'
import { VERSION } from '../../core/version.ts'
import { modelByName } from '../../data/models/index.ts'
import { comparePaired } from '../../measure/index.ts'
import { TRAINED_FILE, TRAINED_VERSION, type TrainedModel } from '../../study/trained.ts'
import { type CardFacts, modelCard } from '../card.ts'
import { writeMerged } from '../export/merged.ts'
import type { DevScore, LoggedEvent, StepEvent, WorkerEvent } from './events.ts'
import type { TrainingPlan } from './plan.ts'
import { type TrainingRecord, type TrainingResult, writeTrainingRecord } from './record.ts'

type Finished = WorkerEvent & { event: 'finished' }

/** Makes of a finished job's folder one that can be used: cards, recipe, tokenizer, merged weights; the record is written last. */
export async function finishJob(
  plan: TrainingPlan,
  record: TrainingRecord,
  events: readonly LoggedEvent[],
  finished: Finished,
  work: LongWork,
): Promise<TrainingRecord> {
  const { folder, merged } = plan.training
  const model = join(folder, 'model')
  const result = resultOf(plan, events, finished)
  const kind = plan.adapter === null ? 'whole' : 'adapter'
  if (kind === 'whole') await copyBeside(plan, model)
  await describe(plan, record, result, model, kind)
  if (merged && kind === 'adapter') {
    const whole = join(folder, 'merged')
    await rm(whole, { recursive: true, force: true })
    await makeFolder(whole)
    await writeMerged(plan.files.folder, model, whole, work)
    await describe(plan, record, result, whole, 'merged')
  }
  const done: TrainingRecord = { ...record, state: 'finished', result }
  await writeTrainingRecord(folder, done)
  await rm(join(folder, 'best'), { recursive: true, force: true })
  await rm(join(folder, 'dev'), { recursive: true, force: true })
  return done
}

/** Tokenizer, sentence-transformers' modules and further configs of the base, beside weights that the worker wrote. */
async function copyBeside({ files }: TrainingPlan, target: string): Promise<void> {
  const copy = async (from: string, to: string) => {
    // Modules without files, such as a normalisation, may have no folder.
    for (const name of await readdir(from).catch(() => [])) {
      if (!/\.(json|jinja|txt|model)$/.test(name) || /\.index\.json$/.test(name)) continue
      const there = await stat(join(to, name)).catch(() => null)
      if (there !== null || !(await stat(join(from, name))).isFile()) continue
      await copyFile(join(from, name), join(to, name)).catch((error: unknown) => {
        throw asWriteError(error, join(to, name))
      })
    }
  }
  await copy(files.transformer, target)
  if (files.folder !== files.transformer) await copy(files.folder, target)
  for (const path of Object.keys(files.moduleConfigs)) {
    if (path === '') continue
    await makeFolder(join(target, path))
    await copy(join(files.folder, path), join(target, path))
  }
}

async function describe(
  plan: TrainingPlan,
  record: TrainingRecord,
  result: TrainingResult,
  folder: string,
  kind: TrainedModel['kind'],
): Promise<void> {
  const { training, base, job } = plan
  const trained: TrainedModel = {
    version: TRAINED_VERSION,
    fieldtrial: VERSION,
    name: training.name,
    kind,
    recipe: { recipe: training.recipe.recipe, ...training.recipe.parameters },
    resolved: base.recipe,
    ...(job.vision === null
      ? {}
      : { pixels: { minPixels: job.vision.settings.minPixels, maxPixels: job.vision.settings.maxPixels } }),
    base: training.given,
    ...(isAbsolute(training.model) ? { baseFolder: relative(folder, training.model).replaceAll('\\', '/') } : {}),
    baseWeights: plan.baseWeights,
    data: record.data.sources.map(({ source }) => source),
    fingerprint: record.fingerprint,
  }
  await writeAtomic(join(folder, TRAINED_FILE), `${JSON.stringify(trained, null, 2)}\n`)
  await writeAtomic(join(folder, 'README.md'), modelCard(cardFacts(plan, record, result, kind)))
}

function cardFacts(
  { training, base, job }: TrainingPlan,
  record: TrainingRecord,
  result: TrainingResult,
  kind: TrainedModel['kind'],
): CardFacts {
  const named = isAbsolute(training.model) ? undefined : modelByName(training.model)
  const [, revision = null] = /@([^/@]*)$/.exec(training.model) ?? []
  const { loss, optimizer, batch, adapterConfig } = job
  const { watched } = record
  return {
    name: training.name,
    base: {
      name: named?.hub ?? training.given,
      revision: named?.revision ?? revision,
      licence: named?.licence ?? null,
    },
    form: kind === 'adapter' ? 'adapter' : 'merged',
    dtype: job.precision,
    recipe: base.recipe,
    task: null,
    dimension: base.dimension,
    fingerprint: record.fingerprint,
    data: record.data.sources.map(({ source, split, taken, negatives }) => ({
      name: source,
      split,
      examples: taken,
      negatives,
      licence: null,
    })),
    training: {
      loss: `InfoNCE, temperature ${loss.temperature}${loss.matryoshka ? `, Matryoshka ${loss.matryoshka.dimensions.join('/')}` : ''}${loss.distill ? ', distillation' : ''}`,
      negatives: `${loss.negatives} hard${loss.inBatch ? ', and those of the batch' : ''}`,
      'batch (queries)': batch.queries,
      optimiser: `AdamW, lr ${optimizer.lr}, ${optimizer.schedule}, ${optimizer.warmup} steps of warm-up`,
      adapter:
        adapterConfig === null
          ? 'none: all weights'
          : `${adapterConfig.kind} r=${adapterConfig.r} α=${adapterConfig.alpha} dropout ${adapterConfig.dropout}`,
      ...(job.vision === null
        ? {}
        : {
            'image tower': job.vision.trained ? 'trained' : 'frozen',
            'pixels of a picture': `${job.vision.settings.minPixels} to ${job.vision.settings.maxPixels}`,
          }),
      steps: result.steps,
      epochs: Number(job.epochs.toFixed(2)),
      precision: job.precision,
      seed: job.seed,
    },
    results:
      watched === null || result.score === null
        ? []
        : [
            {
              collection: watched.collection,
              split: watched.split,
              queries: watched.queries,
              measure: watched.measure,
              before: result.score.before,
              after: result.score.after,
              p: result.score.p,
            },
          ],
    notes: [
      ...(watched === null
        ? []
        : [
            `${watched.collection} (${watched.split}) was watched during training and chose the weights: its figures are too good for a test. ${watched.documents < watched.of.documents || watched.queries < watched.of.queries ? `They are over ${watched.queries} of ${watched.of.queries} queries and ${watched.documents} of ${watched.of.documents} documents.` : ''}`.trim(),
          ]),
      ...result.warnings,
    ],
    fieldtrial: VERSION,
  }
}

function resultOf(plan: TrainingPlan, events: readonly LoggedEvent[], finished: Finished): TrainingResult {
  const steps = events.filter((event): event is LoggedEvent & StepEvent => event.event === 'step')
  const scores = events.filter((event): event is LoggedEvent & DevScore => event.event === 'score')
  const ready = events.findLast((event) => event.event === 'ready')
  const score = scoreOf(plan, scores)
  const { sources } = plan.set.detail
  const warnings = [
    ...(score !== null && score.step === 0
      ? ['No step was better than the start: the weights that were kept are the untrained ones.']
      : []),
    ...sources.flatMap(({ source, cutQueries, missing, skipped }) => [
      ...(cutQueries > 0 ? [`${cutQueries} queries of ${source} were cut at the recipe’s limit.`] : []),
      ...(missing > 0 ? [`${missing} documents that ${source} names are not in its corpus; they were left out.`] : []),
      ...(skipped > 0 ? [`${skipped} examples of ${source} without negatives were left out.`] : []),
    ]),
    ...sources.flatMap(({ source, shared, dropped }) =>
      shared.flatMap(({ collection, split, queries }) =>
        queries > 0 && dropped === 0
          ? [`${queries} queries of ${source} are also in ${collection} (${split}), which was allowed.`]
          : [],
      ),
    ),
  ]
  return {
    finishedAt: new Date().toISOString(),
    steps: finished.step,
    stopped: finished.stopped === 'early' ? 'early' : null,
    kind: plan.adapter === null ? 'whole' : 'adapter',
    parameters: ready?.event === 'ready' ? ready.parameters : plan.size.parameters,
    trainable: ready?.event === 'ready' ? ready.trainable : plan.size.trainable,
    loss: lossOf(steps),
    tokens: steps.reduce((sum, { tokens }) => sum + tokens, 0),
    seconds: steps.reduce((sum, { seconds }) => sum + seconds, 0),
    score,
    warnings,
  }
}

function lossOf(steps: readonly StepEvent[]): TrainingResult['loss'] {
  if (steps.length === 0) return null
  const count = Math.max(1, Math.floor(steps.length / 20))
  const mean = (some: readonly StepEvent[]) => some.reduce((sum, { loss }) => sum + loss, 0) / some.length
  return { first: mean(steps.slice(0, count)), last: mean(steps.slice(-count)) }
}

/** The weights that were kept against those at the start, paired over the watched queries. */
function scoreOf({ dev }: TrainingPlan, scores: readonly DevScore[]): TrainingResult['score'] {
  const first = scores.find(({ step }) => step === 0)
  const best = scores.findLast((one) => one.best)
  if (dev === null || first === undefined || best === undefined) return null
  const byQuery = ({ values }: DevScore) => new Map(dev.detail.queries.map((id, i) => [id, values[i]!]))
  const { difference, interval, p } = comparePaired(byQuery(first), byQuery(best))
  return { before: first.value, after: best.value, step: best.step, difference, interval, p }
}
