import type { ComparisonSettings, StudyResults, TrialResult } from '../study/results.ts'
import { formatCount, list, plural } from './format.ts'

/** The comparison's test in words, e.g. `paired randomisation test (20,000 resamples)`. */
export function testName(comparison: ComparisonSettings): string {
  if (comparison.test === 't-test') return 'paired t-test (two-sided)'
  const name = comparison.test === 'randomisation' ? 'paired randomisation test' : 'paired bootstrap test'
  return `${name} (two-sided, ${formatCount(comparison.resamples)} resamples, seed ${comparison.seed})`
}

/** The correction in words, with the family that it covers. */
export function correctionName(comparison: ComparisonSettings): string {
  if (comparison.correction === 'none') return 'no correction for multiple comparisons'
  const name = comparison.correction === 'holm' ? 'Holm' : 'Benjamini–Hochberg'
  return `${name} correction over all retrievers of one collection and measure`
}

/** `95 %` for alpha 0.05. */
export function intervalLevel(comparison: ComparisonSettings): string {
  return `${Number(((1 - comparison.alpha) * 100).toFixed(4))} %`
}

/** What was tested and how, in one sentence; what every table with marks must state. */
export function methodSentence(results: StudyResults): string {
  const { comparison } = results
  const counts = list(results.collections.map((c) => `${c.name} ${formatCount(c.queries)}`))
  const queries = `Queries: ${counts}. Runs are ${formatCount(results.depth)} documents deep.`
  if (comparison.baseline === null) return `No baseline was set, so no difference was tested. ${queries}`
  return (
    `▲ significantly better, ▼ significantly worse than the baseline ${comparison.baseline}: ${testName(comparison)}, ` +
    `${correctionName(comparison)}, α = ${comparison.alpha}. ${queries}`
  )
}

/** Why the numbers of a smoke run are not results. Null when it is none. */
export function smokeSentence(results: StudyResults): string | null {
  if (results.smoke === null) return null
  return `Smoke run (limit ${formatCount(results.smoke.limit)}): the numbers only show that the study works. Do not publish or compare them.`
}

/** One line per failed trial: where and why. */
export function failureSentence(trial: TrialResult): string {
  const why = trial.error ? `${trial.error.message} [${trial.error.code}]` : 'no reason was recorded'
  return `${trial.retriever} on ${trial.collection} failed: ${why}`
}

/** `2 of 6 trials failed.` Null when none did. */
export function failureSummary(results: StudyResults): string | null {
  const failed = results.trials.filter((trial) => trial.status === 'failed').length
  if (failed === 0) return null
  return `${formatCount(failed)} of ${plural(results.trials.length, 'trial')} failed. Their places in the tables are empty.`
}
