import { ndcgOptions } from '../families.ts'
import { gainOf, idealDcg, logDiscounts } from '../measures/ndcg.ts'
import type { Measure } from '../parse.ts'
import { type GradeLevels, relevantCount } from '../ranking.ts'
import type { TwinGroup } from './twin-groups.ts'

/** A group as a measure sees it: how much each of its places is worth in the mean. */
interface Rated {
  readonly size: number
  /** Sum of gains; for binary measures the number of relevant documents. */
  readonly gain: number
}

/**
 * What a measure expects of the best ranking by content: groups of identical documents stand one behind the other, each in random order
 * within itself, those of the highest mean gain first. Worked out, not sampled. For measures that add up gains by rank (nDCG, R, P,
 * Rprec, RBP) no order of groups is better, by the rearrangement inequality; for RR the best first group is chosen; AP and Success are
 * those of the order by mean gain.
 *
 * @param groups Groups with judged documents in the corpus.
 * @param levels Of all judgments of the query, also of documents that are absent.
 * @returns null for measures for which this is not worked out.
 */
export function expectedBest(measure: Measure, groups: readonly TwinGroup[], levels: GradeLevels): number | null {
  const { family, parameters } = measure
  if (parameters.judged_only) return null
  const cutoff = measure.cutoff ?? Number.POSITIVE_INFINITY
  const rel = parameters.rel ?? 1
  const relevant = relevantCount(levels, rel)
  const binary = () => rated(groups, (grade) => (grade >= rel ? 1 : 0))
  switch (family) {
    case 'nDCG': {
      const options = ndcgOptions(parameters, measure.cutoff ?? undefined)
      const gain = (grade: number) => (grade < 0 ? 0 : gainOf(grade, options))
      const ranked = rated(groups, gain)
      const judged = levels.counts.reduce((sum, count) => sum + count, 0)
      const places = Math.max(judged, total(ranked))
      const discounts = logDiscounts(Math.min(cutoff, places))
      const ideal = idealDcg(levels.grades.map(gain), levels.counts, cutoff, discounts)
      return ideal > 0 ? weighted(ranked, cutoff, (place) => 1 / discounts[place]!) / ideal : 0
    }
    case 'R':
      return relevant === 0 ? 0 : weighted(binary(), cutoff, () => 1) / relevant
    case 'P':
      return weighted(binary(), cutoff, () => 1) / cutoff
    case 'Rprec':
      return relevant === 0 ? 0 : weighted(binary(), relevant, () => 1) / relevant
    case 'RBP': {
      const p = parameters.p ?? 0.8
      return (1 - p) * weighted(binary(), cutoff, (place) => p ** place)
    }
    case 'RR':
    case 'MRR':
      return Math.max(0, ...binary().map((group) => reciprocalRank(group, cutoff)))
    case 'Success':
      return success(binary(), cutoff)
    case 'AP':
      return relevant === 0 ? 0 : averagePrecision(binary(), cutoff) / relevant
    default:
      return null
  }
}

/** Groups that are worth something, the highest mean gain first. */
function rated(groups: readonly TwinGroup[], gain: (grade: number) => number): Rated[] {
  return groups
    .map(({ size, grades }) => ({ size, gain: grades.reduce((sum, grade) => sum + gain(grade), 0) }))
    .filter((group) => group.gain > 0)
    .sort((a, b) => b.gain / b.size - a.gain / a.size)
}

const total = (groups: readonly Rated[]) => groups.reduce((sum, { size }) => sum + size, 0)

/** Sum over the places within the cutoff of the place's weight and the mean gain of the group that stands there. */
function weighted(groups: readonly Rated[], cutoff: number, weight: (place: number) => number): number {
  let place = 0
  let sum = 0
  for (const { size, gain } of groups) {
    const end = Math.min(cutoff, place + size)
    let weights = 0
    while (place < end) weights += weight(place++)
    sum += (weights * gain) / size
  }
  return sum
}

/** Of the first relevant document, when the group stands first: place j is its place with chance C(n − j, r − 1) / C(n, r). */
function reciprocalRank({ size, gain: relevant }: Rated, cutoff: number): number {
  let noneBefore = 1
  let sum = 0
  for (let place = 0; place < Math.min(cutoff, size - relevant + 1); place++) {
    const left = size - place
    sum += (noneBefore * relevant) / left / (place + 1)
    noneBefore *= (left - relevant) / left
  }
  return sum
}

function success(groups: readonly Rated[], cutoff: number): number {
  let none = 1
  let place = 0
  for (const { size, gain: relevant } of groups) {
    const taken = Math.min(size, cutoff - place)
    for (let i = 0; i < taken && none > 0; i++) none *= Math.max(0, size - relevant - i) / (size - i)
    place += taken
  }
  return 1 - none
}

/**
 * Sum of the expected precisions at relevant documents. A place of a group is relevant with chance r/n; together with an earlier one of
 * its group with chance r(r − 1) / n(n − 1), and with those of earlier groups independently.
 */
function averagePrecision(groups: readonly Rated[], cutoff: number): number {
  let place = 0
  let before = 0
  let sum = 0
  for (const { size, gain: relevant } of groups) {
    const chance = relevant / size
    const both = size > 1 ? (chance * (relevant - 1)) / (size - 1) : 0
    for (let within = 0; within < size && place < cutoff; within++, place++)
      sum += (chance * (1 + before) + within * both) / (place + 1)
    before += relevant
  }
  return sum
}
