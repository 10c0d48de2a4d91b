import type { JobSize } from '../../src/train/job/estimate.ts'

/** LoRA on a 7B model, 64 queries of 16 passages an update. */
export const JOB_SIZE: JobSize = {
  parameters: 7.6e9,
  linear: 6.5e9,
  trainable: 80e6,
  full: false,
  layers: 28,
  hidden: 3584,
  inner: 18_944,
  scored: 0,
  precision: 'bfloat16',
  checkpointing: false,
  chunk: 64,
  steps: 200,
  tokens: 77_000,
  texts: 1088,
  accumulate: 1,
  devices: 1,
  onProcessor: false,
  sharded: false,
}
