import { throwIfAborted } from '../../core/errors.ts'
import { BandTable } from './band-table.ts'
import { bandingFor, MinHash } from './minhash.ts'
import { jaccard, Shingler } from './shingles.ts'
import type { NearPair } from './types.ts'
import { UnionFind } from './union-find.ts'

export interface NearDuplicateOptions {
  /** Jaccard's coefficient of the shingle sets from which on two texts are near-duplicates. Default: 0.8. */
  readonly threshold?: number
  /** Words of a shingle. Default: 5. */
  readonly shingle?: number
  /** Bytes of shingles held at a time while candidates are compared. Default: 256 MiB; more candidates take more passes. */
  readonly bytes?: number
}

/** Groups of near-duplicates: linked texts, also over a third one. */
export interface NearGroups {
  readonly groups: number
  /** Texts in groups of two or more. */
  readonly texts: number
  readonly largest: number
  readonly examples: readonly NearPair[]
  /** Representative of a text's group: equal for texts of one group. */
  groupOf(text: number): number
}

/** A text that was added, with its number and the id of a document that has it. */
export interface NumberedText {
  readonly number: number
  readonly id: string
  readonly text: string
}

const BYTES = 256 * 2 ** 20
const EXAMPLES = 5

/**
 * Finds near-duplicates among many texts: MinHash signatures of word shingles cut into bands, candidates compared by the true Jaccard of
 * their shingle sets. Broder, "On the resemblance and containment of documents", SEQUENCES 1997. Time grows with the number of texts;
 * memory is about 110 bytes a text at the default threshold. Deterministic.
 */
export class NearDuplicates {
  readonly threshold: number
  readonly #bytes: number
  readonly #shingler: Shingler
  readonly #minHash: MinHash
  readonly #bands: BandTable
  readonly #hashes: Uint32Array
  #sizes = new Uint32Array(1 << 10)

  /** @throws FieldtrialError `USAGE` for a threshold outside 0.5 to 1. */
  constructor({ threshold = 0.8, shingle = 5, bytes = BYTES }: NearDuplicateOptions = {}) {
    const banding = bandingFor(threshold)
    this.threshold = threshold
    this.#bytes = bytes
    this.#shingler = new Shingler(shingle)
    this.#minHash = new MinHash(banding)
    this.#bands = new BandTable(banding.bands)
    this.#hashes = new Uint32Array(banding.bands)
  }

  /**
   * Adds a text. Exact duplicates are best left out: they only cost time.
   *
   * @returns Its number, counted from 0; -1 for a text without words, which is not compared.
   */
  add(text: string): number {
    const shingles = this.#shingler.shingles(text)
    if (shingles.length === 0) return -1
    const number = this.#bands.size
    this.#minHash.bandHashes(shingles, this.#hashes)
    this.#bands.add(this.#hashes)
    if (number === this.#sizes.length) {
      const longer = new Uint32Array(number * 2)
      longer.set(this.#sizes)
      this.#sizes = longer
    }
    this.#sizes[number] = shingles.length
    return number
  }

  /**
   * Compares the candidates.
   *
   * @param read Streams the texts once more, in any order. Called once, or again for each further pass; not at all without candidates.
   */
  async groups(read: () => AsyncIterable<NumberedText>, signal?: AbortSignal): Promise<NearGroups> {
    const found = new UnionFind(this.#bands.size)
    const examples: NearPair[] = []
    for (const batch of this.#batches()) {
      const kept = new Map<number, { readonly id: string; readonly shingles: Uint32Array }>()
      for await (const { number, id, text } of read())
        if (batch.has(number)) kept.set(number, { id, shingles: this.#shingler.shingles(text).slice() })
      throwIfAborted(signal)
      this.#bands.forEachPair((a, b) => {
        const one = kept.get(a)
        const other = one && kept.get(b)
        if (!one || !other || found.find(a) === found.find(b)) return
        const [few, many] = [one.shingles.length, other.shingles.length].sort((x, y) => x - y) as [number, number]
        if (few < this.threshold * many) return
        const similarity = jaccard(one.shingles, other.shingles)
        if (similarity < this.threshold) return
        found.union(a, b)
        if (examples.length < EXAMPLES) examples.push({ ids: [one.id, other.id], jaccard: similarity })
      })
    }
    return { ...this.#count(found), examples, groupOf: (text) => found.find(text) }
  }

  /** Candidates, parted so that the shingles of one part fit into memory and candidates of each other stay together. */
  *#batches(): Generator<ReadonlySet<number>> {
    const linked = new UnionFind(this.#bands.size)
    this.#bands.forEachPair((a, b) => linked.union(a, b))
    const members = new Map<number, number[]>()
    for (let text = 0; text < this.#bands.size; text++) {
      const root = linked.find(text)
      if (root === text) continue
      const group = members.get(root)
      if (group === undefined) members.set(root, [root, text])
      else group.push(text)
    }
    let batch = new Set<number>()
    let bytes = 0
    for (const [root, texts] of members) {
      for (const text of texts) {
        if (bytes > this.#bytes) {
          yield batch
          // A group that does not fit is compared piece by piece with its first text.
          batch = new Set(text === root ? [] : [root])
          bytes = 0
        }
        batch.add(text)
        bytes += 4 * this.#sizes[text]!
      }
    }
    if (batch.size > 0) yield batch
  }

  #count(found: UnionFind): Pick<NearGroups, 'groups' | 'texts' | 'largest'> {
    const others = new Map<number, number>()
    for (let text = 0; text < this.#bands.size; text++) {
      const root = found.find(text)
      if (root !== text) others.set(root, (others.get(root) ?? 0) + 1)
    }
    const sizes = [...others.values()].map((count) => count + 1)
    return {
      groups: sizes.length,
      texts: sizes.reduce((sum, size) => sum + size, 0),
      largest: sizes.reduce((most, size) => Math.max(most, size), 0),
    }
  }
}
