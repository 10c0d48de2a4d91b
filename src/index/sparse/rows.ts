import type { SparseRows } from '../../engines/types.ts'

/** Terms from here on are refused: no tokenizer has so many, and tables that are indexed by terms must stay small. */
const MOST_TERMS = 1 << 24

/** Sparse vectors one after the other, as if they had been encoded at once. */
export function concatSparse(parts: readonly SparseRows[]): SparseRows {
  const rows = parts.reduce((sum, { offsets }) => sum + offsets.length - 1, 0)
  const entries = parts.reduce((sum, { terms }) => sum + terms.length, 0)
  const joined = {
    offsets: new Uint32Array(rows + 1),
    terms: new Uint32Array(entries),
    weights: new Uint16Array(entries),
  }
  let row = 0
  let entry = 0
  for (const { offsets, terms, weights } of parts) {
    for (let i = 1; i < offsets.length; i++) joined.offsets[++row] = entry + offsets[i]!
    joined.terms.set(terms, entry)
    joined.weights.set(weights, entry)
    entry += terms.length
  }
  return joined
}

/**
 * Looks through sparse vectors for what must not be.
 *
 * @param rows How many there should be.
 * @returns What is wrong, to follow a name and "has" or "have"; null if nothing is.
 */
export function sparseFault({ offsets, terms, weights }: SparseRows, rows: number): string | null {
  if (offsets.length !== rows + 1) return `${offsets.length - 1} sparse vectors in place of ${rows}`
  if (offsets[0] !== 0 || offsets[rows] !== terms.length || weights.length !== terms.length)
    return 'sparse vectors whose places do not fit their terms'
  for (let row = 0; row < rows; row++) {
    const end = offsets[row + 1]!
    let before = -1
    if (end < offsets[row]!) return 'sparse vectors whose places do not ascend'
    for (let entry = offsets[row]!; entry < end; entry++) {
      const term = terms[entry]!
      if (term <= before) return `terms in sparse vector ${row} that do not ascend`
      if (weights[entry] === 0) return `a term without weight in sparse vector ${row}`
      before = term
    }
    if (before >= MOST_TERMS) return `a term ${before} in sparse vector ${row} that no tokenizer has`
  }
  return null
}
