import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError } from '../../core/errors.ts'
import {
  type Checkpoint,
  readBytes,
  readSafetensors,
  readTensor,
  rowsOf,
  type TensorPlace,
} from '../text/safetensors.ts'
import type { QuantizedWeight } from './graph-builder.ts'
import { quantize } from './quantize.ts'

/** Where quantised copies of weights are kept between runs. */
export interface QuantizedStore {
  readonly folder: string
  /** Stands for the checkpoint's contents, e.g. the hash of its files. */
  readonly key: string
}

/** Enters the name of the folder: raise it whenever the rounding or the layout changes. */
const VERSION = 1
/** Numbers that are read and rounded at a time. */
const CHUNK = 2 ** 23

/** The folder of one checkpoint's copies. */
export function storeFolder({ folder, key }: QuantizedStore): string {
  return join(folder, createHash('sha256').update(`${VERSION}\n${key}`).digest('hex').slice(0, 32))
}

/**
 * A matrix's quantised copy: a safetensors file with `scales` (float32, outputs × blocks) and `values` (bytes, outputs × blocks × bytes per
 * block). Made at first use, a few rows at a time, and whole or not there at all.
 *
 * @throws FieldtrialError `DISK_FULL`, `NOT_WRITABLE`, `MODEL_INVALID` where the checkpoint ends too early or holds numbers that are none.
 */
export async function quantizedCopy(
  weight: QuantizedWeight,
  folder: string,
): Promise<{ values: TensorPlace; scales: TensorPlace }> {
  const { name, place, bits, block } = weight
  const [outputs, inputs] = place.shape as [number, number]
  const blocks = inputs / block
  const path = join(folder, `${encodeURIComponent(name)}.${bits}bit-${block}.safetensors`)
  const entries = [
    { name: 'scales', dtype: 'F32', shape: [outputs, blocks], bytes: outputs * blocks * 4 },
    { name: 'values', dtype: 'U8', shape: [outputs, blocks, (block * bits) / 8], bytes: (outputs * inputs * bits) / 8 },
  ]
  const tensors = await copyOf(path, entries, async (file, [scalesAt, valuesAt]) => {
    const rows = Math.max(1, Math.floor(CHUNK / inputs))
    for (let row = 0; row < outputs; row += rows) {
      const numbers = await readFinite(name, rowsOf(place, row, Math.min(rows, outputs - row)))
      const part = quantize(numbers, block, bits)
      await writeAll(file, part.values, valuesAt! + (row * inputs * bits) / 8)
      await writeAll(file, new Uint8Array(part.scales.buffer), scalesAt! + row * blocks * 4)
    }
  })
  return { values: tensors.get('values')!, scales: tensors.get('scales')! }
}

/** A tensor as it stands in a file of the same folder, since onnxruntime maps files of one folder only. */
export async function plainCopy(name: string, place: TensorPlace, folder: string): Promise<TensorPlace> {
  const path = join(folder, `${encodeURIComponent(name)}.safetensors`)
  const entry = { name: 'tensor', dtype: place.type, shape: place.shape, bytes: place.bytes }
  const tensors = await copyOf(path, [entry], async (file, [at]) => {
    for (let done = 0; done < place.bytes; done += CHUNK)
      await writeAll(
        file,
        await readBytes(place.file, place.offset + done, Math.min(CHUNK, place.bytes - done)),
        at! + done,
      )
  })
  return tensors.get('tensor')!
}

interface Entry {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly bytes: number
}

/** The file's tensors, if it is there and holds just these; else it is written anew. */
async function copyOf(
  path: string,
  entries: readonly Entry[],
  fill: (file: FileHandle, offsets: readonly number[]) => Promise<void>,
): Promise<Checkpoint> {
  const known = await intactCopy(path, entries)
  if (known !== null) return known
  const ranges: [start: number, end: number][] = []
  for (const { bytes } of entries) {
    const end = ranges.at(-1)?.[1] ?? 0
    ranges.push([end, end + bytes])
  }
  const header = JSON.stringify(
    Object.fromEntries(entries.map(({ name, dtype, shape }, i) => [name, { dtype, shape, data_offsets: ranges[i] }])),
  )
  // Data start at a multiple of 8, so that they can be used in place.
  const json = Buffer.from(header.padEnd(Math.ceil(header.length / 8) * 8))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  const start = 8 + json.length
  await writeAtomic(path, async (file) => {
    await writeAll(file, Buffer.concat([length, json]), 0)
    await fill(
      file,
      ranges.map(([from]) => start + from),
    )
  })
  return (await intactCopy(path, entries))!
}

async function intactCopy(path: string, entries: readonly Entry[]): Promise<Checkpoint | null> {
  let tensors: Checkpoint | null
  try {
    tensors = await readSafetensors(path)
  } catch (error) {
    // A damaged copy is made again.
    if (error instanceof FieldtrialError && error.code === 'MODEL_INVALID') return null
    throw error
  }
  const fits = entries.every(({ name, shape }) => String(tensors?.get(name)?.shape) === String(shape))
  return fits ? tensors : null
}

/**
 * The numbers of a tensor, all of them finite: rounding would hide a NaN, which float32 vectors show.
 *
 * @throws FieldtrialError `MODEL_INVALID`.
 */
export async function readFinite(name: string, place: TensorPlace): Promise<Float32Array> {
  const numbers = await readTensor(name, place)
  let zero = 0
  for (let i = 0; i < numbers.length; i++) zero += numbers[i]! * 0
  if (zero === 0) return numbers
  throw new FieldtrialError('MODEL_INVALID', `The tensor ${name} holds numbers that are infinite or none.`, {
    where: { file: place.file },
    hint: 'Fetch the model again.',
  })
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, Math.min(bytes.length - done, 2 ** 30), position + done)
    done += bytesWritten
  }
}
