import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError, systemCode } from '../../core/errors.ts'
import { fingerprint, type Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import { corrupt, type FileSeal, SealedReader, writeSealed } from './binary.ts'
import { bm25Identity, givenOptions, type ResolvedBm25Options } from './options.ts'
import type { Frequencies, Postings, Segment } from './segment.ts'

/** What an index consists of. */
export interface IndexParts {
  readonly options: ResolvedBm25Options
  /** By number. */
  readonly terms: readonly string[]
  readonly segments: readonly Segment[]
}

const HEADER = 'index.json'
const FORMAT = 'fieldtrial-bm25'
/** Raised when files are laid out differently. */
const FORMAT_VERSION = 1
const DATA_FILE = /^(?:terms|segment)-(\d+)(?:-\d+)?\.bin$/

interface SegmentHeader extends FileSeal {
  readonly documents: number
  readonly fields: readonly { readonly terms: number; readonly postings: number; readonly frequencyBytes: number }[]
}

interface Header {
  readonly format: string
  readonly version: number
  readonly options: ResolvedBm25Options
  /** Of options and analyzer, versions included: an index made by other rules is not used. */
  readonly identity: Json
  readonly terms: FileSeal & { readonly count: number }
  readonly segments: readonly SegmentHeader[]
  /** Fingerprint of all the rest. */
  readonly checksum: string
}

/**
 * Writes an index: first its data under names that no index there uses, then the header that names them, then the old
 * data go. Whoever reads finds the old index or the new one.
 */
export async function writeIndex(folder: string, parts: IndexParts, work: LongWork): Promise<{ bytes: number }> {
  await mkdir(folder, { recursive: true })
  const before = (await readdir(folder)).filter((name) => DATA_FILE.test(name))
  const generation = 1 + Math.max(0, ...before.map((name) => Number(DATA_FILE.exec(name)![1])))
  const { terms } = parts
  const write = (name: string, content: Parameters<typeof writeSealed>[2]): Promise<FileSeal> =>
    writeSealed(join(folder, name), name, content, work)

  const termSeal = await write(`terms-${generation}.bin`, [terms])
  const segments: SegmentHeader[] = []
  for (const [i, { ids, fields }] of parts.segments.entries()) {
    const seal = await write(`segment-${generation}-${i}.bin`, [
      ids,
      ...fields.flatMap((f) => [f.lengths, f.terms, f.offsets, f.documents, f.frequencies]),
    ])
    segments.push({
      ...seal,
      documents: ids.length,
      fields: fields.map((field) => ({
        terms: field.terms.length,
        postings: field.documents.length,
        frequencyBytes: field.frequencies.BYTES_PER_ELEMENT,
      })),
    })
  }
  const content = {
    format: FORMAT,
    version: FORMAT_VERSION,
    options: parts.options,
    identity: bm25Identity(givenOptions(parts.options)),
    terms: { ...termSeal, count: terms.length },
    segments,
  }
  const header = JSON.stringify({ ...content, checksum: checksumOf(content) })
  await writeAtomic(join(folder, HEADER), header)
  for (const name of before) await rm(join(folder, name), { force: true })
  const bytes = [termSeal, ...segments].reduce((sum, seal) => sum + seal.bytes, Buffer.byteLength(header))
  return { bytes }
}

const checksumOf = (content: object): string => fingerprint(content as unknown as Json)

async function readHeader(path: string): Promise<Header> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw corrupt(path, 'is not there', error)
    throw error
  }
  let header: Header
  try {
    header = JSON.parse(text)
  } catch (error) {
    throw corrupt(path, 'is not JSON', error)
  }
  if (header?.format !== FORMAT) throw corrupt(path, 'is not the header of a BM25 index')
  if (header.version > FORMAT_VERSION)
    throw new FieldtrialError('WORKSPACE_VERSION', `${path} was written by a newer fieldtrial.`, {
      hint: 'Update fieldtrial, or delete the folder to have the index built again.',
      where: { file: path },
    })
  const { checksum, ...content } = header
  if (checksumOf(content) !== checksum) throw corrupt(path, 'is damaged (its checksum differs)')
  return header
}

function emptyFrequencies(bytes: number, length: number): Frequencies {
  if (bytes === 1) return new Uint8Array(length)
  return bytes === 2 ? new Uint16Array(length) : new Uint32Array(length)
}

async function readSegment(path: string, header: SegmentHeader, work: LongWork): Promise<Segment> {
  return SealedReader.with(path, header, work, async (reader) => {
    const ids = await reader.strings(header.documents)
    const fields: Postings[] = []
    for (const { terms, postings, frequencyBytes } of header.fields)
      fields.push({
        lengths: await reader.numbers(new Uint32Array(header.documents)),
        terms: await reader.numbers(new Int32Array(terms)),
        offsets: await reader.numbers(new Uint32Array(terms + 1)),
        documents: await reader.numbers(new Uint16Array(postings)),
        frequencies: await reader.numbers(emptyFrequencies(frequencyBytes, postings)),
      })
    return { ids, fields }
  })
}

/**
 * Reads an index, straight into the arrays that it lives in, and checks every file against its checksum.
 *
 * @throws FieldtrialError `WORKSPACE_CORRUPT`, `WORKSPACE_VERSION`, `FINGERPRINT_MISMATCH`, `CANCELLED`.
 */
export async function readIndex(folder: string, work: LongWork): Promise<IndexParts> {
  const path = join(folder, HEADER)
  const header = await readHeader(path)
  if (fingerprint(bm25Identity(givenOptions(header.options))) !== fingerprint(header.identity))
    throw new FieldtrialError('FINGERPRINT_MISMATCH', `${path} was made by other rules than this fieldtrial's.`, {
      hint: 'Delete the folder to have the index built again.',
      where: { file: path },
    })
  const termPath = join(folder, header.terms.file)
  const terms = await SealedReader.with(termPath, header.terms, work, (reader) => reader.strings(header.terms.count))
  const segments: Segment[] = []
  for (const segment of header.segments) segments.push(await readSegment(join(folder, segment.file), segment, work))
  return { options: header.options, terms, segments }
}
