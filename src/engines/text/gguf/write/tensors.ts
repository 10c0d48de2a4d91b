import { throwIfAborted } from '../../../../core/errors.ts'
import type { LongWork } from '../../../../core/progress.ts'
import { readTensor, rowsOf } from '../../safetensors.ts'
import type { GgufArchitecture, NamedTensor } from './architecture.ts'
import { type GgufTensorSpec, type GgufValue, writeGgufFile } from './encode.ts'
import { bytesOf, dtypeOf, GGML, type GgufDtype, ggmlBytes } from './tensor-bytes.ts'

/** Numbers in memory at a time. */
const CHUNK = 2 ** 21

interface Planned extends GgufTensorSpec {
  readonly dtype: GgufDtype
  readonly source: NamedTensor | Float32Array
}

/** Bytes that a decoder's weights take in a GGUF file. */
export function weightBytes(architecture: GgufArchitecture, dtype: GgufDtype): number {
  return planTensors(architecture, dtype).reduce((sum, { bytes }) => sum + bytes, 0)
}

/**
 * Writes a decoder's weights, some rows of one tensor in memory at a time, behind what the file says of them.
 *
 * @throws FieldtrialError `MODEL_INVALID` for weights that are not finite or that the type cannot hold, `DISK_FULL`, `NOT_WRITABLE`, `CANCELLED`.
 */
export async function writeTensors(
  architecture: GgufArchitecture,
  metadata: ReadonlyMap<string, GgufValue>,
  dtype: GgufDtype,
  file: string,
  work: LongWork,
): Promise<void> {
  const specs = planTensors(architecture, dtype)
  const total = specs.reduce((sum, { bytes }) => sum + bytes, 0)
  let done = 0
  await writeGgufFile(file, metadata, specs, async (i, write) => {
    const { source, dtype: own, name } = specs[i]!
    for await (const numbers of source instanceof Float32Array ? [source] : rowsOfTensor(source)) {
      throwIfAborted(work.signal)
      const bytes = ggmlBytes(numbers, own, name)
      await write(bytes)
      done += bytes.length
      work.onProgress?.({ step: 'write weights', done, total, unit: 'bytes' })
    }
  })
}

function planTensors({ tensors, ropeFactors }: GgufArchitecture, dtype: GgufDtype): Planned[] {
  const planned = tensors.map((source): Planned => {
    const { shape } = source.place
    const own = dtypeOf(shape, dtype)
    return { name: source.name, shape, type: GGML[own].type, bytes: bytesOf(shape, own), dtype: own, source }
  })
  if (ropeFactors === null) return planned
  const shape = [ropeFactors.length]
  const factors = { type: GGML.f32.type, bytes: ropeFactors.byteLength, dtype: 'f32', source: ropeFactors } as const
  return [...planned, { name: 'rope_freqs.weight', shape, ...factors }]
}

async function* rowsOfTensor({ name, place, turned }: NamedTensor): AsyncGenerator<Float32Array> {
  const height = place.shape[0]!
  const width = place.shape[1] ?? 1
  const head = turned === null ? 1 : height / turned
  const step = Math.max(head, Math.floor(CHUNK / width / head) * head)
  for (let row = 0; row < height; row += step) {
    const numbers = await readTensor(name, rowsOf(place, row, Math.min(step, height - row)))
    yield turned === null ? numbers : turn(numbers, head, width)
  }
}

/** Rows j and j + half of each head become rows 2j and 2j + 1. */
function turn(rows: Float32Array, head: number, width: number): Float32Array {
  const out = new Float32Array(rows.length)
  const half = head / 2
  for (let row = 0; row * width < rows.length; row++) {
    const start = row - (row % head)
    const j = row % head
    const to = start + (j < half ? 2 * j : 2 * (j - half) + 1)
    out.set(rows.subarray(row * width, (row + 1) * width), to * width)
  }
  return out
}
