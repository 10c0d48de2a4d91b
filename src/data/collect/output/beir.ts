import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FieldtrialError, throwIfAborted } from '../../../core/errors.ts'
import type { Json } from '../../../core/fingerprint.ts'
import type { LongWork } from '../../../core/progress.ts'
import { VERSION } from '../../../core/version.ts'
import { Skipped, type SkippedCounts } from '../files/skipped.ts'
import type { Item } from '../item.ts'
import { SPLITS, type Split, type SplitOptions, splitOf, splitOptions } from '../split.ts'
import { CARD, MAKER, writeFolder } from './folder.ts'
import { LinesFile } from './lines-file.ts'
import { QueryPool } from './query-pool.ts'

export interface CollectionOptions extends SplitOptions {
  /** Queries with more answers are too vague and left out. Default: 5. */
  readonly maxRelevant?: number
  /** Longer documents are cut there, at the end of a line if there is one near, and counted. In UTF-16 code units. Default: 20,000. */
  readonly maxChars?: number
}

export interface Made {
  /** What was collected: `code`, `docs` … */
  readonly what: string
  /** The folder or file, as the user named it. */
  readonly source: string
  /** Options that decide the content, for the card. */
  readonly options: { readonly [key: string]: Json | undefined }
  /** Whether a document belongs to the split of its file. False where groups are queries. Default: true. */
  readonly separateDocuments?: boolean
}

/** What was written, and what was not; also in `collection.json`. */
export interface CollectionCard {
  readonly version: 1
  readonly madeBy: string
  readonly fieldtrial: string
  readonly source: string
  readonly options: { readonly [key: string]: Json | undefined }
  readonly counts: {
    readonly documents: number
    readonly queries: Readonly<Record<Split, number>>
    readonly judgments: Readonly<Record<Split, number>>
  }
  /** More about what was read, by the collector: files and documents per language … */
  readonly contents: { readonly [key: string]: Json }
  readonly skipped: SkippedCounts
}

/**
 * Writes items as a BEIR folder: `corpus.jsonl`, `queries.jsonl`, `qrels/{train,dev,test}.tsv` and the card. Documents go to the disk as they
 * come; a hash of each, and the queries, are kept in memory. Identical documents are written once, and queries of the others ask for that one.
 * Equal input gives equal bytes.
 *
 * @throws FieldtrialError `DATA_MISSING` when there is no document.
 * @param items Called with where to count what is left out, and with the folder under way; what it returns goes to the card.
 */
export async function writeCollection(
  folder: string,
  made: Made,
  options: CollectionOptions,
  items: (skipped: Skipped, partial: string) => AsyncGenerator<Item, { readonly [key: string]: Json }>,
  work: LongWork = {},
): Promise<CollectionCard> {
  const { maxRelevant = 5, maxChars = 20_000 } = options
  const splits = splitOptions(options)
  return writeFolder(folder, async (partial) => {
    const skipped = new Skipped()
    const pool = new QueryPool({ maxRelevant, separateDocuments: made.separateDocuments ?? true })
    const corpus = await Corpus.create(join(partial, 'corpus.jsonl'), maxChars, skipped)
    let contents: { readonly [key: string]: Json }
    try {
      const source = items(skipped, partial)
      for (;;) {
        const next = await source.next()
        if (next.done) {
          contents = next.value
          break
        }
        throwIfAborted(work.signal)
        const id = await corpus.add(next.value)
        if (id === undefined) continue
        for (const query of next.value.queries)
          pool.add(query.text, id, splitOf(query.group, splits), query.grade ?? 1, query.target ?? id)
      }
      await corpus.close()
    } catch (error) {
      await corpus.abandon()
      throw error
    }
    if (corpus.size === 0) throw nothingFound(made, skipped)
    const { queries, judgments } = await writeQueries(partial, pool, skipped)
    const card: CollectionCard = {
      version: 1,
      madeBy: `${MAKER} ${made.what}`,
      fieldtrial: VERSION,
      source: made.source,
      options: { ...made.options, ...splits, maxRelevant, maxChars },
      counts: { documents: corpus.size, queries, judgments },
      contents,
      skipped: skipped.counts(),
    }
    await writeFile(join(partial, CARD), `${JSON.stringify(card, null, 2)}\n`)
    return card
  })
}

/** A folder without a document is no collection; what was left out tells why. */
function nothingFound({ what, source }: Made, skipped: Skipped): FieldtrialError {
  const left = Object.entries(skipped.counts()).map(([reason, { count }]) => `${reason}: ${count}`)
  return new FieldtrialError('DATA_MISSING', `${source} holds nothing that \`${MAKER} ${what}\` can read.`, {
    hint: left.length === 0 ? 'Check the path.' : `Left out: ${left.join('; ')}.`,
    where: { file: source },
  })
}

/** The documents on their way to the disk. */
class Corpus {
  readonly #file: LinesFile
  readonly #maxChars: number
  readonly #skipped: Skipped
  readonly #ids = new Map<string, number>()
  /** Content → id of the document that has it. */
  readonly #contents = new Map<string, string>()
  size = 0

  private constructor(file: LinesFile, maxChars: number, skipped: Skipped) {
    this.#file = file
    this.#maxChars = maxChars
    this.#skipped = skipped
  }

  static async create(path: string, maxChars: number, skipped: Skipped): Promise<Corpus> {
    return new Corpus(await LinesFile.create(path), maxChars, skipped)
  }

  /** Writes a document and gives its id, or that of an identical one; undefined for an empty one. */
  async add(item: Item): Promise<string | undefined> {
    const sameness = item.sameness ?? item.text
    if (item.image === undefined && item.text.trim() === '') {
      this.#skipped.add('empty document', item.id)
      return undefined
    }
    const key = createHash('sha256').update(sameness).digest('base64').slice(0, 24)
    const twin = this.#contents.get(key)
    if (twin !== undefined) {
      this.#skipped.add('document identical to another', item.id)
      return twin
    }
    const id = this.#uniqueId(item.id.replace(/\s/gu, '%20'))
    this.#contents.set(key, id)
    const text = cutAt(item.text, this.#maxChars)
    if (text.length < item.text.length) this.#skipped.add('end of a long document', id)
    const { title, image, metadata } = item
    await this.#file.add(JSON.stringify({ _id: id, title, text, image, metadata }))
    this.size++
    return id
  }

  #uniqueId(id: string): string {
    const before = this.#ids.get(id) ?? 0
    this.#ids.set(id, before + 1)
    return before === 0 ? id : this.#uniqueId(`${id}~${before + 1}`)
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  abandon(): Promise<void> {
    return this.#file.abandon()
  }
}

/** At the last line break before the limit, unless that is far away. */
function cutAt(text: string, max: number): string {
  if (text.length <= max) return text
  const line = text.lastIndexOf('\n', max)
  return text
    .slice(0, line > max * 0.8 ? line : max)
    .toWellFormed()
    .trimEnd()
}

async function writeQueries(folder: string, pool: QueryPool, skipped: Skipped) {
  const queriesFile = await LinesFile.create(join(folder, 'queries.jsonl'))
  const files = new Map<Split, LinesFile>()
  const queries: Record<Split, number> = { train: 0, dev: 0, test: 0 }
  const judgments: Record<Split, number> = { train: 0, dev: 0, test: 0 }
  try {
    for (const { id, text, split, judgments: judged } of pool.queries((reason, text) => skipped.add(reason, text))) {
      await queriesFile.add(JSON.stringify({ _id: id, text }))
      let file = files.get(split)
      if (file === undefined) {
        file = await LinesFile.create(join(folder, 'qrels', `${split}.tsv`))
        files.set(split, file)
        await file.add('query-id\tcorpus-id\tscore')
      }
      for (const [document, grade] of judged) await file.add(`${id}\t${document}\t${grade}`)
      queries[split]++
      judgments[split] += judged.size
    }
    for (const split of SPLITS) await files.get(split)?.close()
    await queriesFile.close()
  } catch (error) {
    for (const file of [queriesFile, ...files.values()]) await file.abandon()
    throw error
  }
  return { queries, judgments }
}
