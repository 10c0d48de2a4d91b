import { FieldtrialError, type Where } from '../core/errors.ts'
import type { ByteSource } from './byte-source.ts'
import { IMAGE_FIELD, imageField } from './image.ts'
import { type RowRange, readParquet } from './parquet.ts'
import type { Row } from './record.ts'
import type { ImageRef } from './types.ts'

interface Group extends RowRange {
  readonly rows: readonly Row[]
}

/** The row group that was read last of each file: pictures are asked for in order, so each group is read once. */
const lastGroup = new WeakMap<ByteSource, Promise<Group>>()

/**
 * A picture of a parquet row that is read from the file again when it is asked for, so that records can be kept without
 * their pictures.
 *
 * @param where The row's place, its number counted from 1.
 */
export function rereadImage(source: ByteSource, image: ImageRef, where: Where): ImageRef {
  const index = where.line! - 1
  return {
    path: image.path,
    bytes: async () => {
      const { rows, rowStart } = await groupOf(source, index)
      const again = imageField(rows[index - rowStart] ?? {}, where, () => undefined)
      if (again !== undefined) return again.bytes()
      throw new FieldtrialError(
        'DATA_INVALID',
        `${source.label}:${where.line}: the picture is gone; the file has changed.`,
        {
          hint: 'Run again, and leave the files alone meanwhile.',
          where,
        },
      )
    },
  }
}

async function groupOf(source: ByteSource, index: number): Promise<Group> {
  const last = await lastGroup.get(source)?.catch(() => undefined)
  if (last !== undefined && last.rowStart <= index && index < last.rowEnd) return last
  const reading = readGroup(source, index)
  lastGroup.set(source, reading)
  return reading
}

async function readGroup(source: ByteSource, index: number): Promise<Group> {
  for await (const group of readParquet(source, [IMAGE_FIELD], index)) return group
  return { rows: [], rowStart: index, rowEnd: index }
}
