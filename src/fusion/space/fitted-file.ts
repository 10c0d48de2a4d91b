import { stat } from 'node:fs/promises'
import { writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError } from '../../core/errors.ts'
import {
  bytesOf,
  ends,
  headerPiece,
  openTensorFile,
  readFully,
  type TensorEntry,
  type TensorFile,
} from '../../index/dense/tensor-file.ts'
import type { FittedSpace, MemberMap } from './fitted.ts'

/** Version of the layout; a newer one is refused. */
const FORMAT = 1

/**
 * Writes a fitted space as safetensors: tensor `member.1` is the matrix of member 1, `shift.query` what is subtracted from queries; all else
 * lies as JSON in `__metadata__`.
 *
 * @throws FieldtrialError `DISK_FULL`, `NOT_WRITABLE`.
 */
export async function saveSpace(space: FittedSpace, path: string): Promise<void> {
  const arrays = new Map<string, { array: Float32Array; shape: number[] }>()
  const members = space.members.map((member, i) => {
    if (member.kind === 'place') return member
    const { matrix, ...rest } = member
    arrays.set(`member.${i}`, { array: matrix, shape: [member.size, space.dimension] })
    return rest
  })
  for (const side of ['query', 'document'] as const)
    if (space.shift !== null) arrays.set(`shift.${side}`, { array: space.shift[side], shape: [space.dimension] })
  const { dimension, normalize, notes } = space
  const plain = { dimension, normalize, notes, members, shifted: space.shift !== null }
  const tensors: Record<string, TensorEntry> = {}
  let at = 0
  for (const [name, { array, shape }] of arrays) {
    tensors[name] = { dtype: 'F32', shape, data_offsets: [at, at + array.byteLength] }
    at += array.byteLength
  }
  const metadata = { format: `${FORMAT}`, space: JSON.stringify(plain) }
  const pieces = [
    headerPiece({ __metadata__: metadata, ...tensors }),
    ...[...arrays.values()].map(({ array }) => bytesOf(array)),
  ]
  await writeAtomic(path, async (file) => {
    for (const piece of pieces) await file.writeFile(piece)
  })
}

/**
 * Reads what `saveSpace` wrote; it applies bit for bit as before.
 *
 * @throws FieldtrialError `DATA_MISSING` if it is not there, `WORKSPACE_CORRUPT`, `WORKSPACE_VERSION`.
 */
export async function loadSpace(path: string): Promise<FittedSpace> {
  if ((await stat(path).catch(() => null)) === null)
    throw new FieldtrialError('DATA_MISSING', `There is no fitted space at ${path}.`, {
      hint: 'Run the study that makes it.',
      where: { file: path },
    })
  try {
    return await openTensorFile(path, async (opened) => {
      const space = await parse(opened)
      await opened.file.close()
      return space
    })
  } catch (error) {
    if (error instanceof FieldtrialError && error.code === 'WORKSPACE_VERSION') throw error
    throw new FieldtrialError('WORKSPACE_CORRUPT', `${path} is no fitted space, or a damaged one.`, {
      hint: 'Remove this file and run the same command again: it is fitted anew.',
      where: { file: path },
      cause: error,
    })
  }
}

type PlainMember = (MemberMap & { kind: 'place' }) | Omit<MemberMap & { kind: 'matrix' }, 'matrix'>

async function parse({ path, file, header, dataAt }: TensorFile): Promise<FittedSpace> {
  const { __metadata__: metadata, ...tensors } = JSON.parse(header) as {
    __metadata__: { format: string; space: string }
  } & Record<string, TensorEntry>
  if (Number(metadata.format) > FORMAT)
    throw new FieldtrialError('WORKSPACE_VERSION', `${path} was written by a newer fieldtrial.`, {
      hint: 'Update fieldtrial, or use another --workspace.',
      where: { file: path },
    })
  const { shifted, members, ...rest } = JSON.parse(metadata.space) as Omit<FittedSpace, 'members' | 'shift'> & {
    members: PlainMember[]
    shifted: boolean
  }
  const read = async (name: string, numbers: number): Promise<Float32Array> => {
    const range = ends(tensors[name] ?? {})
    if (range === null || range[1] - range[0] !== 4 * numbers) throw new Error(`tensor ${name} is of another size`)
    const array = new Float32Array(numbers)
    await readFully(file, bytesOf(array), dataAt + range[0], path)
    if (!array.every(Number.isFinite)) throw new Error(`tensor ${name} holds what is no number`)
    return array
  }
  const maps: MemberMap[] = []
  for (const [i, member] of members.entries())
    maps.push(
      member.kind === 'place' ? member : { ...member, matrix: await read(`member.${i}`, member.size * rest.dimension) },
    )
  const shift = shifted
    ? { query: await read('shift.query', rest.dimension), document: await read('shift.document', rest.dimension) }
    : null
  return { ...rest, members: maps, shift }
}
