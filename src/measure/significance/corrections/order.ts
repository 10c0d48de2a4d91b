/** Applies a rule to p-values in ascending order, and gives the results back in the order of the input. */
export function inOrder(p: readonly number[], rule: (ascending: readonly number[]) => number[]): number[] {
  const order = p.map((_, i) => i).sort((a, b) => p[a]! - p[b]!)
  const adjusted = rule(order.map((i) => p[i]!))
  const result = new Array<number>(p.length)
  order.forEach((i, rank) => {
    result[i] = Math.min(1, adjusted[rank]!)
  })
  return result
}

/** Each value raised to the highest before it: steps down from the smallest p. */
export function risingMaximum(values: readonly number[]): number[] {
  let highest = 0
  return values.map((value) => {
    highest = Math.max(highest, value)
    return highest
  })
}

/** Each value lowered to the lowest behind it: steps up from the largest p. */
export function fallingMinimum(values: readonly number[]): number[] {
  let lowest = 1
  return values
    .toReversed()
    .map((value) => {
      lowest = Math.min(lowest, value)
      return lowest
    })
    .toReversed()
}
