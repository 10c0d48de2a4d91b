import { createHash } from 'node:crypto'
import { SPLITS, type Split } from '../split.ts'

export interface PoolOptions {
  /** A query that more things answer is too vague, and left out. */
  readonly maxRelevant: number
  /** Whether a document that belongs to files of several splits takes its pairs out of all of them. */
  readonly separateDocuments: boolean
}

/** A query with its judgments, ready to be written. */
export interface PooledQuery {
  readonly id: string
  readonly text: string
  readonly split: Split
  /** Document id → grade. */
  readonly judgments: ReadonlyMap<string, number>
}

interface Entry {
  readonly text: string
  readonly splits: Set<Split>
  readonly targets: Set<string>
  readonly judgments: Map<string, number>
}

/** Queries are the same if they differ in case, white space and marks at the end only. */
export function sameQuery(text: string): string {
  return text
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[.!?:;,]+$/, '')
}

/**
 * Gathers queries: the same query is asked once and has all its documents as answers. Queries that would leak from one split to another, or
 * that are too vague, are told apart at the end.
 */
export class QueryPool {
  readonly #options: PoolOptions
  readonly #entries = new Map<string, Entry>()
  readonly #documentSplits = new Map<string, Split>()
  readonly #torn = new Set<string>()

  constructor(options: PoolOptions) {
    this.#options = options
  }

  add(text: string, document: string, split: Split, grade: number, target: string): void {
    const key = sameQuery(text)
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      entry = { text, splits: new Set(), targets: new Set(), judgments: new Map() }
      this.#entries.set(key, entry)
    }
    entry.splits.add(split)
    if (grade > 0) entry.targets.add(target)
    entry.judgments.set(document, Math.max(grade, entry.judgments.get(document) ?? grade))
    const before = this.#documentSplits.get(document)
    if (before === undefined) this.#documentSplits.set(document, split)
    else if (before !== split) this.#torn.add(document)
  }

  /** The queries to keep, in the order in which they came; `dropped` is told of the others. */
  *queries(dropped: (reason: string, text: string) => void): Generator<PooledQuery> {
    for (const [key, { text, splits, targets, judgments }] of this.#entries) {
      const split = SPLITS.find((name) => splits.has(name))!
      const kept = this.#options.separateDocuments
        ? new Map([...judgments].filter(([document]) => !this.#torn.has(document)))
        : judgments
      if (splits.size > 1) dropped('query in files of several splits', text)
      else if (targets.size > this.#options.maxRelevant) dropped('query with too many answers', text)
      else if (kept.size === 0) dropped('document in files of several splits', text)
      else if (![...kept.values()].some((grade) => grade > 0)) dropped('query without a relevant document', text)
      else
        yield { id: `q-${createHash('sha256').update(key).digest('hex').slice(0, 16)}`, text, split, judgments: kept }
    }
  }
}
