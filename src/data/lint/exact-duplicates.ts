import { type Hash64, textHash } from '../hash-set.ts'
import { HashCounts } from './hash-counts.ts'
import type { TextGroups } from './types.ts'

/** Which documents have the same content: see `ContentGroup` of the measures. */
export interface Content {
  readonly group: number
  readonly size: number
}

/** Group of the documents without content; others count from 1. */
const EMPTY = 0

/** Finds documents of the same text, by 64-bit hashes: about 70 bytes a document. */
export class ExactDuplicates {
  readonly #same = new HashCounts()
  readonly #normal = new HashCounts()
  readonly #tracked: ReadonlySet<string>
  readonly #contents = new Map<string, { readonly hash: Hash64 | null; readonly group: number }>()
  #documents = 0
  #empty = 0

  /** @param tracked Ids of documents whose group is asked for in the end. */
  constructor(tracked: ReadonlySet<string>) {
    this.#tracked = tracked
  }

  /**
   * @param content Title and text.
   * @param normal The same in normal form.
   * @param number A number to remember with the text, if it is new.
   * @returns The number of the first document with this normal form, or undefined if this is the first.
   */
  add(id: string, content: string, normal: string, number: number): number | undefined {
    this.#documents++
    if (content === '') {
      // All empty documents are of one content, but nobody would call them duplicates.
      this.#empty++
      if (this.#tracked.has(id)) this.#contents.set(id, { hash: null, group: EMPTY })
      return undefined
    }
    const hash = textHash(content)
    const { first: group } = this.#same.add(hash, this.#documents)
    if (this.#tracked.has(id)) this.#contents.set(id, { hash, group })
    if (normal === '') return undefined
    const { before, first } = this.#normal.add(textHash(normal), number)
    return before > 0 ? first : undefined
  }

  /** Documents of the very same content, and of the same but for case, white space and Unicode form. Empty documents are left out. */
  result(): { readonly same: TextGroups; readonly normal: TextGroups } {
    return { same: textGroups(this.#same), normal: textGroups(this.#normal) }
  }

  /** The groups of the tracked documents that are in the corpus. */
  contents(): Map<string, Content> {
    const size = (hash: Hash64 | null) => (hash === null ? this.#empty : this.#same.count(hash))
    return new Map([...this.#contents].map(([id, { hash, group }]) => [id, { group, size: size(hash) }]))
  }
}

function textGroups(counts: HashCounts): TextGroups {
  const { groups, items, largest } = counts.repeated()
  return { distinct: counts.distinct, groups, documents: items, largest }
}
