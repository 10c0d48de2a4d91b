import type { ResolvedBm25Options } from './options.ts'

/** Sums over the documents of one field that have at least one term there, as Lucene counts them. */
export interface FieldStats {
  readonly documents: number
  /** Sum of the documents' lengths in terms. */
  readonly length: number
}

/**
 * Lucene's one-byte form of a document's length: exact up to 40, then four significant bits.
 * Lucene computes with this, so that figures equal Anserini's only with it.
 *
 * Source: Lucene's SmallFloat.intToByte4.
 */
function encodeLength(length: number): number {
  if (length < FREE_VALUES) return length
  return FREE_VALUES + toInt4(length - FREE_VALUES)
}

/** The length that a byte of {@link encodeLength} stands for: the smallest that gives this byte. */
function decodeLength(byte: number): number {
  return byte < FREE_VALUES ? byte : FREE_VALUES + fromInt4(byte - FREE_VALUES)
}

/** A float-like form with 3 bits after the leading one; monotone. */
function toInt4(value: number): number {
  const bits = 32 - Math.clz32(value)
  if (bits < 4) return value
  const shift = bits - 4
  return ((value >>> shift) & 7) | ((shift + 1) << 3)
}

function fromInt4(code: number): number {
  const shift = (code >>> 3) - 1
  const bits = code & 7
  return shift < 0 ? bits : (bits | 8) * 2 ** shift
}

/** Codes that are not needed for the largest int; the smallest lengths take them. */
const FREE_VALUES = 255 - toInt4(0x7fffffff)

/** Weight of a term that is in `df` documents of `n`: its inverse document frequency. Never negative. */
function inverseDocumentFrequency(variant: ResolvedBm25Options['variant'], df: number, n: number): number {
  switch (variant) {
    case 'lucene':
      return Math.fround(Math.log(1 + (n - df + 0.5) / (df + 0.5)))
    case 'robertson':
      // Below zero for a term in more than half of the documents: it counts nothing then, as in bm25s.
      return Math.max(0, Math.log((n - df + 0.5) / (df + 0.5)))
    case 'atire':
      return Math.log(n / df)
    case 'bm25l':
      return Math.log((n + 1) / (df + 0.5))
    case 'bm25+':
      return Math.log((n + 1) / df)
  }
}

/** Computes what one occurrence list adds to documents' scores. */
export interface Similarity {
  readonly idf: (df: number) => number
  /**
   * Score of a term of weight `idf` that stands `tf` times in a document of this length code (see `lengthCodes`),
   * rounded to float32.
   */
  readonly impact: (idf: number, tf: number, lengthCode: number) => number
  /** What of a document's length enters the score. */
  readonly lengthCode: (length: number) => number
}

/**
 * The scoring function of a field. With L the document's length over the average length:
 *
 * - lucene: idf = ln(1 + (N−df+0.5)/(df+0.5)); tf/(tf + k1(1−b+bL)), in float32 and with lengths of one byte, operation
 *   by operation as in Lucene's BM25Similarity;
 * - robertson: idf = ln((N−df+0.5)/(df+0.5)), at least 0; the same fraction with exact lengths;
 * - atire: idf = ln(N/df); (k1+1)tf/(tf + k1(1−b+bL));
 * - bm25l: idf = ln((N+1)/(df+0.5)); (k1+1)(c+δ)/(k1+c+δ), c = tf/(1−b+bL);
 * - bm25+: idf = ln((N+1)/df); (k1+1)tf/(tf + k1(1−b+bL)) + δ.
 *
 * δ counts only where a document has the term, as in Lv and Zhai's papers (CIKM and SIGIR 2011).
 *
 * Source: Kamphuis et al., Which BM25 do you mean?, ECIR 2020, table 1.
 */
export function similarityOf(options: ResolvedBm25Options, stats: FieldStats): Similarity {
  const { variant, k1, b, delta } = options
  const idf = (df: number): number => inverseDocumentFrequency(variant, df, stats.documents)
  const average = stats.documents === 0 ? 1 : stats.length / stats.documents
  if (variant === 'lucene') {
    const f = Math.fround
    const inverse = new Float32Array(256)
    for (let byte = 0; byte < 256; byte++) {
      const ratio = f(f(f(b) * decodeLength(byte)) / f(average))
      inverse[byte] = 1 / f(f(k1) * f(f(1 - f(b)) + ratio))
    }
    return {
      idf,
      lengthCode: encodeLength,
      impact: (weight, tf, byte) => f(weight - f(weight / f(1 + f(tf * inverse[byte]!)))),
    }
  }
  const norm = (length: number): number => 1 - b + (b * length) / average
  const fraction = (tf: number, length: number): number => tf / (tf + k1 * norm(length))
  const formulas = {
    robertson: fraction,
    atire: (tf: number, length: number) => (k1 + 1) * fraction(tf, length),
    bm25l: (tf: number, length: number) => {
      const c = tf / norm(length)
      // With b = 1 a norm may be as small as the length allows, but never zero: a document with the term has one.
      return ((k1 + 1) * (c + delta)) / (k1 + c + delta)
    },
    'bm25+': (tf: number, length: number) => (k1 + 1) * fraction(tf, length) + delta,
  }
  const formula = formulas[variant]
  return {
    idf,
    lengthCode: (length) => length,
    impact: (weight, tf, length) => Math.fround(weight * formula(tf, length)),
  }
}
