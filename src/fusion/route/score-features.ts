import type { RankedList } from '../table.ts'

/** What one member's list tells of a query. */
const LIST_FEATURES = [
  'top score',
  'lead of the first',
  'lead over the tenth',
  'spread',
  'entropy',
  'documents (log)',
] as const
const TOP = 10
const DEEP = 100

/**
 * Numbers about one member's scores, in the order of {@link LIST_FEATURES}: the top score as it is, then the shape of the first scores: the
 * lead of the first document over the second and over the tenth, and the standard deviation of the first hundred, each as a share of the range
 * of these hundred or of the top score; and how evenly the first ten share their lead (entropy, 0 to 1). After predictors of query performance
 * such as those of Shtok et al. (NQC, ACM TOIS 30, 2012) and Zhou and Croft (SIGIR 2007).
 *
 * @param list Best first.
 */
export function listFeatures({ scores }: RankedList): number[] {
  if (scores.length === 0) return LIST_FEATURES.map(() => 0)
  const first = scores.subarray(0, DEEP)
  const top = first[0]!
  const range = Math.max(top - first.at(-1)!, Number.EPSILON)
  const lead = (rank: number) => (top - first[Math.min(rank, first.length - 1)]!) / range
  const mean = first.reduce((sum, score) => sum + score, 0) / first.length
  const deviation = Math.sqrt(first.reduce((sum, score) => sum + (score - mean) ** 2, 0) / first.length)
  return [
    top,
    lead(1),
    lead(TOP - 1),
    deviation / Math.max(Math.abs(top), Number.EPSILON),
    entropy(first.subarray(0, TOP), range),
    Math.log1p(scores.length),
  ]
}

/** Share of the first ten, and of the first hundred, documents that two lists have in common. */
export function pairFeatures(a: RankedList, b: RankedList): number[] {
  return [TOP, DEEP].map((depth) => {
    const own = new Set(a.ids.slice(0, depth))
    const others = b.ids.slice(0, depth)
    const most = Math.max(own.size, others.length)
    return most === 0 ? 0 : others.filter((id) => own.has(id)).length / most
  })
}

/** Of the soft-max of scores in units of a tenth of the range, over its highest possible value. */
function entropy(scores: Float64Array, range: number): number {
  if (scores.length < 2) return 0
  const shares = scores.map((score) => Math.exp((10 * (score - scores[0]!)) / range))
  const total = shares.reduce((sum, share) => sum + share, 0)
  const bits = shares.reduce((sum, share) => sum - (share / total) * Math.log(share / total || 1), 0)
  return bits / Math.log(scores.length)
}
