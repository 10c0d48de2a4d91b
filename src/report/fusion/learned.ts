import type { FusionResult } from '../../study/results.ts'
import { formatScore, plural } from '../format.ts'

/** The weight of a member over the parts of the queries (folds), for a fusion that learned weights. */
export interface LearnedWeight {
  readonly member: string
  readonly mean: number
  readonly low: number
  readonly high: number
}

/** Mean, lowest and highest weight of each member; null where no weights were learned. */
export function learnedWeights({ learned, members }: FusionResult): LearnedWeight[] | null {
  const parts = (learned?.parts ?? []).flatMap(({ weights }) => (weights === null ? [] : [weights]))
  if (parts.length === 0) return null
  return members.map(({ member }, i) => {
    const own = parts.map((weights) => weights[i]!)
    const mean = own.reduce((sum, weight) => sum + weight, 0) / own.length
    return { member, mean, low: Math.min(...own), high: Math.max(...own) }
  })
}

/** How much of the queries' ranking a member got where a route chose: its mean weight over them. Null for what is no route. */
export function routedShares({ learned, members }: FusionResult): { member: string; share: number }[] | null {
  const routes = (learned?.parts ?? []).flatMap(({ route }) => (route === null ? [] : [route]))
  if (routes.length === 0) return null
  const queries = routes.reduce((sum, { chosen }) => sum + chosen.reduce((all, count) => all + count, 0), 0)
  return members.map(({ member }, i) => {
    const weight = routes.reduce(
      (sum, { choices, chosen }) => sum + chosen.reduce((all, count, c) => all + count * choices[c]![i]!, 0),
      0,
    )
    return { member, share: queries === 0 ? 0 : weight / queries }
  })
}

/** What was learned, in a sentence or two: `bm25 0.56 (0.43–0.61), minilm 0.44 (0.39–0.57); 240 queries each, 0.7481 there, 0.7328 on the others`. */
export function learnedText(result: FusionResult): string | null {
  const { learned } = result
  if (learned === null || learned.parts.length === 0) return null
  const weights = learnedWeights(result)
  const what =
    weights === null
      ? [
          `${routedShares(result)!
            .map(({ member, share }) => `${member} ${(100 * share).toFixed(0)} %`)
            .join(', ')} of the weight`,
          [...new Set(learned.parts.map(({ route }) => route!.strength))].join('; '),
        ].join(' · ')
      : weights
          .map(({ member, mean, low, high }) =>
            low === high
              ? `${member} ${mean.toFixed(2)}`
              : `${member} ${mean.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`,
          )
          .join(', ')
  return `${what} · ${fitText(result)}`
}

/** How well it did where it was learned, and where it was not: a gap between the two is what was learned by heart. */
function fitText({ learned }: FusionResult): string {
  const { parts, measure } = learned!
  const mean = (values: readonly (number | null)[], counts: readonly number[]) =>
    values.some((value) => value === null)
      ? null
      : values.reduce((sum: number, value, i) => sum + value! * counts[i]!, 0) / counts.reduce((sum, n) => sum + n, 0)
  const from = Math.round(parts.reduce((sum, { train }) => sum + train, 0) / parts.length)
  const where =
    parts.length > 1
      ? `${plural(parts.length, 'fold')}, learned from ${from} queries each`
      : `learned from ${from} queries`
  const seen = mean(
    parts.map(({ trainValue }) => trainValue),
    parts.map(({ train }) => train),
  )
  const unseen = mean(
    parts.map(({ rankedValue }) => rankedValue),
    parts.map(({ ranked }) => ranked),
  )
  return `${where}: ${measure} ${formatScore(seen)} on these, ${formatScore(unseen)} on those ranked`
}
