import type { ComparisonResult } from '../study/results.ts'
import type { CsvValue } from './csv-text.ts'

/** A difference of two retrievers over paired queries, tested. */
type Tested = Pick<
  ComparisonResult,
  'difference' | 'interval' | 'p' | 'pAdjusted' | 'significant' | 'effect' | 'wins' | 'losses' | 'ties'
>

/** The columns of a tested difference, alike in every file. */
export const TESTED_HEAD = [
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
] as const

/** What stands in them; nothing where nothing was tested. */
export function testedCells(tested: Tested | undefined): CsvValue[] {
  if (tested === undefined) return TESTED_HEAD.map(() => null)
  const { difference, interval, p, pAdjusted, significant, effect, wins, losses, ties } = tested
  return [difference, ...interval, p, pAdjusted, significant, effect, wins, losses, ties]
}

/** The same by name. */
export function testedColumns(tested: Tested | undefined): Record<string, CsvValue> {
  const cells = testedCells(tested)
  return Object.fromEntries(TESTED_HEAD.map((name, i) => [name, cells[i]!]))
}
