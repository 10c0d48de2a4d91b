import { inOrder } from './order.ts'

/**
 * Hommel's closed testing with Simes' test: stronger than Hochberg's under the same assumptions. Hommel, Biometrika 75
 * (1988); the adjusted values after Wright, Biometrics 48 (1992).
 */
export function hommel(p: readonly number[]): number[] {
  return inOrder(p, (ascending) => {
    const n = ascending.length
    const adjusted = [...ascending]
    for (let size = n; size >= 2; size--) {
      const split = n - size + 1
      // Simes' p of the `size − 1` largest values, which every set of this size that matters holds.
      let simes = Infinity
      for (let i = split; i < n; i++) simes = Math.min(simes, (size * ascending[i]!) / (i - split + 2))
      for (let i = split; i < n; i++) adjusted[i] = Math.max(adjusted[i]!, simes)
      for (let i = 0; i < split; i++) adjusted[i] = Math.max(adjusted[i]!, Math.min(simes, size * ascending[i]!))
    }
    return adjusted
  })
}
