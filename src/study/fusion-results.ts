import { adjust, comparePaired } from '../measure/index.ts'
import type { AblationDetail, AnyFusionTrial } from './ablation.ts'
import type { FusionDetail, LearnedDetail } from './fusion-detail.ts'
import type { Plan, PlannedTrial } from './plan.ts'
import type { FusionGain, FusionMember, FusionResult, TrialResult } from './results.ts'
import type { FusionSpec } from './study.ts'

/** What executing a fusion's trial gave beside its measures. */
export interface FusionOutcome {
  readonly fusion: FusionDetail | null
  readonly ablation: AblationDetail | null
}

/**
 * Every fusion on every collection beside the best single retriever that it is made of: gain with its test, cost, members, what was learned.
 * P values are corrected over the fusions of one collection and measure.
 */
export function fusionResults(
  plan: Plan,
  trials: readonly TrialResult[],
  outcomes: ReadonlyMap<TrialResult, FusionOutcome>,
): FusionResult[] {
  const results: Omit<FusionResult, 'gains'>[] = []
  const gains: Omit<FusionGain, 'pAdjusted' | 'significant'>[][] = []
  for (const [i, planned] of plan.trials.entries()) {
    const trial = trials[i]!
    const outcome = outcomes.get(trial)
    if ((planned.kind !== 'fusion' && planned.kind !== 'space') || trial.status !== 'done' || !outcome) continue
    const found = describe(plan, planned, trial, trials, outcome)
    results.push(found.result)
    gains.push(found.gains)
  }
  const settings = plan.study.comparison
  return results.map((result, i) => ({
    ...result,
    gains: gains[i]!.map((gain, m) => {
      const family = results.flatMap((other, j) => (other.collection === result.collection ? [gains[j]![m]!] : []))
      const adjusted = adjust(
        family.map((one) => one.p),
        settings.correction,
      )
      const pAdjusted = adjusted[family.indexOf(gain)]!
      return { ...gain, pAdjusted, significant: pAdjusted < settings.alpha }
    }),
  }))
}

function describe(
  plan: Plan,
  planned: AnyFusionTrial,
  trial: TrialResult,
  trials: readonly TrialResult[],
  { fusion, ablation }: FusionOutcome,
): { result: Omit<FusionResult, 'gains'>; gains: Omit<FusionGain, 'pAdjusted' | 'significant'>[] } {
  const { study } = plan
  const settings = study.comparison
  const first = study.measures[0]!.name
  const here = new Map(trials.filter((t) => t.collection === trial.collection).map((t) => [t.retriever, t]))
  const singles = singlesBelow(plan, planned.spec).map((id) => here.get(id)!)
  const best = singles.reduce((a, b) => ((b.mean[first] ?? -Infinity) > (a.mean[first] ?? -Infinity) ? b : a))
  const members = planned.spec.members.map((id) => here.get(id)!)
  const mine = asMap(trial.perQuery[first]!)
  const gains = study.measures.map(({ name }) => {
    const compared = comparePaired(asMap(best.perQuery[name]!), asMap(trial.perQuery[name]!), settings)
    return { measure: name, value: trial.mean[name] ?? null, bestValue: best.mean[name] ?? null, ...compared }
  })
  const oracle = meanOf([...mine.keys()].map((query) => Math.max(...members.map((m) => m.perQuery[first]![query]!))))
  const [value, bestValue] = [trial.mean[first] ?? null, best.mean[first] ?? null]
  const room = bestValue === null ? 0 : oracle - bestValue
  return {
    gains,
    result: {
      retriever: trial.retriever,
      collection: trial.collection,
      best: best.retriever,
      oracle: { value: oracle, closed: value === null || room <= 0 ? null : (value - bestValue!) / room },
      cost: {
        extraMsPerQuery: trial.cost.msPerQuery - best.cost.msPerQuery,
        extraIndexBytes: trial.cost.indexBytes - best.cost.indexBytes,
        ...encodingsOf(plan, planned),
      },
      members: members.map((member): FusionMember => {
        const ablated = ablation?.members.find((one) => one.member === member.retriever)
        return {
          member: member.retriever,
          alone: member.mean[first] ?? null,
          without: ablated === undefined ? null : (ablated.mean[first] ?? null),
          contribution: ablated === undefined ? null : comparePaired(asMap(ablated.perQuery), mine, settings),
          onlyFinder: ablated?.onlyFinder ?? null,
        }
      }),
      relevant: ablation?.relevant ?? null,
      learned: withValues(fusion?.learned ?? null, trial),
    },
  }
}

/** Learned elsewhere, a fusion is worth on the queries ranked what the trial measured. */
function withValues(learned: LearnedDetail | null, { mean }: TrialResult): LearnedDetail | null {
  if (learned === null) return null
  const parts = learned.parts.map((part) => ({
    ...part,
    rankedValue: part.rankedValue ?? mean[learned.measure] ?? null,
  }))
  return { ...learned, parts }
}

/** The retrievers at the bottom of a fusion, each once. */
function singlesBelow(plan: Plan, spec: FusionSpec): string[] {
  const below = spec.members.flatMap((id) => {
    const member = plan.study.retrievers.find((other) => other.id === id)!
    return member.kind === 'fusion' ? singlesBelow(plan, member) : [id]
  })
  return [...new Set(below)]
}

/** How many models a query, and a document, goes through: retrievers over the same vectors share one pass. */
function encodingsOf(plan: Plan, planned: PlannedTrial): { documentEncodings: number; queryEncodings: number } {
  const sets = { documents: new Set<string>(), queries: new Set<string>() }
  for (const id of singlesBelow(plan, planned.spec as FusionSpec)) {
    const trial = plan.trials.find((other) => other.spec.id === id && other.on === planned.on)
    if (trial?.kind !== 'dense') continue
    sets.documents.add(JSON.stringify(trial.artifacts.documents))
    sets.queries.add(JSON.stringify(trial.artifacts.queries))
  }
  return { documentEncodings: sets.documents.size, queryEncodings: sets.queries.size }
}

const asMap = (values: Readonly<Record<string, number>>) => new Map(Object.entries(values))
const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
