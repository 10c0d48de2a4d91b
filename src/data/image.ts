import { createHash } from 'node:crypto'
import { FieldtrialError, type Where } from '../core/errors.ts'
import type { ByteSource } from './byte-source.ts'
import { invalid, type Row, snippet } from './record.ts'
import type { ImageRef, ModalityCounts } from './types.ts'

/** Endings of pictures that lie beside a corpus. */
const PICTURE = /\.(png|jpe?g|webp|gif|bmp|tiff?|avif)$/i

export function isPicture(path: string): boolean {
  return PICTURE.test(path)
}

/** The field of a record that holds its picture: a path, or, in parquet files of the hub, a struct of bytes and path. */
export const IMAGE_FIELD = 'image'

/** Where pictures named by a path are found, relative to the collection; undefined for ones that are not there. */
export type FindPicture = (path: string) => ByteSource | undefined

/**
 * The picture of a record: a path relative to the collection's folder, or bytes in the record itself. A web address is none:
 * nothing is fetched that the user did not name. A file that is not there is told when it is asked for its bytes, like any other broken
 * picture: what does not need it can go on.
 *
 * @throws FieldtrialError `DATA_INVALID` for another value or a path that leaves the folder.
 */
export function imageField(row: Row, where: Where, find: FindPicture): ImageRef | undefined {
  const value = row[IMAGE_FIELD]
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value === 'string' && /^https?:\/\//i.test(value)) return undefined
  const place = { ...where, field: IMAGE_FIELD }
  if (typeof value === 'string') return pictureFile(value, place, find)
  const { bytes, path } = value instanceof Uint8Array ? { bytes: value, path: null } : structOf(value, place)
  if (bytes === null) return path === null ? undefined : pictureFile(path, place, find)
  return { path, bytes: async () => notEmpty(bytes, place) }
}

function structOf(value: unknown, where: Where): { bytes: Uint8Array | null; path: string | null } {
  const { bytes = null, path = null } = (typeof value === 'object' ? value : {}) as Record<string, unknown>
  if ((bytes === null || bytes instanceof Uint8Array) && (path === null || typeof path === 'string') && bytes !== path)
    return { bytes, path }
  throw invalid(
    where,
    `the field "${IMAGE_FIELD}" is no picture: ${snippet(value)}`,
    'It must be a path relative to the folder of the collection, or a struct of bytes and path as the hub stores images.',
  )
}

function pictureFile(path: string, where: Where, find: FindPicture): ImageRef {
  if (/^([\\/]|[a-z]:|\w+:\/\/)/i.test(path) || path.split(/[\\/]/).includes('..'))
    throw invalid(
      where,
      `the picture ${JSON.stringify(path)} does not lie in the folder of the collection.`,
      'Name pictures by paths relative to that folder, without "..".',
    )
  const missing = (cause?: unknown) =>
    new FieldtrialError('DATA_MISSING', `There is no picture ${path} (${where.file}:${where.line}).`, {
      hint: 'Copy the pictures beside the corpus, under the paths that it names.',
      where,
      cause,
    })
  const source = find(path)
  return {
    path,
    bytes: async () => {
      if (source === undefined) throw missing()
      const pieces: Buffer[] = []
      try {
        for await (const piece of await source.open()) pieces.push(piece as Buffer)
      } catch (cause) {
        throw cause instanceof FieldtrialError && cause.code === 'DATA_MISSING' ? missing(cause) : cause
      }
      return notEmpty(Buffer.concat(pieces), where)
    },
  }
}

function notEmpty(bytes: Uint8Array, where: Where): Uint8Array {
  if (bytes.length > 0) return bytes
  throw invalid(where, 'the picture is empty.', 'Fetch or copy it again.')
}

/** Whether a record holds the bytes of its picture, rather than its path. */
export function holdsPicture(value: unknown): boolean {
  if (value instanceof Uint8Array) return true
  return typeof value === 'object' && value !== null && (value as { bytes?: unknown }).bytes instanceof Uint8Array
}

/** Why a picture has no bytes: its file is not there, or has none. */
export type NoPicture = 'missing' | 'empty'

/** What is wrong with a picture of a collection, by the error that reading it gave; null for an error of another kind. */
export function noPicture(error: unknown): NoPicture | null {
  if (!(error instanceof FieldtrialError) || error.where?.field !== IMAGE_FIELD) return null
  return error.code === 'DATA_MISSING' ? 'missing' : error.code === 'DATA_INVALID' ? 'empty' : null
}

/** What a picture adds to the identity of its record. */
export interface PictureHash {
  /** Of its bytes; of its path where the file is not there, so that two of these are not one picture. */
  readonly hash: string
  readonly missing: boolean
}

/**
 * The hash of a picture's bytes, not its name. One that is missing or empty has a hash, too: it is told, like any other that is broken, to the
 * retrievers that would read it.
 */
export async function imageHash(image: ImageRef): Promise<PictureHash> {
  const hash = createHash('sha256')
  let missing = false
  try {
    hash.update(await image.bytes())
  } catch (error) {
    const why = noPicture(error)
    if (why === null) throw error
    missing = why === 'missing'
    if (missing) hash.update(`missing ${image.path}`)
  }
  return { hash: hash.digest('hex'), missing }
}

/** Counts records by what they hold. */
export class ModalityCount {
  text = 0
  image = 0
  both = 0
  empty = 0

  add(text: string, image: ImageRef | undefined): void {
    const worded = text.trim() !== ''
    if (image === undefined) this[worded ? 'text' : 'empty']++
    else this[worded ? 'both' : 'image']++
  }

  done(): ModalityCounts {
    const { text, image, both, empty } = this
    return { text, image, both, empty }
  }
}
