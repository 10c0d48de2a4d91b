import type { FileHandle } from 'node:fs/promises'
import { BYTES_PER_NUMBER, type Dtype, type PackedVectors } from './dtypes.ts'
import { bytesOf, corrupt, ends, headerPiece, openTensorFile, readFully, type TensorEntry } from './tensor-file.ts'

/**
 * One shard as a safetensors file: tensor `vectors` [n, d] (F32, F16 or I8), for int8 `scales` [n] (F32), and in `__metadata__` the
 * document ids (a JSON array, in the order of the rows) and the store's fingerprint.
 */
const SAFETENSORS_DTYPE: Readonly<Record<Dtype, string>> = { float32: 'F32', float16: 'F16', int8: 'I8' }

/** Where things lie in a shard file. Offsets count from the start of the file, in bytes. */
export interface ShardLayout {
  readonly vectorsAt: number
  readonly scalesAt: number | null
  readonly rows: number
  readonly dimension: number
  readonly dtype: Dtype
  readonly fingerprint: string
  readonly ids: readonly string[]
}

/** The file's bytes in pieces, so that no second copy of the vectors is made. */
export function shardPieces(packed: PackedVectors, ids: readonly string[], fingerprint: string): Uint8Array[] {
  const { dtype, rows, dimension, values, scales } = packed
  const scaleBytes = scales?.byteLength ?? 0
  const header = {
    __metadata__: { fingerprint, ids: JSON.stringify(ids) },
    // Wider numbers first, as the format wants.
    ...(scales === null ? {} : { scales: { dtype: 'F32', shape: [rows], data_offsets: [0, scaleBytes] } }),
    vectors: {
      dtype: SAFETENSORS_DTYPE[dtype],
      shape: [rows, dimension],
      data_offsets: [scaleBytes, scaleBytes + values.byteLength],
    },
  }
  return [headerPiece(header), ...(scales === null ? [] : [bytesOf(scales)]), bytesOf(values)]
}

function parseHeader(path: string, text: string, dataAt: number): ShardLayout {
  let header: { __metadata__?: { ids?: string; fingerprint?: string }; vectors?: TensorEntry; scales?: TensorEntry }
  let ids: unknown
  try {
    header = JSON.parse(text)
    ids = JSON.parse(header.__metadata__?.ids ?? 'null')
  } catch {
    throw corrupt(path, 'has a header that is not JSON')
  }
  const { vectors, scales, __metadata__ } = header
  const dtype = (Object.keys(SAFETENSORS_DTYPE) as Dtype[]).find((key) => SAFETENSORS_DTYPE[key] === vectors?.dtype)
  const shape = vectors?.shape
  if (vectors === undefined || dtype === undefined || !Array.isArray(shape) || shape.length !== 2)
    throw corrupt(path, 'holds no tensor `vectors` of two axes')
  const [rows, dimension] = shape as [number, number]
  if (!Array.isArray(ids) || ids.length !== rows || !ids.every((id) => typeof id === 'string'))
    throw corrupt(path, `does not name its ${rows} documents`)
  const at = ends(vectors)
  const scalesAt = scales === undefined ? null : ends(scales)
  if (at === null || at[1] - at[0] !== rows * dimension * BYTES_PER_NUMBER[dtype])
    throw corrupt(path, 'says something impossible about the place of its vectors')
  if ((dtype === 'int8') !== (scalesAt !== null) || (scalesAt !== null && scalesAt[1] - scalesAt[0] !== 4 * rows))
    throw corrupt(path, 'does not hold one scale per int8 vector')
  return {
    vectorsAt: dataAt + at[0],
    scalesAt: scalesAt === null ? null : dataAt + scalesAt[0],
    rows,
    dimension,
    dtype,
    fingerprint: __metadata__?.fingerprint ?? '',
    ids: ids as string[],
  }
}

/** An open shard. */
export interface OpenShard {
  readonly path: string
  readonly file: FileHandle
  readonly layout: ShardLayout
}

/**
 * Opens a shard file and reads its header.
 *
 * @throws FieldtrialError `WORKSPACE_CORRUPT` if it is not there or is no shard of ours. The caller closes the handle.
 */
export function openShard(path: string): Promise<OpenShard> {
  return openTensorFile(path, ({ file, header, dataAt }) => ({ path, file, layout: parseHeader(path, header, dataAt) }))
}

/** The typed array that numbers of a dtype are read into. */
export function emptyValues(dtype: Dtype, length: number): Float32Array | Uint16Array | Int8Array {
  if (dtype === 'float32') return new Float32Array(length)
  return dtype === 'float16' ? new Uint16Array(length) : new Int8Array(length)
}

/**
 * Reads rows of an open shard from row `from` on, as many as fit into `values`.
 *
 * @param scales One per row; null where they are not wanted.
 */
export async function readRows(
  { path, file, layout }: OpenShard,
  from: number,
  values: Float32Array | Uint16Array | Int8Array,
  scales: Float32Array | null,
): Promise<void> {
  const { dtype, dimension, vectorsAt, scalesAt } = layout
  await readFully(file, bytesOf(values), vectorsAt + from * dimension * BYTES_PER_NUMBER[dtype], path)
  if (scales !== null && scalesAt !== null) await readFully(file, bytesOf(scales), scalesAt + 4 * from, path)
}
