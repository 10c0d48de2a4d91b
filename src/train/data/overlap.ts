import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import { type Hash64, textHash } from '../../data/hash-set.ts'
import type { FileCollection } from '../../data/index.ts'
import { normalText } from '../../data/lint/normal-text.ts'
import type { EncoderItem } from '../../engines/types.ts'
import { documentItem } from '../set/document-item.ts'
import { bytesHash, HashIndex } from '../set/hash-index.ts'
import type { Overlap } from '../training.ts'

/** A split under test, in hashes: what must not be among the examples. */
export interface Tested {
  readonly name: string
  readonly split: string
  /** Where its files lie, to tell examples that come from the same corpus. */
  readonly files: ReadonlySet<string>
  readonly queryIds: ReadonlySet<string>
  readonly queries: HashIndex
  readonly relevant: HashIndex
}

/** Kinds of what examples and a split under test share. */
export interface SharedCounts {
  /** Queries of examples that are under test, by id (of the same collection) or by text. */
  queries: number
  /** Positives of examples that answer a query under test, or are one. */
  positives: number
  readonly examples: string[]
}

const EXAMPLES = 5

/**
 * Reads what is under test. Memory: its queries and relevant documents, as hashes.
 *
 * @param collection Opened with the split under test.
 */
export async function readTested(collection: FileCollection, work: LongWork): Promise<Tested> {
  const queries = new HashIndex()
  const queryIds = new Set<string>()
  for (const query of await collection.queries()) {
    queryIds.add(query.id)
    await addTo(queries, query)
  }
  const wanted = new Set<string>()
  for (const grades of (await collection.qrels()).values())
    for (const [document, grade] of grades) if (grade > 0) wanted.add(document)
  const relevant = new HashIndex()
  let done = 0
  for await (const document of collection.documents()) {
    if (++done % 1000 === 0) {
      throwIfAborted(work.signal)
      work.onProgress?.({ step: 'read what is under test', subject: collection.name, done, unit: 'documents' })
    }
    if (!wanted.has(document.id)) continue
    await addTo(relevant, documentItem(document))
  }
  const { name, split } = collection
  return { name, split, files: new Set(collection.sourceFiles()), queryIds, queries, relevant }
}

/** By what an item is known again: its text without case, width and blanks, and the file of its picture. */
async function contentKey({ text, image }: EncoderItem): Promise<Hash64> {
  if (image === undefined) return textHash(normalText(text))
  const { high, low } = bytesHash(await image.bytes())
  return textHash(`${high} ${low}\0${normalText(text)}`)
}

async function addTo(index: HashIndex, item: EncoderItem): Promise<void> {
  if (item.text !== '' || item.image !== undefined) index.add(await contentKey(item))
}

/** Counts what the examples of one source share with the splits under test. */
export class OverlapCount {
  readonly found: Map<Tested, SharedCounts>
  readonly #files: readonly string[]

  /** @param files Of the source. */
  constructor(tested: readonly Tested[], files: readonly string[]) {
    this.found = new Map(tested.map((one) => [one, { queries: 0, positives: 0, examples: [] }]))
    this.#files = files
  }

  /** @returns Whether the query is under test. */
  async query(item: EncoderItem & { readonly id: string }): Promise<boolean> {
    const { id } = item
    let shared = false
    const key = await contentKey(item)
    for (const [tested, counts] of this.found) {
      const same = tested.queries.get(key) >= 0 || (this.#sameCollection(tested) && tested.queryIds.has(id))
      if (!same) continue
      shared = true
      counts.queries++
      if (counts.examples.length < EXAMPLES) counts.examples.push(id)
    }
    return shared
  }

  async positive(item: EncoderItem): Promise<void> {
    const key = await contentKey(item)
    for (const [tested, counts] of this.found)
      if (tested.relevant.get(key) >= 0 || tested.queries.get(key) >= 0) counts.positives++
  }

  /** Documents of one corpus answer queries of several splits by design. */
  sharesCorpus(tested: Tested): boolean {
    return this.#sameCollection(tested)
  }

  #sameCollection(tested: Tested): boolean {
    return this.#files.some((file) => tested.files.has(file))
  }
}

/**
 * Refuses examples that are also under test, unless allowed. Positives of a collection's own other splits are told, not refused: its splits
 * have one corpus.
 *
 * @throws FieldtrialError `DATA_INVALID` with the counts, one problem for each source and split.
 */
export function requireApart(
  name: string,
  count: OverlapCount,
  { allow, drop }: Pick<Overlap, 'allow' | 'drop'>,
): void {
  const problems: FieldtrialError[] = []
  for (const [tested, { queries, positives, examples }] of count.found) {
    const at = `${tested.name} (${tested.split})`
    if (queries > 0 && !drop && !allow.includes('queries'))
      problems.push(
        new FieldtrialError(
          'DATA_INVALID',
          `${queries} queries of ${name} are under test in ${at}: ${examples.join(', ')}${queries > examples.length ? ' …' : ''}.`,
          {
            hint: 'Write `overlap: { drop: true }` to leave them out, or `allow: [queries]` if you know what that does to scores.',
          },
        ),
      )
    if (positives > 0 && !allow.includes('positives') && !count.sharesCorpus(tested))
      problems.push(
        new FieldtrialError('DATA_INVALID', `${positives} positives of ${name} answer queries under test in ${at}.`, {
          hint: 'Take them out of the examples, or write `overlap: { allow: [positives] }` where training and test share documents by design.',
        }),
      )
  }
  if (problems.length === 1) throw problems[0]
  if (problems.length > 1)
    throw new FieldtrialError('DATA_INVALID', `Examples of ${name} are also under test.`, { problems })
}
