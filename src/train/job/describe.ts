import { isAbsolute, join, relative } from 'node:path'
import { writeAtomic } from '../../core/atomic.ts'
import { VERSION } from '../../core/version.ts'
import { modelByName } from '../../data/models/index.ts'
import { TRAINED_FILE, TRAINED_VERSION, type TrainedModel } from '../../study/trained.ts'
import { type CardFacts, modelCard } from '../card.ts'
import type { TrainingPlan } from './plan.ts'
import type { TrainingRecord, TrainingResult } from './record.ts'
import { hardNegatives } from './size.ts'

/**
 * Writes beside weights how they were trained: a card, and fieldtrial.json, which is written last and says that the folder is whole.
 *
 * @throws FieldtrialError `DISK_FULL`, `NOT_WRITABLE`.
 */
export async function describeModel(
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
  await writeAtomic(join(folder, 'README.md'), modelCard(cardFacts(plan, record, result, kind)))
  await writeAtomic(join(folder, TRAINED_FILE), `${JSON.stringify(trained, null, 2)}\n`)
}

function cardFacts(
  { training, base, job, set }: TrainingPlan,
  record: TrainingRecord,
  result: TrainingResult,
  kind: TrainedModel['kind'],
): CardFacts {
  const named = isAbsolute(training.model) ? undefined : modelByName(training.model)
  const [, revision = null] = /@([^/@]*)$/.exec(training.model) ?? []
  const { loss, optimizer, batch, adapterConfig } = job
  const { watched } = record
  return {
    name: kind === 'merged' ? `${training.name}-merged` : training.name,
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
      negatives: `${hardNegatives(loss.negatives, set.detail.counts)}${loss.inBatch ? ', and those of the batch' : ''}`,
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
