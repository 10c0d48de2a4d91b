import { bandingFor, MinHash } from './minhash.ts'
import { normalText } from './normal-text.ts'
import { jaccard, Shingler } from './shingles.ts'

/** Texts of fewer words are told apart by single words; a set of one or two says too little to be "nearly" another. */
const FEWEST_WORDS = 4
/** Candidates compared for one text: a bucket of thousands of look-alikes must not cost thousands each time. */
const MOST_CANDIDATES = 64
/** A text of more characters than this, as a multiple of the longest in the index, is not looked up; blanks apart it cannot be the same. */
const LONGER = 4

export interface Match {
  /** Of the text in the index; where several have the same text, the first. */
  readonly id: string
  /** How many texts of the index are this one. */
  readonly count: number
  /** 1 for the same text but for case and white space. */
  readonly similarity: number
  readonly same: boolean
}

interface Entry {
  readonly id: string
  count: number
  readonly words: Uint32Array
}

/**
 * Finds, for a text, the same or nearly the same one among some that are held in memory: queries. Near is a Jaccard of the sets of words
 * of the threshold or more, over MinHash bands.
 */
export class TextIndex {
  readonly #threshold: number
  readonly #same = new Map<string, Entry>()
  readonly #entries: Entry[] = []
  readonly #shingler = new Shingler(1)
  readonly #minHash: MinHash
  readonly #hashes: Uint32Array
  /** Band by band: hash → numbers of entries. */
  readonly #bands: Map<number, number[]>[]
  #mostWords = 0
  #longest = 0

  /** @param threshold Jaccard of word sets. Default: 0.8. */
  constructor(threshold = 0.8) {
    const banding = bandingFor(threshold)
    this.#threshold = threshold
    this.#minHash = new MinHash(banding)
    this.#hashes = new Uint32Array(banding.bands)
    this.#bands = Array.from({ length: banding.bands }, () => new Map())
  }

  add(id: string, text: string): void {
    const key = normalText(text)
    if (key === '') return
    this.#longest = Math.max(this.#longest, text.length)
    const known = this.#same.get(key)
    if (known) {
      known.count++
      return
    }
    const words = this.#shingler.shingles(text).slice()
    const entry = { id, count: 1, words }
    this.#same.set(key, entry)
    if (words.length < FEWEST_WORDS) return
    this.#mostWords = Math.max(this.#mostWords, words.length)
    const number = this.#entries.push(entry) - 1
    this.#minHash.bandHashes(words, this.#hashes)
    for (const [band, hash] of this.#hashes.entries()) {
      const bucket = this.#bands[band]!.get(hash)
      if (bucket === undefined) this.#bands[band]!.set(hash, [number])
      else if (bucket.length < MOST_CANDIDATES) bucket.push(number)
    }
  }

  /** The text itself, if the index has it; else the nearest one, if there is one near enough. */
  find(text: string): Match | undefined {
    if (text.length > LONGER * this.#longest) return undefined
    return this.#findSame(text) ?? this.#findNear(text)
  }

  #findSame(text: string): Match | undefined {
    const entry = this.#same.get(normalText(text))
    return entry && { id: entry.id, count: entry.count, similarity: 1, same: true }
  }

  #findNear(text: string): Match | undefined {
    const words = this.#shingler.shingles(text)
    if (words.length < FEWEST_WORDS || words.length * this.#threshold > this.#mostWords) return undefined
    this.#minHash.bandHashes(words, this.#hashes)
    const tried = new Set<number>()
    let best: Match | undefined
    for (const [band, hash] of this.#hashes.entries()) {
      for (const number of this.#bands[band]!.get(hash) ?? []) {
        if (tried.has(number)) continue
        tried.add(number)
        const { id, count, words: others } = this.#entries[number]!
        const similarity = jaccard(words, others)
        if (similarity >= this.#threshold && similarity > (best?.similarity ?? 0))
          best = { id, count, similarity, same: false }
      }
      if (tried.size >= MOST_CANDIDATES) break
    }
    return best
  }
}
