import type { JsonObject } from '../../recipes/sentence-transformers.ts'
import { textConfig } from './facts.ts'
import type { TorchPlan } from './plan.ts'

const GIB = 2 ** 30
/** Python with PyTorch and transformers, measured: 0.6 GiB; with CUDA's libraries about 2.5. */
const PROCESS = 0.7 * GIB
const PROCESS_WITH_GPU = 2.5 * GIB
/** Rows whose scores of the vocabulary are in memory at once (SCORE_ROWS of the worker), with as much again for the copy in float32. */
const SCORE_ROWS = 2 * 128
/** States of a layer that live at the same time: as multiples of the hidden and the inner width, measured. */
const LIVE = { hidden: 8, inner: 3 }

/** The machine's own memory that the workers take at most, in bytes. */
export function memoryNeeded(plan: TorchPlan, config: JsonObject): number | null {
  if (plan.devices[0] !== 'cpu') return PROCESS_WITH_GPU * plan.devices.length
  if (plan.weightBytes === null) return null
  const { hidden_size: hidden, intermediate_size: inner, vocab_size: vocabulary } = textConfig(config)
  const size = (value: unknown) => (typeof value === 'number' ? value : 0)
  const bytes = plan.dtype === 'float32' ? 4 : 2
  const states = plan.budget * (LIVE.hidden * size(hidden) + LIVE.inner * size(inner)) * bytes
  const scores = plan.recipe.sparse !== null || plan.recipe.generate !== null ? SCORE_ROWS * size(vocabulary) * 4 : 0
  return plan.devices.length * (PROCESS + plan.weightBytes + states + scores)
}
