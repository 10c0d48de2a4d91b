import { join } from 'node:path'
import { writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import { FLOAT_BYTES, floatBytes } from '../../engines/text/float-bytes.ts'
import { type Checkpoint, readBytes, readTensor, rowsOf, type TensorPlace } from '../../engines/text/safetensors.ts'
import { type WriteBytes, writeSafetensors } from '../../engines/text/write-safetensors.ts'
import { openChange, type TensorChange } from './lora.ts'

/** Bytes of a file; larger checkpoints are parted, as transformers does. */
const SHARD_BYTES = 5e9
/** Numbers in memory at a time. */
const CHUNK = 2 ** 22

/**
 * Writes a checkpoint with an adapter's changes put in, some rows of one tensor in memory at a time: each tensor in the type that the base
 * has it in, computed in float32.
 *
 * @returns Names of the files.
 * @throws FieldtrialError `MODEL_INVALID` for weights that are not finite, `DISK_FULL`, `CANCELLED`.
 */
export async function writeWeights(
  base: Checkpoint,
  changes: ReadonlyMap<string, TensorChange>,
  folder: string,
  work: LongWork = {},
  shardBytes = SHARD_BYTES,
): Promise<string[]> {
  const shards = partition(base, shardBytes)
  const total = [...base.values()].reduce((sum, { bytes }) => sum + bytes, 0)
  let done = 0
  const names = shards.map((_, i) => (shards.length === 1 ? 'model.safetensors' : shardName(i, shards.length)))
  for (const [i, shard] of shards.entries())
    await writeSafetensors(
      join(folder, names[i]!),
      shard.map(([name, { type, shape, bytes }]) => ({ name, type, shape, bytes })),
      async (at, write) => {
        const [name, place] = shard[at]!
        await writeTensor(name, place, changes.get(name), async (bytes) => {
          throwIfAborted(work.signal)
          await write(bytes)
          done += bytes.length
          work.onProgress?.({ step: 'write weights', done, total, unit: 'bytes' })
        })
      },
    )
  if (shards.length === 1) return names
  const index = {
    metadata: { total_size: total },
    weight_map: Object.fromEntries(shards.flatMap((shard, i) => shard.map(([name]) => [name, names[i]!]))),
  }
  await writeAtomic(join(folder, 'model.safetensors.index.json'), `${JSON.stringify(index, null, 1)}\n`)
  return [...names, 'model.safetensors.index.json']
}

type Named = readonly [name: string, place: TensorPlace]

function partition(base: Checkpoint, shardBytes: number): Named[][] {
  const shards: Named[][] = [[]]
  let bytes = 0
  for (const entry of base) {
    if (bytes > 0 && bytes + entry[1].bytes > shardBytes) {
      shards.push([])
      bytes = 0
    }
    shards.at(-1)!.push(entry)
    bytes += entry[1].bytes
  }
  return shards
}

function shardName(i: number, of: number): string {
  const five = (n: number) => String(n).padStart(5, '0')
  return `model-${five(i + 1)}-of-${five(of)}.safetensors`
}

async function writeTensor(
  name: string,
  place: TensorPlace,
  change: TensorChange | undefined,
  write: WriteBytes,
): Promise<void> {
  if (change?.kind === 'lora') return writeChanged(name, place, change, write)
  if (change?.kind === 'replace' && change.by.type !== place.type) return convert(name, place, change.by, write)
  const from = change === undefined ? place : change.by
  for (let at = 0; at < from.bytes; at += 4 * CHUNK)
    await write(await readBytes(from.file, from.offset + at, Math.min(4 * CHUNK, from.bytes - at)))
}

async function writeChanged(
  name: string,
  place: TensorPlace,
  change: TensorChange & { kind: 'lora' },
  write: WriteBytes,
): Promise<void> {
  if (FLOAT_BYTES[place.type] === undefined || place.shape.length !== 2)
    throw new FieldtrialError(
      'MODEL_INVALID',
      `The base holds ${name} as ${place.type} of shape [${place.shape}]; matrices of F32, F16 and BF16 can be merged into.`,
      { where: { file: place.file }, hint: 'Use the base in 16 or 32 bits, not a quantised copy.' },
    )
  const [height, width] = place.shape as [number, number]
  const apply = await openChange(change)
  const step = Math.max(1, Math.floor(CHUNK / width))
  for (let row = 0; row < height; row += step) {
    const rows = await readTensor(name, rowsOf(change.instead ?? place, row, Math.min(step, height - row)))
    await write(floatBytes(await apply(rows, row, width), place.type, name))
  }
}

async function convert(name: string, place: TensorPlace, by: TensorPlace, write: WriteBytes): Promise<void> {
  const flat = { ...by, shape: [by.shape.reduce((a, b) => a * b, 1)] }
  for (let at = 0; at < flat.shape[0]!; at += CHUNK) {
    const some = rowsOf(flat, at, Math.min(CHUNK, flat.shape[0]! - at))
    await write(floatBytes(await readTensor(name, some), place.type, name))
  }
}
