import type { CollectionEvidence, Evidence, StudyResults, TrialResult } from '../study/results.ts'

/**
 * What the page holds, in parts that it parses only when they are looked at: the results without values per query, and for each
 * collection its values per query and its texts.
 */
export interface PageData {
  /** `perQuery` of every trial is empty here; see `scores`. */
  readonly results: StudyResults
  /** Beside `results.collections`, index by index. */
  readonly scores: readonly CollectionScores[]
  /** Beside `results.collections`; null where no texts were kept. */
  readonly evidence: readonly (CollectionEvidence | null)[]
}

/** Values per query as columns: ids are written once, not once per retriever and measure. */
export interface CollectionScores {
  readonly queries: readonly string[]
  /** Retriever → measure → values beside `queries`; null where the run has none (the mean counts it as 0). */
  readonly values: Readonly<Record<string, Readonly<Record<string, readonly (number | null)[]>>>>
}

/** Two more digits than any table shows; keeps a large report half as large. */
const DECIMALS = 1e6

export function pageData(results: StudyResults, evidence: Evidence): PageData {
  return {
    results: { ...results, trials: results.trials.map((trial) => ({ ...trial, perQuery: {} })) },
    scores: results.collections.map((collection) =>
      columns(
        results.measures,
        results.trials.filter((trial) => trial.collection === collection.name && trial.status === 'done'),
      ),
    ),
    evidence: results.collections.map((c) => evidence.collections.find((e) => e.collection === c.name) ?? null),
  }
}

function columns(measures: readonly string[], trials: readonly TrialResult[]): CollectionScores {
  const queries = new Set<string>()
  for (const trial of trials)
    for (const measure of measures) for (const query of Object.keys(trial.perQuery[measure] ?? {})) queries.add(query)
  const ids = [...queries]
  const byMeasure = (trial: TrialResult) =>
    Object.fromEntries(
      measures.map((measure) => {
        const byQuery = trial.perQuery[measure] ?? {}
        return [measure, ids.map((id) => (Object.hasOwn(byQuery, id) ? round(byQuery[id]!) : null))]
      }),
    )
  return { queries: ids, values: Object.fromEntries(trials.map((trial) => [trial.retriever, byMeasure(trial)])) }
}

const round = (value: number) => Math.round(value * DECIMALS) / DECIMALS
