/** What a UTF-16 code unit does to words. */
const BREAK = 0
const PART = 1
/** Scripts that put no blanks between words: each character stands for one. */
const ALONE = 2

interface Alphabet {
  readonly kinds: Uint8Array
  readonly lower: Uint16Array
}

let alphabet: Alphabet | undefined

/** Tables over all code units; surrogates count as parts of words, so that emoji and rare characters are seen. */
function alphabetOf(): Alphabet {
  if (alphabet !== undefined) return alphabet
  const kinds = new Uint8Array(0x10000)
  const lower = new Uint16Array(0x10000)
  const part = /[\p{L}\p{N}\p{M}\p{Cs}_]/u
  const alone =
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u
  for (let unit = 0; unit < 0x10000; unit++) {
    const text = String.fromCharCode(unit)
    kinds[unit] = alone.test(text) ? ALONE : part.test(text) ? PART : BREAK
    const small = text.toLowerCase()
    lower[unit] = small.length === 1 ? small.charCodeAt(0) : unit
  }
  alphabet = { kinds, lower }
  return alphabet
}

/** Mixes all bits of a 32-bit number (the finaliser of MurmurHash3, Appleby 2011). */
export function mix(value: number): number {
  let h = value
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/**
 * Hashes of a text's words in order: runs of letters, digits and `_` in lower case; characters of scripts without blanks one by one.
 * Punctuation does not count.
 *
 * @param into Where the hashes go; grown if it is too short. Give the array of the call before to spare allocations.
 * @returns The array and how many of its numbers are words.
 */
export function wordHashes(text: string, into: Int32Array): { readonly words: Int32Array; readonly count: number } {
  const { kinds, lower } = alphabetOf()
  let words = into
  let count = 0
  let hash = 0
  let open = false
  const push = (value: number) => {
    if (count === words.length) {
      const longer = new Int32Array(words.length * 2)
      longer.set(words)
      words = longer
    }
    words[count++] = value
  }
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    const kind = kinds[unit]
    if (kind === PART) {
      if (!open) {
        open = true
        hash = 0x811c9dc5
      }
      // FNV-1a over code units.
      hash = Math.imul(hash ^ lower[unit]!, 0x01000193)
      continue
    }
    if (open) push(mix(hash))
    open = false
    if (kind === ALONE) push(mix(Math.imul(0x811c9dc5 ^ unit, 0x01000193)))
  }
  if (open) push(mix(hash))
  return { words, count }
}
