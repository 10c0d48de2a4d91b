import { join } from 'node:path'
import { writeAtomic } from '../../core/atomic.ts'
import { throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import { readTensor } from '../../engines/text/safetensors.ts'
import { CheckpointWriter, SAFETENSORS_TYPES } from './checkpoint-writer.ts'
import type { LoraAdapter } from './lora.ts'
import { type LowRank, reduceRank } from './low-rank.ts'
import type { MergeDtype } from './types.ts'

/** One adapter and its factor in the sum. */
export interface WeightedAdapter {
  readonly adapter: LoraAdapter
  readonly weight: number
}

/**
 * Writes Σ wᵢ·sᵢ·Bᵢ·Aᵢ as one adapter, which is exact: the matrices stand side by side, so the rank is the sum of theirs. With a rank given, each
 * sum is replaced by the nearest product of that rank.
 *
 * @returns Share of the squared numbers of all sums that is kept: 1 without a rank.
 */
export async function writeAdapter(
  folder: string,
  adapters: readonly WeightedAdapter[],
  { rank, dtype }: { readonly rank: number | undefined; readonly dtype: MergeDtype | undefined },
  work: LongWork,
): Promise<number> {
  const keys = [...new Set(adapters.flatMap(({ adapter }) => [...adapter.modules.keys()]))].sort()
  const rankOf = (key: string) => adapters.reduce((sum, { adapter }) => sum + (adapter.modules.get(key)?.rank ?? 0), 0)
  // One rank for all modules: where some adapter lacks one, zeros fill the place.
  const full = Math.max(...keys.map(rankOf))
  const target = Math.min(rank ?? full, full)
  const modules = keys.map((key) => {
    const { path, a, b } = adapters.flatMap(({ adapter }) => adapter.modules.get(key) ?? [])[0]!
    return { key, path, inputs: a.shape[1]!, outputs: b.shape[0]! }
  })
  const type = SAFETENSORS_TYPES[dtype ?? 'float32']
  const writer = new CheckpointWriter(
    folder,
    modules.flatMap(({ path, inputs, outputs }) => [
      { name: `base_model.model.${path}.lora_A.weight`, type, shape: [target, inputs] },
      { name: `base_model.model.${path}.lora_B.weight`, type, shape: [outputs, target] },
    ]),
    'adapter_model.safetensors',
  )
  let [kept, all] = [0, 0]
  try {
    for (const [i, { key, inputs, outputs }] of modules.entries()) {
      throwIfAborted(work.signal)
      const joined = await joinMatrices(adapters, key, inputs, outputs)
      const size = squares(joined)
      const reduced = joined.rank > target ? reduceRank(joined, target) : { ...joined, kept: 1 }
      kept += reduced.kept * size
      all += size
      await writer.next()
      await writer.numbers(padA(reduced, target))
      await writer.next()
      await writer.numbers(padB(reduced, target))
      work.onProgress?.({ step: 'merge adapters', done: i + 1, total: modules.length, unit: 'records' })
    }
    await writer.finish()
  } finally {
    await writer.abandon()
  }
  await writeAtomic(
    join(folder, 'adapter_config.json'),
    `${JSON.stringify(configOf(adapters, modules, target), null, 2)}\n`,
  )
  return all === 0 ? 1 : kept / all
}

/** B₁ beside B₂ …, each with its weight and scale, and A₁ above A₂ …. */
async function joinMatrices(
  adapters: readonly WeightedAdapter[],
  key: string,
  inputs: number,
  outputs: number,
): Promise<LowRank> {
  const parts = adapters.flatMap(({ adapter, weight }) => {
    const place = adapter.modules.get(key)
    return place === undefined ? [] : [{ place, factor: weight * place.scale }]
  })
  const rank = parts.reduce((sum, { place }) => sum + place.rank, 0)
  const a = new Float32Array(rank * inputs)
  const b = new Float32Array(outputs * rank)
  let at = 0
  for (const { place, factor } of parts) {
    a.set(await readTensor(place.path, place.a), at * inputs)
    const from = await readTensor(place.path, place.b)
    for (let row = 0; row < outputs; row++)
      for (let k = 0; k < place.rank; k++) b[row * rank + at + k] = factor * from[row * place.rank + k]!
    at += place.rank
  }
  return { a, b, rank }
}

/** Σ of the squares of B·A, from the small products BᵀB and AAᵀ. */
function squares({ a, b, rank }: LowRank): number {
  const [inputs, outputs] = [a.length / rank, b.length / rank]
  let sum = 0
  for (let i = 0; i < rank; i++)
    for (let j = 0; j <= i; j++) {
      let [x, y] = [0, 0]
      for (let c = 0; c < inputs; c++) x += a[i * inputs + c]! * a[j * inputs + c]!
      for (let r = 0; r < outputs; r++) y += b[r * rank + i]! * b[r * rank + j]!
      sum += x * y * (i === j ? 1 : 2)
    }
  return sum
}

function padA({ a, rank }: LowRank, to: number): Float32Array {
  const padded = new Float32Array((a.length / rank) * to)
  padded.set(a)
  return padded
}

function padB({ b, rank }: LowRank, to: number): Float32Array {
  const rows = b.length / rank
  const padded = new Float32Array(rows * to)
  for (let row = 0; row < rows; row++) padded.set(b.subarray(row * rank, (row + 1) * rank), row * to)
  return padded
}

/** Weights and scales are in the matrices, so the result's scale is 1. */
function configOf(adapters: readonly WeightedAdapter[], modules: readonly { readonly path: string }[], rank: number) {
  const { use_rslora: _, rank_pattern: __, alpha_pattern: ___, ...rest } = adapters[0]!.adapter.config
  return {
    ...rest,
    peft_type: 'LORA',
    r: rank,
    lora_alpha: rank,
    lora_dropout: 0,
    rank_pattern: {},
    alpha_pattern: {},
    use_rslora: false,
    inference_mode: true,
    target_modules: [...new Set(modules.map(({ path }) => path.split('.').at(-1)!))].sort(),
  }
}
