import type { SparseRows } from '../../engines/types.ts'
import {
  bytesOf,
  corrupt,
  ends,
  headerPiece,
  openTensorFile,
  readFully,
  type TensorEntry,
  type TensorFile,
} from '../dense/tensor-file.ts'
import { sparseFault } from './rows.ts'

/**
 * The sparse vectors of one shard as a safetensors file: tensors `offsets` [n + 1] (U32), `terms` [m] (U32) and `weights` [m] (U16), in
 * this order, and in `__metadata__` the store's fingerprint. The documents' ids stand in the file of the dense vectors.
 */
const NAMES = ['offsets', 'terms', 'weights'] as const
const KIND = {
  offsets: { dtype: 'U32', bytes: 4 },
  terms: { dtype: 'U32', bytes: 4 },
  weights: { dtype: 'U16', bytes: 2 },
} as const

/** The file's bytes in pieces. */
export function sparsePieces(rows: SparseRows, fingerprint: string): Uint8Array[] {
  const tensors: Record<string, TensorEntry> = {}
  let at = 0
  for (const name of NAMES) {
    const { length, byteLength } = rows[name]
    tensors[name] = { dtype: KIND[name].dtype, shape: [length], data_offsets: [at, at + byteLength] }
    at += byteLength
  }
  return [headerPiece({ __metadata__: { fingerprint }, ...tensors }), ...NAMES.map((name) => bytesOf(rows[name]))]
}

/**
 * Reads a file of sparse vectors whole.
 *
 * @param rows How many vectors it must hold.
 * @param fingerprint The store's.
 * @throws FieldtrialError `WORKSPACE_CORRUPT` if it is not there, belongs to another store, or holds what no writer of ours wrote.
 */
export async function readSparseFile(path: string, rows: number, fingerprint: string): Promise<SparseRows> {
  return openTensorFile(path, async (opened) => {
    const read = await readTensors(opened, fingerprint)
    const fault = sparseFault(read, rows)
    if (fault !== null) throw corrupt(path, `has ${fault}`)
    await opened.file.close()
    return read
  })
}

async function readTensors({ path, file, header, dataAt }: TensorFile, fingerprint: string): Promise<SparseRows> {
  let parsed: { __metadata__?: { fingerprint?: string } } & { readonly [name: string]: TensorEntry | undefined }
  let written: string | undefined
  try {
    parsed = JSON.parse(header)
    written = parsed.__metadata__?.fingerprint
  } catch {
    throw corrupt(path, 'has a header that is not JSON')
  }
  if (written !== fingerprint) throw corrupt(path, 'belongs to another store')
  const lengths: number[] = []
  let at = 0
  for (const name of NAMES) {
    const entry = parsed[name]
    const place = entry === undefined ? null : ends(entry)
    const length = Array.isArray(entry?.shape) && entry.shape.length === 1 ? (entry.shape[0] as unknown) : null
    if (place === null || entry?.dtype !== KIND[name].dtype || !Number.isSafeInteger(length))
      throw corrupt(path, `holds no tensor \`${name}\` of one axis`)
    if (place[0] !== at || place[1] !== at + (length as number) * KIND[name].bytes || place[1] < at)
      throw corrupt(path, `says something impossible about the place of its ${name}`)
    lengths.push(length as number)
    at = place[1]
  }
  const { size } = await file.stat()
  if (size !== dataAt + at) throw corrupt(path, `is ${size < dataAt + at ? 'shorter' : 'longer'} than its header says`)
  const [offsets, terms, weights] = lengths as [number, number, number]
  const bytes = new Uint8Array(at)
  await readFully(file, bytes, dataAt, path)
  return {
    offsets: new Uint32Array(bytes.buffer, 0, offsets),
    terms: new Uint32Array(bytes.buffer, 4 * offsets, terms),
    weights: new Uint16Array(bytes.buffer, 4 * (offsets + terms), weights),
  }
}
