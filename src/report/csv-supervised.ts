import type { StudyResults } from '../study/results.ts'
import { csvLine } from './csv-text.ts'

const HEAD = [
  'collection',
  'measure',
  'zero_shot',
  'supervised',
  'before',
  'after',
  'difference',
  'interval_low',
  'interval_high',
  'p',
  'p_adjusted',
  'significant',
  'effect',
  'wins',
  'losses',
  'ties',
  'queries',
]

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
        row.difference,
        ...row.interval,
        row.p,
        row.pAdjusted,
        String(row.significant),
        row.effect,
        row.wins,
        row.losses,
        row.ties,
        row.queries,
      ]),
    ),
  ].join('')
}
