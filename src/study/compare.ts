import { adjust, comparePaired } from '../measure/index.ts'
import type { ComparisonResult, ComparisonSettings, TrialResult } from './results.ts'

/**
 * Tests every retriever against the baseline on every collection and measure, paired over the queries that both were measured on.
 * P values are corrected within one collection and measure: that is the family of claims that a row of the table makes.
 */
export function compareTrials(
  trials: readonly TrialResult[],
  measures: readonly string[],
  settings: ComparisonSettings,
): ComparisonResult[] {
  const results: ComparisonResult[] = []
  for (const collection of new Set(trials.map((t) => t.collection))) {
    const here = trials.filter((t) => t.collection === collection && t.status === 'done')
    const baseline = here.find((t) => t.retriever === settings.baseline)
    if (!baseline) continue
    for (const measure of measures) {
      const values = baseline.perQuery[measure]
      if (!values || Object.keys(values).length === 0) continue
      const family = here.flatMap((trial) => {
        const other = trial.perQuery[measure]
        if (trial === baseline || !other) return []
        const compared = comparePaired(new Map(Object.entries(values)), new Map(Object.entries(other)), settings)
        return [{ collection, measure, baseline: baseline.retriever, retriever: trial.retriever, ...compared }]
      })
      const adjusted = adjust(
        family.map((one) => one.p),
        settings.correction,
      )
      for (const [i, one] of family.entries())
        results.push({ ...one, pAdjusted: adjusted[i]!, significant: adjusted[i]! < settings.alpha })
    }
  }
  return results
}
