import type { Encoded, SparseRows } from '../../src/engines/types.ts'
import { HashEncoder } from './hash-encoder.ts'

/** Sparse vectors of texts, made of their letters: term = code of the letter, weight = how often it is there. Texts that end with 7 have none. */
export function letterRows(texts: readonly string[]): SparseRows {
  const offsets = new Uint32Array(texts.length + 1)
  const terms: number[] = []
  const weights: number[] = []
  texts.forEach((text, i) => {
    const counts = new Map<number, number>()
    for (const letter of text.endsWith('7') ? '' : text) {
      const term = letter.charCodeAt(0)
      counts.set(term, (counts.get(term) ?? 0) + 1)
    }
    for (const [term, weight] of [...counts].sort(([a], [b]) => a - b)) {
      terms.push(term)
      weights.push(weight)
    }
    offsets[i + 1] = terms.length
  })
  return { offsets, terms: Uint32Array.from(terms), weights: Uint16Array.from(weights) }
}

/** A `HashEncoder` that gives sparse vectors as well. */
export class SparseHashEncoder extends HashEncoder {
  override async encode(
    texts: readonly string[],
    side: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Encoded> {
    return { ...(await super.encode(texts, side, options)), sparse: letterRows(texts) }
  }
}
