import type { StudyResults } from '../study/results.ts'
import { TESTED_HEAD, testedCells } from './csv-tested.ts'
import { csvLine } from './csv-text.ts'

const HEAD = [
  'collection',
  'content',
  'measure',
  'model',
  'against_model',
  'relation',
  'recipe',
  'training',
  'questions',
  'also_differs',
  'retriever',
  'against_retriever',
  'before',
  'after',
  ...TESTED_HEAD,
  'queries',
]

/** What specialisation did, a line for each pair of siblings, collection and measure. */
export function renderSpecialisationCsv({ specialisation }: StudyResults): string {
  return [
    csvLine(HEAD),
    ...(specialisation?.rows ?? []).map((row) =>
      csvLine([
        row.collection,
        specialisation!.contents[row.collection] ?? null,
        row.measure,
        row.model,
        row.againstModel,
        row.relation,
        row.recipe,
        row.training,
        row.asks.join(' '),
        row.differs.join(' '),
        row.specialised,
        row.against,
        row.before,
        row.after,
        ...testedCells(row),
        row.queries,
      ]),
    ),
  ].join('')
}

const SPREAD_HEAD = [
  'collection',
  'measure',
  'base',
  'models',
  'recipe',
  'trained_recipe',
  'training',
  'engine',
  'dtype',
  'trained_engine',
  'trained_dtype',
  'statistic',
  'before',
  'after',
  'change',
  'interval_low',
  'interval_high',
  'queries',
]

/** How far siblings lie apart as they are and trained, a line for the range and one for the standard deviation of each. */
export function renderSpreadsCsv({ specialisation }: StudyResults): string {
  return [
    csvLine(SPREAD_HEAD),
    ...(specialisation?.spreads ?? []).flatMap((spread) =>
      (['range', 'deviation'] as const).map((statistic) =>
        csvLine([
          spread.collection,
          spread.measure,
          spread.base,
          spread.models.join(' '),
          spread.recipe,
          spread.trainedRecipe,
          spread.training,
          spread.engine,
          spread.dtype,
          spread.trainedEngine,
          spread.trainedDtype,
          statistic,
          spread[statistic].before,
          spread[statistic].after,
          spread[statistic].after - spread[statistic].before,
          ...spread[statistic].interval,
          spread.queries,
        ]),
      ),
    ),
  ].join('')
}
