/** Of the drawing of documents that a space is fitted on. */
export const SAMPLE_SEED = 42

/**
 * Draws `count` of `total` rows that come one after the other, all sets of that many being equally likely, and the same for the same numbers: each
 * row is taken with the chance of what is still wanted over what is still to come (Knuth, The Art of Computer Programming 2, algorithm 3.4.2S).
 *
 * @returns To be asked once per row, in order.
 */
export function rowSample(total: number, count: number, seed = SAMPLE_SEED): () => boolean {
  let state = seed >>> 0
  let left = total
  let wanted = Math.min(count, total)
  return () => {
    // Constants of Numerical Recipes; the high bits decide.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const taken = (state / 2 ** 32) * left < wanted
    left--
    if (taken) wanted--
    return taken
  }
}
