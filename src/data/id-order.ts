/**
 * Order of two ids by their UTF-8 bytes, ascending: what `strcmp` and Python's `bytes` give. JavaScript's `<` compares
 * UTF-16 code units instead and puts U+1F600 (a surrogate pair) before U+FF61, which is the other way round.
 *
 * @returns negative, zero or positive
 */
export function compareIds(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return byteRank(x) - byteRank(y)
  }
  return a.length - b.length
}

/** Moves surrogates behind the rest of the plane, where the code points that they stand for belong. */
function byteRank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000
}

/** `float32` is trec_eval's reading: scores that are equal as 32-bit floats are ties. */
export type ScorePrecision = 'float32' | 'float64'

const INDEX_RANGE = 2 ** 20
const float = new Float32Array(1)
const bits = new Int32Array(float.buffer)

/**
 * The order in which trec_eval ranks documents: score descending, ties by id descending (bytes).
 *
 * @returns positions into `ids`, best first; null when they stand in this order already.
 */
export function rankOrder(
  ids: readonly string[],
  scores: ArrayLike<number>,
  precision: ScorePrecision,
): Uint32Array | null {
  const rounded = precision === 'float32'
  const n = ids.length
  const before = (a: number, b: number) => {
    const x = rounded ? Math.fround(scores[a]!) : scores[a]!
    const y = rounded ? Math.fround(scores[b]!) : scores[b]!
    return x > y ? -1 : x < y ? 1 : compareIds(ids[b]!, ids[a]!)
  }
  let i = 1
  while (i < n && before(i - 1, i) <= 0) i++
  if (i >= n) return null
  if (n > INDEX_RANGE) return Uint32Array.from(ids, (_, at) => at).sort(before)
  return sortPacked(scores, n, before)
}

/**
 * Sorts numbers that hold the score (as a 32-bit float, turned into an integer of the same order) above the position:
 * an array of numbers sorts many times faster than one with a comparison function. What the 32 bits cannot tell apart
 * is settled afterwards.
 */
function sortPacked(
  scores: ArrayLike<number>,
  n: number,
  before: (a: number, b: number) => number,
): Uint32Array<ArrayBuffer> {
  const packed = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    // Adding zero after rounding makes -0 and 0 the same bits, as they are equal scores.
    float[0] = Math.fround(scores[i]!) + 0
    const word = bits[0]!
    const ascending = word < 0 ? ~word >>> 0 : (word | 0x80000000) >>> 0
    packed[i] = (0xffffffff - ascending) * INDEX_RANGE + i
  }
  packed.sort()
  const order = new Uint32Array(n)
  let start = 0
  let key = -1
  for (let i = 0; i <= n; i++) {
    const here = i < n ? Math.floor(packed[i]! / INDEX_RANGE) : -2
    if (i < n) order[i] = packed[i]! - here * INDEX_RANGE
    if (here === key) continue
    if (i - start > 1) order.subarray(start, i).sort(before)
    start = i
    key = here
  }
  return order
}
