import { describePrompt } from '../../recipes/index.ts'
import type { TrainingRecord } from '../../train/job/record.ts'
import { formatBytes, formatCount } from '../format.ts'

/** Everything that decides the weights, by name, for people. */
export function trainingSettings({ base, recipe, job, data, result, estimate }: TrainingRecord): [string, string][] {
  const { loss, batch, optimizer, adapterConfig } = job
  return [
    ['base', base],
    ['recipe', recipe.id],
    ['query prompt', describePrompt(recipe.prompts.query[0]!)],
    ['document prompt', describePrompt(recipe.prompts.document[0]!)],
    ['pooling', recipe.pooling.join(' + ')],
    ['tokens kept', `${recipe.maxLength.query} of queries, ${recipe.maxLength.document} of documents`],
    [
      'trained',
      adapterConfig === null
        ? 'all weights'
        : `${adapterConfig.kind} r=${adapterConfig.r} α=${adapterConfig.alpha}, dropout ${adapterConfig.dropout}, on ${adapterConfig.targets === 'all-linear' ? 'all linear layers' : adapterConfig.targets.join(', ')}`,
    ],
    ...(result === null
      ? []
      : [
          ['numbers trained', `${formatCount(result.trainable)} of ${formatCount(result.parameters)}`] as [
            string,
            string,
          ],
        ]),
    ...(job.vision ? visionSettings(job.vision, data) : []),
    ['examples', `${formatCount(data.counts.groups)}`],
    ['loss', `InfoNCE, temperature ${loss.temperature}`],
    ['hard negatives', String(loss.negatives)],
    ['in-batch negatives', loss.inBatch ? (loss.crossDevice ? 'yes, of all devices' : 'yes, of the device') : 'no'],
    ...(loss.matryoshka ? [['Matryoshka', loss.matryoshka.dimensions.join(', ')] as [string, string]] : []),
    ...(loss.distill
      ? [['distillation', `${loss.distill.kind}, weight ${loss.distill.weight}`] as [string, string]]
      : []),
    ['batch', `${batch.queries} queries${batch.accumulate > 1 ? ` in ${batch.accumulate} passes` : ''}`],
    [
      'optimiser',
      `AdamW, lr ${optimizer.lr}, ${optimizer.schedule}, ${optimizer.warmup} steps of warm-up, weight decay ${optimizer.weightDecay}, clip ${optimizer.clip}`,
    ],
    ['steps', `${formatCount(job.steps)} (${job.epochs.toFixed(2)} epochs)`],
    ['precision', job.precision],
    ['devices', `${job.devices.join(', ')}${job.strategy === 'none' ? '' : ` (${job.strategy})`}`],
    ['seed', String(job.seed)],
    ['memory, estimated', formatBytes(estimate.memoryBytes)],
  ]
}

function visionSettings(
  { settings, trained }: NonNullable<TrainingRecord['job']['vision']>,
  { counts }: TrainingRecord['data'],
): [string, string][] {
  return [
    ['pictures', formatCount(counts.pictures ?? 0)],
    ['pixels of a picture', `${formatCount(settings.minPixels)} to ${formatCount(settings.maxPixels)}`],
    ['image tower', trained ? 'trained' : 'frozen'],
  ]
}
