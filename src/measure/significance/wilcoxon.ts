import { normalTwoSided } from './distributions.ts'

/** What becomes of differences of zero: `wilcox` drops them before ranking, `pratt` ranks them and drops them then. */
export type ZeroTreatment = 'wilcox' | 'pratt'

export interface Wilcoxon {
  /** The smaller of the two rank sums. */
  readonly statistic: number
  /** Two-sided; 1 when no difference is left. */
  readonly p: number
  /** By counting all signs (at most 50 differences), or by the normal approximation with correction for ties. */
  readonly exact: boolean
}

const EXACT_LIMIT = 50

/**
 * Wilcoxon's signed-rank test, as scipy's `wilcoxon` without continuity correction. Up to 50 differences the p-value is
 * exact, with ties as well (scipy approximates there): the chance over all assignments of signs to the ranks.
 */
export function wilcoxon(differences: ArrayLike<number>, zeros: ZeroTreatment = 'wilcox'): Wilcoxon {
  const kept = Array.from(differences).filter((d) => zeros === 'pratt' || d !== 0)
  const order = kept.map((_, i) => i).sort((a, b) => Math.abs(kept[a]!) - Math.abs(kept[b]!))
  const zeroCount = kept.filter((d) => d === 0).length
  /** Twice the rank of each non-zero difference, which is whole even where ranks are shared. */
  const doubled: number[] = []
  let plus = 0
  let minus = 0
  let tieTerm = 0
  for (let start = 0; start < order.length; ) {
    let end = start + 1
    while (end < order.length && Math.abs(kept[order[end]!]!) === Math.abs(kept[order[start]!]!)) end++
    const rank = start + end + 1
    if (kept[order[start]!] !== 0) {
      for (let i = start; i < end; i++) {
        doubled.push(rank)
        if (kept[order[i]!]! > 0) plus += rank
        else minus += rank
      }
      tieTerm += (end - start) ** 3 - (end - start)
    }
    start = end
  }
  const statistic = Math.min(plus, minus) / 2
  if (doubled.length === 0) return { statistic, p: 1, exact: true }
  if (doubled.length <= EXACT_LIMIT) return { statistic, p: exactP(doubled, Math.min(plus, minus)), exact: true }
  return { statistic, p: approximateP(statistic, kept.length, zeroCount, tieTerm), exact: false }
}

/** Twice the share of the 2^n assignments of signs whose sum of positive ranks is at most the one seen. */
function exactP(doubled: readonly number[], seen: number): number {
  const total = doubled.reduce((sum, rank) => sum + rank, 0)
  let chances = new Float64Array(total + 1)
  chances[0] = 1
  for (const rank of doubled) {
    const next = new Float64Array(total + 1)
    for (let sum = 0; sum <= total; sum++) {
      if (chances[sum] === 0) continue
      next[sum]! += chances[sum]! / 2
      next[sum + rank]! += chances[sum]! / 2
    }
    chances = next
  }
  let p = 0
  for (let sum = 0; sum <= seen; sum++) p += chances[sum]!
  return Math.min(1, 2 * p)
}

function approximateP(statistic: number, n: number, zeros: number, tieTerm: number): number {
  const mean = (n * (n + 1) - zeros * (zeros + 1)) / 4
  const squares = n * (n + 1) * (2 * n + 1) - zeros * (zeros + 1) * (2 * zeros + 1) - tieTerm / 2
  return normalTwoSided((statistic - mean) / Math.sqrt(squares / 24))
}
