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

/** Heads of the columns that tell a tested difference of two models. */
export function testedHead(comparison: ComparisonSettings, difference = 'Difference'): string[] {
  return [
    'Before',
    'After',
    difference,
    `${intervalLevel(comparison)} interval`,
    'p',
    'p adjusted',
    'Wins / losses / ties',
  ]
}

/**
 * What was tested and how, over how many queries and how deep: what every table with marks must state. The marks are explained only
 * where there can be some.
 */
export function methodSentence(results: StudyResults): string {
  return [testedSentence(results), ...sampledSentences(results)].join(' ')
}

/** Numbers over a sample are not those of the collection by whose name people know it: every table must say so. */
export function sampledSentences({ collections }: StudyResults): string[] {
  return collections.flatMap(({ name, findings }) =>
    findings
      .filter(({ code }) => code === 'collection.sampled')
      .map(
        ({ count, of }) =>
          `${name} is a sample (${formatCount(count)} of ${formatCount(of)} documents): its scores are not those of the whole and cannot be compared with published ones.`,
      ),
  )
}

function testedSentence(results: StudyResults): string {
  const { comparison } = results
  const counts = list(results.collections.map((c) => `${c.name} ${formatCount(c.queries)}`))
  const queries = `Queries: ${counts}. Runs are ${formatCount(results.depth)} documents deep.`
  if (results.comparisons.length > 0)
    return (
      `▲ significantly better, ▼ significantly worse than the baseline ${comparison.baseline}: ${testName(comparison)}, ` +
      `${correctionName(comparison)}, α = ${comparison.alpha}. ${queries}`
    )
  const why = whyNothingTested(results)
  return why === null ? queries : `${why} ${queries}`
}

/** Why the study holds no comparison; null when it holds some, or when a single retriever has nothing to be compared with. */
export function whyNothingTested(results: StudyResults): string | null {
  if (results.comparisons.length > 0 || results.retrievers.length < 2) return null
  const { baseline } = results.comparison
  return baseline === null
    ? 'No baseline was set, so no difference was tested.'
    : `No difference to the baseline ${baseline} was tested: on no collection do both it and another retriever have a result.`
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

/** One line per finding that decides whether a collection's numbers can be used: `nfcorpus: 80 of 3633 documents …`. */
export function warningLines(results: StudyResults): string[] {
  return results.collections.flatMap((c) =>
    c.findings.filter((f) => f.level === 'warning').map((f) => `${c.name}: ${f.message}`),
  )
}

export interface SharedWarning {
  readonly warning: string
  /** `minilm on scifact`, or `minilm on all collections`: one entry per retriever. */
  readonly places: readonly string[]
}

/** Warnings of the trials; one that many trials share is told once, with the places where it holds. */
export function trialWarnings(results: StudyResults): SharedWarning[] {
  const byText = new Map<string, Map<string, string[]>>()
  for (const { retriever, collection, warnings } of results.trials)
    for (const warning of warnings) {
      const places = byText.get(warning) ?? new Map<string, string[]>()
      byText.set(warning, places.set(retriever, [...(places.get(retriever) ?? []), collection]))
    }
  const all = results.collections.length
  return [...byText].map(([warning, places]) => ({
    warning,
    places: [...places].map(([retriever, on]) =>
      all > 1 && on.length === all ? `${retriever} on all collections` : `${retriever} on ${list(on)}`,
    ),
  }))
}
