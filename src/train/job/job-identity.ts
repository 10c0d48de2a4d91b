import { fingerprint, type Json } from '../../core/fingerprint.ts'
import type { EncoderInfo } from '../../engines/types.ts'
import type { DevSet } from '../set/dev-set.ts'
import type { PreparedSet } from '../set/prepare.ts'
import type { Training } from '../training.ts'
import type { JobFile } from './job-file.ts'

/** Rises when a job of the same settings would be trained otherwise. */
const TRAINING_VERSION = 1

/**
 * All that decides the weights that come out. How they are computed (device, packing, chunks, checkpointing, how often it is saved) is not among
 * it: that changes the rounding alone, and a job may go on on another machine or in smaller chunks. On how many devices it is computed counts
 * only where negatives stay within a device: the fewer queries one has, the fewer negatives they meet.
 */
export function jobIdentity(
  job: Omit<JobFile, 'fingerprint' | 'identity'>,
  base: EncoderInfo,
  made: {
    readonly adapterFiles: readonly string[] | null
    readonly set: PreparedSet
    readonly dev: DevSet | null
    readonly training: Training
  },
): Json {
  const { weights, configs, tokenizer, head } = base.identity as { readonly [key: string]: Json | undefined }
  const { evaluation, hosts } = made.training
  const devices = job.devices.length * (hosts?.count ?? 1)
  const apart = devices > 1 && job.loss.inBatch && !job.loss.crossDevice
  return {
    artifact: 'training',
    version: TRAINING_VERSION,
    base: { weights, configs, tokenizer, head, adapter: made.adapterFiles },
    recipe: base.recipe as unknown as Json,
    set: fingerprint(made.set.identity),
    watched:
      made.dev === null
        ? null
        : {
            set: fingerprint(made.dev.identity),
            every: job.dev!.every,
            measure: evaluation!.measure,
            patience: evaluation!.patience,
          },
    ...(job.vision === null ? {} : { vision: { ...job.vision } as unknown as Json }),
    loss: job.loss as unknown as Json,
    batch: { queries: job.batch.queries, accumulate: job.batch.accumulate },
    ...(apart ? { devices } : {}),
    optimizer: job.optimizer as unknown as Json,
    steps: job.steps,
    adapter: job.adapterConfig as unknown as Json,
    precision: job.precision,
    seed: job.seed,
  }
}
