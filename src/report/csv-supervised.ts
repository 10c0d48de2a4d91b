import type { StudyResults } from '../study/results.ts'
import { TESTED_HEAD, testedCells } from './csv-tested.ts'
import { csvLine } from './csv-text.ts'

const HEAD = ['collection', 'measure', 'zero_shot', 'supervised', 'before', 'after', ...TESTED_HEAD, 'queries']

/** What training changed, a line for each pair, collection and measure. */
export function renderSupervisedCsv({ supervised = [] }: StudyResults): string {
  return [
    csvLine(HEAD),
    ...supervised.map((row) =>
      csvLine([
        row.collection,
        row.measure,
        row.zeroShot,
        row.supervised,
        row.before,
        row.after,
        ...testedCells(row),
        row.queries,
      ]),
    ),
  ].join('')
}
