/**
 * Splits texts into batches that need no padding: a batch holds texts of one length only, up to a budget of tokens.
 * Thus no work is spent on padding, no mask is needed, and a text's vector does not depend on its neighbours.
 * Longest first, so that the largest memory is needed at the start and not at the end.
 *
 * @param lengths Tokens per text.
 * @param budget Tokens per batch; a longer text is a batch of its own.
 * @returns Indices of texts, batch by batch.
 */
export function planBatches(lengths: ArrayLike<number>, budget: number): number[][] {
  const order = Array.from({ length: lengths.length }, (_, i) => i)
  order.sort((a, b) => lengths[b]! - lengths[a]! || a - b)
  const batches: number[][] = []
  let batch: number[] = []
  for (const i of order) {
    const length = lengths[i]!
    const fits = batch.length > 0 && lengths[batch[0]!] === length && (batch.length + 1) * length <= budget
    if (!fits) {
      batch = []
      batches.push(batch)
    }
    batch.push(i)
  }
  return batches
}
