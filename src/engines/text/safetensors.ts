import { open, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { FieldtrialError, systemCode } from '../../core/errors.ts'
import { fromHalf } from '../../core/float16.ts'
import { readIfThere } from '../../core/read-if-there.ts'

/** Element types that the graphs can take; integer tensors (position ids of old checkpoints) are listed but not used. */
export type TensorType = 'F32' | 'F16' | 'BF16' | string

/** Where one tensor lies. */
export interface TensorPlace {
  readonly type: TensorType
  readonly shape: readonly number[]
  /** Absolute path with links resolved. */
  readonly file: string
  /** From the start of the file. */
  readonly offset: number
  readonly bytes: number
}

/** All tensors of a checkpoint by name, from one file or from several shards. */
export type Checkpoint = ReadonlyMap<string, TensorPlace>

const BYTES_PER_ELEMENT: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
}
/** The format's own limit on the header. */
const MAX_HEADER = 100_000_000

/**
 * Reads the headers of a checkpoint: `model.safetensors`, or the shards that `model.safetensors.index.json` names. No weights are read.
 * Format: https://huggingface.co/docs/safetensors.
 *
 * @returns null where the folder has neither file.
 * @throws FieldtrialError `MODEL_INVALID` on a truncated or malformed file, or a shard that is not there.
 */
export async function readCheckpoint(folder: string): Promise<Checkpoint | null> {
  const index = await readIndex(folder)
  if (index === null) return readSafetensors(join(folder, 'model.safetensors'))
  const all = new Map<string, TensorPlace>()
  for (const shard of index) {
    const tensors = await readSafetensors(join(folder, shard))
    if (tensors === null)
      throw invalid(join(folder, shard), 'is named by model.safetensors.index.json but is not there')
    for (const [name, place] of tensors) all.set(name, place)
  }
  return all
}

/** The shards' file names, sorted; null where `model.safetensors` stands alone or there is no index. */
async function readIndex(folder: string): Promise<string[] | null> {
  const path = join(folder, 'model.safetensors.index.json')
  const text = await readIfThere(path)
  if (text === null) return null
  let map: unknown
  try {
    map = (JSON.parse(text) as { weight_map?: unknown }).weight_map
  } catch (error) {
    throw invalid(path, `is not JSON (${(error as Error).message})`)
  }
  if (typeof map !== 'object' || map === null) throw invalid(path, 'has no "weight_map"')
  const files = Object.values(map)
  const odd = files.find((file) => typeof file !== 'string' || /[\\/]/.test(file))
  if (odd !== undefined) throw invalid(path, `names ${JSON.stringify(odd)}, which is not a file of the same folder`)
  return [...new Set(files as string[])].sort()
}

/** The tensors of one file; null where it does not exist. */
export async function readSafetensors(path: string): Promise<Checkpoint | null> {
  let file: string
  try {
    file = await realpath(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw error
  }
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    const lengthBytes = Buffer.alloc(8)
    if ((await handle.read(lengthBytes, 0, 8, 0)).bytesRead < 8) throw invalid(path, `has ${size} bytes: too short`)
    const headerLength = lengthBytes.readBigUInt64LE()
    if (headerLength > MAX_HEADER || Number(headerLength) + 8 > size)
      throw invalid(
        path,
        `announces a header of ${headerLength} bytes but has ${size} bytes: cut off, or another format`,
      )
    const header = Buffer.alloc(Number(headerLength))
    await handle.read(header, 0, header.length, 8)
    return parseHeader(path, file, header.toString('utf8'), 8 + header.length, size)
  } finally {
    await handle.close()
  }
}

function parseHeader(path: string, file: string, json: string, base: number, size: number): Checkpoint {
  let header: unknown
  try {
    header = JSON.parse(json)
  } catch (error) {
    throw invalid(path, `has a header that is not JSON (${(error as Error).message})`)
  }
  if (typeof header !== 'object' || header === null) throw invalid(path, 'has a header that is not an object')
  const tensors = new Map<string, TensorPlace>()
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue
    const { dtype, shape, data_offsets: range } = (entry ?? {}) as Readonly<Record<string, unknown>>
    if (typeof dtype !== 'string' || !isNumbers(shape) || !isNumbers(range) || range.length !== 2)
      throw invalid(path, `describes the tensor ${name} wrongly`)
    const [start, end] = range as [number, number]
    const expected = shape.reduce((a, b) => a * b, 1) * (BYTES_PER_ELEMENT[dtype] ?? Number.NaN)
    if (end < start || expected !== end - start)
      if (!Number.isNaN(expected))
        throw invalid(path, `gives ${end - start} bytes to the tensor ${name}; its shape needs ${expected}`)
    if (base + end > size)
      throw invalid(path, `is cut off: the tensor ${name} ends at byte ${base + end}, the file at ${size}`)
    tensors.set(name, { type: dtype, shape, file, offset: base + start, bytes: end - start })
  }
  return tensors
}

/** The numbers of a tensor as float32, read from the disk. */
export async function readTensor(name: string, place: TensorPlace): Promise<Float32Array> {
  const numbers = decodeNumbers(place, await readBytes(place.file, place.offset, place.bytes))
  if (numbers !== null) return numbers
  throw invalid(place.file, `holds the tensor ${name} as ${place.type}; F32, F16 and BF16 can be used`)
}

/** Bytes of a tensor as float32; null for types that are not F32, F16 or BF16. */
export function decodeNumbers(
  { type }: Pick<TensorPlace, 'type'>,
  bytes: Uint8Array<ArrayBuffer>,
): Float32Array | null {
  if (type === 'F32') return new Float32Array(bytes.buffer)
  const halves = new Uint16Array(bytes.buffer)
  if (type === 'BF16') return bfloat16ToFloat32(halves)
  return type === 'F16' ? Float32Array.from(halves, fromHalf) : null
}

/** Some rows of a tensor, as a tensor. */
export function rowsOf(place: TensorPlace, start: number, rows: number): TensorPlace {
  const rowBytes = place.bytes / place.shape[0]!
  const shape = [rows, ...place.shape.slice(1)]
  return { ...place, shape, offset: place.offset + start * rowBytes, bytes: rows * rowBytes }
}

/** A range of a file in memory of its own. */
export async function readBytes(file: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const handle = await open(file, 'r')
  const bytes = new Uint8Array(length)
  try {
    for (let done = 0; done < length; ) {
      // Node reads at most 2 GiB at once.
      const { bytesRead } = await handle.read(bytes, done, Math.min(length - done, 2 ** 30), offset + done)
      if (bytesRead === 0) throw invalid(file, `ends at byte ${offset + done}, inside the weights`)
      done += bytesRead
    }
  } finally {
    await handle.close()
  }
  return bytes
}

/** bfloat16 is the upper half of a float32. */
function bfloat16ToFloat32(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length)
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16
  return new Float32Array(bits.buffer)
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0)
}

function invalid(file: string, what: string): FieldtrialError {
  return new FieldtrialError('MODEL_INVALID', `${file} ${what}.`, {
    hint: 'Fetch the model again: a download that was broken off is the usual cause.',
    where: { file },
  })
}
