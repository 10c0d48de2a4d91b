import { PairTable } from './pair-table.ts'

/** The model of a byte pair tokenizer, as in tokenizer.json. */
export interface BytePairsConfig {
  readonly vocab: Readonly<Record<string, number>>
  /** In order of rank: pairs or, in older files, two tokens with a space between. */
  readonly merges: readonly (string | readonly [string, string])[]
  readonly unk_token?: string | null
  readonly fuse_unk?: boolean
  readonly byte_fallback?: boolean
  readonly ignore_merges?: boolean
  readonly continuing_subword_prefix?: string | null
  readonly end_of_word_suffix?: string | null
}

/** Room for a position beside a rank in one number. */
const POSITIONS = 2 ** 28

/**
 * Byte pair encoding as the Rust library `tokenizers` has it, over token ids. Of two equal pairs the left one is merged first. A character
 * that is not in the vocabulary becomes its bytes (`<0xE2>`) where the model has byte fallback, else the unknown token, else nothing.
 *
 * The JavaScript library's own differs in unknown characters that stand side by side, and is several times slower.
 */
export class BytePairs {
  private readonly vocab: ReadonlyMap<string, number>
  private readonly ranks: PairTable
  /** Token made by the merge of each rank. */
  private readonly merged: Uint32Array
  private readonly bytes: readonly number[] | null
  private readonly unknown: number | null
  private readonly config: BytePairsConfig
  /** Whether words may be cut before each run of ▁ without changing the tokens; see `cuttable`. */
  readonly cutsAtMarks: boolean

  /** @throws Error where the merges or the unknown token name tokens that the vocabulary lacks. */
  constructor(config: BytePairsConfig) {
    this.config = config
    this.vocab = new Map(Object.entries(config.vocab))
    this.ranks = new PairTable(config.merges.length)
    this.merged = new Uint32Array(config.merges.length)
    const prefix = config.continuing_subword_prefix ?? ''
    let marksInside = false
    for (const [rank, merge] of config.merges.entries()) {
      const [left, right] = typeof merge === 'string' ? splitMerge(merge) : merge
      const whole = left + (prefix !== '' && right.startsWith(prefix) ? right.slice(prefix.length) : right)
      this.ranks.set(this.id(left), this.id(right), rank)
      this.merged[rank] = this.id(whole)
      marksInside ||= /[^▁]▁/.test(whole)
    }
    this.unknown = config.unk_token == null ? null : this.id(config.unk_token)
    this.bytes = config.byte_fallback ? byteTokens(this.vocab) : null
    this.cutsAtMarks =
      !marksInside && this.vocab.has('▁') && !config.ignore_merges && prefix === '' && !config.end_of_word_suffix
  }

  /** @param word In the byte alphabet where the tokenizer is byte-level. */
  encode(word: string): number[] {
    const whole = this.config.ignore_merges ? this.vocab.get(word) : undefined
    return whole === undefined ? this.merge(this.symbols(word)) : [whole]
  }

  private id(token: string): number {
    const id = this.vocab.get(token)
    if (id === undefined)
      throw new Error(`its merges or its unknown token name ${JSON.stringify(token)}, which it lacks`)
    return id
  }

  private symbols(word: string): number[] {
    const { vocab, unknown, bytes, config } = this
    const prefix = config.continuing_subword_prefix ?? ''
    const suffix = config.end_of_word_suffix ?? ''
    const ids: number[] = []
    // An unknown token is held back until it is known whether the next character is unknown as well.
    let pending = false
    let at = 0
    for (const character of word) {
      const first = at === 0
      at += character.length
      const symbol = (first ? '' : prefix) + character + (at === word.length ? suffix : '')
      const id = vocab.get(symbol)
      if (id !== undefined) {
        if (pending) ids.push(unknown!)
        pending = false
        ids.push(id)
        continue
      }
      const fallback = bytes === null ? null : Array.from(Buffer.from(symbol), (byte) => bytes[byte]!)
      if (fallback !== null && !fallback.includes(-1)) ids.push(...fallback)
      else if (unknown !== null) {
        if (pending && !config.fuse_unk) ids.push(unknown)
        pending = true
      }
    }
    if (pending) ids.push(unknown!)
    return ids
  }

  private merge(ids: number[]): number[] {
    const length = ids.length
    if (length < 2) return ids
    if (length >= POSITIONS) throw new Error(`a word of ${length} characters is too long`)
    const { ranks, merged } = this
    const next = new Int32Array(length)
    const previous = new Int32Array(length)
    const heap = new Heap()
    const propose = (left: number) => {
      const rank = ranks.get(ids[left]!, ids[next[left]!]!)
      if (rank !== -1) heap.push(rank * POSITIONS + left)
    }
    for (let i = 0; i < length; i++) {
      next[i] = i + 1
      previous[i] = i - 1
    }
    for (let i = 0; i + 1 < length; i++) propose(i)
    for (let top = heap.pop(); top !== undefined; top = heap.pop()) {
      const rank = Math.floor(top / POSITIONS)
      const left = top % POSITIONS
      const right = next[left]!
      // Either has been merged since: no symbol of that place, or another pair.
      if (ids[left] === -1 || right >= length || ranks.get(ids[left]!, ids[right]!) !== rank) continue
      ids[left] = merged[rank]!
      ids[right] = -1
      const after = next[right]!
      next[left] = after
      if (after < length) {
        previous[after] = left
        propose(left)
      }
      if (previous[left]! >= 0) propose(previous[left]!)
    }
    return ids.filter((id) => id !== -1)
  }
}

/** SentencePiece's mark for a space. */
const MARKED = /▁*[^▁]+|▁+/g

/**
 * The parts of a text without spaces that are encoded independently: where no token has a ▁ behind another character, no merge reaches
 * across that place. Lets words be remembered, and long texts be cut, in tokenizers that take a whole text as one word.
 */
export function cutAtMarks(text: string): string[] {
  return text.match(MARKED) ?? []
}

/** Least number first. */
class Heap {
  private readonly items: number[] = []

  push(item: number): void {
    const { items } = this
    let at = items.length
    items.push(item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (items[parent]! <= item) break
      items[at] = items[parent]!
      at = parent
    }
    items[at] = item
  }

  pop(): number | undefined {
    const { items } = this
    const top = items[0]
    const last = items.pop()
    if (last === undefined || items.length === 0) return top
    const size = items.length
    let at = 0
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && items[child + 1]! < items[child]!) child++
      if (items[child]! >= last) break
      items[at] = items[child]!
      at = child
    }
    items[at] = last
    return top
  }
}

function splitMerge(merge: string): [string, string] {
  const at = merge.indexOf(' ', 1)
  if (at === -1) throw new Error(`its merge ${JSON.stringify(merge)} is not a pair`)
  return [merge.slice(0, at), merge.slice(at + 1)]
}

/** The ids of `<0x00>` to `<0xFF>`; -1 for those that are not there. */
function byteTokens(vocab: ReadonlyMap<string, number>): number[] {
  return Array.from({ length: 256 }, (_, byte) => {
    const name = `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`
    return vocab.get(name) ?? -1
  })
}
