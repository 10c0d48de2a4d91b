import { adjust, comparePaired } from '../../measure/index.ts'
import type { ComparisonResult, ComparisonSettings, RetrieverResult, TrialResult } from '../results.ts'
import { specialisedPairs } from './pairs.ts'
import type { PlaceGroup } from './places.ts'
import {
  type ContentLabel,
  QUESTIONS,
  type SpecialisationAnswer,
  type SpecialisationResults,
  type SpecialisedPair,
  type SpecialisedRow,
} from './results.ts'
import { spreadsOf } from './siblings.ts'

/** What of a study's results the comparison of siblings is made from. */
export interface SpecialisationInput {
  readonly trials: readonly TrialResult[]
  readonly measures: readonly string[]
  readonly comparison: ComparisonSettings
  readonly comparisons: readonly ComparisonResult[]
  readonly retrievers: readonly Pick<RetrieverResult, 'id' | 'kind'>[]
  readonly contents: ReadonlyMap<string, ContentLabel | null>
}

/**
 * What specialisation did: siblings against what they were made of, paired over queries, with the study's own test; p values are corrected over all
 * pairs of one collection and measure.
 *
 * @returns undefined where no pair of siblings has results.
 * @throws FieldtrialError `DATA_INVALID` where two trials of one collection were not measured over the same queries.
 */
export function compareSpecialised(
  groups: readonly PlaceGroup[],
  input: SpecialisationInput,
): SpecialisationResults | undefined {
  const pairs = groups.flatMap(specialisedPairs)
  if (pairs.length === 0) return undefined
  const collections = [...new Set(input.trials.map(({ collection }) => collection))]
  const done = new Map(
    collections.map((name) => [
      name,
      new Map(
        input.trials.flatMap((trial) =>
          trial.collection === name && trial.status === 'done' ? [[trial.retriever, trial] as const] : [],
        ),
      ),
    ]),
  )
  const each = <T>(make: (collection: string, measure: string, here: ReadonlyMap<string, TrialResult>) => T[]) =>
    collections.flatMap((name) => input.measures.flatMap((measure) => make(name, measure, done.get(name)!)))
  const rows = each((collection, measure, here) => rowsOf(pairs, collection, measure, here, input.comparison))
  if (rows.length === 0) return undefined
  return {
    contents: Object.fromEntries(collections.map((name) => [name, input.contents.get(name) ?? null])),
    rows,
    answers: [...answersOf(rows), ...againstBm25(rows, groups, input)],
    spreads: each((collection, measure, here) =>
      spreadsOf(groups, { collection, measure, here, settings: input.comparison }),
    ),
  }
}

function rowsOf(
  pairs: readonly SpecialisedPair[],
  collection: string,
  measure: string,
  here: ReadonlyMap<string, TrialResult>,
  settings: ComparisonSettings,
): SpecialisedRow[] {
  const family = pairs.flatMap((pair) => {
    const [before, after] = [here.get(pair.against), here.get(pair.specialised)]
    const [from, to] = [before?.perQuery[measure], after?.perQuery[measure]]
    if (!from || !to || Object.keys(from).length === 0) return []
    const compared = comparePaired(new Map(Object.entries(from)), new Map(Object.entries(to)), settings)
    const values = { before: before!.mean[measure] ?? null, after: after!.mean[measure] ?? null }
    return [{ ...pair, collection, measure, ...values, ...compared }]
  })
  const adjusted = adjust(
    family.map(({ p }) => p),
    settings.correction,
  )
  return family.map((row, i) => ({ ...row, pAdjusted: adjusted[i]!, significant: adjusted[i]! < settings.alpha }))
}

type Outcome = Pick<SpecialisedRow, 'significant' | 'difference'>

function counted(
  key: Pick<SpecialisationAnswer, 'question' | 'collection' | 'measure' | 'trained'>,
  outcomes: readonly Outcome[],
): SpecialisationAnswer[] {
  if (outcomes.length === 0) return []
  const better = outcomes.filter(({ significant, difference }) => significant && difference > 0).length
  const worse = outcomes.filter(({ significant, difference }) => significant && difference < 0).length
  return [{ ...key, better, worse, open: outcomes.length - better - worse }]
}

/** Counts of outcomes, question by question, as models are and trained, in the order of the rows. */
function answersOf(rows: readonly SpecialisedRow[]): SpecialisationAnswer[] {
  const places = new Map<string, SpecialisedRow[]>()
  for (const row of rows) {
    const key = JSON.stringify([row.collection, row.measure])
    places.set(key, [...(places.get(key) ?? []), row])
  }
  return QUESTIONS.flatMap((question) =>
    [...places.values()].flatMap((here) =>
      [false, true].flatMap((trained) => {
        const { collection, measure } = here[0]!
        const asked = here.filter((row) => row.asks.includes(question) && (row.training !== null) === trained)
        return counted({ question, collection, measure, trained }, asked)
      }),
    ),
  )
}

/** The study's own comparisons with its baseline, where that is BM25, of all retrievers that stand in a pair. */
function againstBm25(
  rows: readonly SpecialisedRow[],
  groups: readonly PlaceGroup[],
  { comparison, comparisons, retrievers }: SpecialisationInput,
): SpecialisationAnswer[] {
  const baseline = retrievers.find(({ id }) => id === comparison.baseline)
  if (baseline?.kind !== 'bm25') return []
  const paired = new Set(rows.flatMap(({ specialised, against }) => [specialised, against]))
  const trainedIds = new Set(
    groups.flatMap(({ training, places }) => (training === null ? [] : places.map((p) => p.id))),
  )
  const keys = new Map(
    rows.map(({ collection, measure }) => [JSON.stringify([collection, measure]), { collection, measure }]),
  )
  return [...keys.values()].flatMap(({ collection, measure }) =>
    [false, true].flatMap((trained) =>
      counted(
        { question: 'bm25', collection, measure, trained },
        comparisons.filter(
          (one) =>
            one.collection === collection &&
            one.measure === measure &&
            paired.has(one.retriever) &&
            trainedIds.has(one.retriever) === trained,
        ),
      ),
    ),
  )
}
