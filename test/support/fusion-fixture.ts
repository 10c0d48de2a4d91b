import { comparePaired } from '../../src/measure/index.ts'
import type { FusionResult, RetrieverResult, TrialResult } from '../../src/study/results.ts'

const SETTINGS = { resamples: 200, seed: 1 }

/** The fusions of a fixture's study, each of minilm and bm25, with learned weights; none where a member is absent or failed. */
export function fusionsFixture(
  retrievers: readonly { readonly id: string; readonly kind: RetrieverResult['kind'] }[],
  trials: readonly TrialResult[],
  measures: readonly string[],
): FusionResult[] {
  const first = measures[0]!
  return trials.flatMap((trial): FusionResult[] => {
    if (retrievers.find(({ id }) => id === trial.retriever)?.kind !== 'fusion' || trial.status !== 'done') return []
    const members = ['minilm', 'bm25'].flatMap((id) =>
      trials.filter((t) => t.retriever === id && t.collection === trial.collection && t.status === 'done'),
    )
    if (members.length < 2) return []
    const best = members.reduce((a, b) => (b.mean[first]! > a.mean[first]! ? b : a))
    const values = (t: TrialResult, measure: string) => new Map(Object.entries(t.perQuery[measure]!))
    const mine = values(trial, first)
    const oracle = mean([...mine.keys()].map((q) => Math.max(...members.map((m) => m.perQuery[first]![q]!))))
    return [
      {
        retriever: trial.retriever,
        collection: trial.collection,
        best: best.retriever,
        gains: measures.map((measure) => {
          const compared = comparePaired(values(best, measure), values(trial, measure), SETTINGS)
          const [value, bestValue] = [trial.mean[measure]!, best.mean[measure]!]
          return { measure, value, bestValue, ...compared, pAdjusted: compared.p, significant: compared.p < 0.05 }
        }),
        oracle: { value: oracle, closed: (trial.mean[first]! - best.mean[first]!) / (oracle - best.mean[first]!) },
        cost: { extraMsPerQuery: 4.2, extraIndexBytes: 7_961_000, documentEncodings: 1, queryEncodings: 1 },
        members: members.map((member, i) => ({
          member: member.retriever,
          alone: member.mean[first]!,
          without: members[1 - i]!.mean[first]!,
          contribution: comparePaired(values(members[1 - i]!, first), mine, SETTINGS),
          onlyFinder: 20 + i,
        })),
        relevant: 287,
        learned: {
          measure: first,
          shared: 0,
          parts: [0, 1, 2].map((fold) => ({
            train: 80,
            ranked: 40,
            trainValue: 0.61 + 0.01 * fold,
            rankedValue: 0.6 - 0.01 * fold,
            weights: [0.4 + 0.05 * fold, 0.6 - 0.05 * fold],
            route: null,
          })),
        },
      },
    ]
  })
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
