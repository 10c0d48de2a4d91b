import { FieldtrialError } from '../../core/errors.ts'
import { didYouMean } from '../../core/suggest.ts'
import { benjaminiHochberg } from './corrections/benjamini-hochberg.ts'
import { benjaminiYekutieli } from './corrections/benjamini-yekutieli.ts'
import { bonferroni } from './corrections/bonferroni.ts'
import { hochberg } from './corrections/hochberg.ts'
import { holm } from './corrections/holm.ts'
import { holmSidak } from './corrections/holm-sidak.ts'
import { hommel } from './corrections/hommel.ts'

const RULES = {
  holm,
  'benjamini-hochberg': benjaminiHochberg,
  bonferroni,
  'holm-sidak': holmSidak,
  hochberg,
  hommel,
  'benjamini-yekutieli': benjaminiYekutieli,
  none: (p: readonly number[]) => [...p],
} as const

export type Correction = keyof typeof RULES

/** Names of the corrections for multiple comparisons; the first is the default. */
export const CORRECTIONS = Object.keys(RULES) as readonly Correction[]

/**
 * p-values corrected for their number, in the order given; each is to be held against alpha itself.
 *
 * @throws FieldtrialError `USAGE` for an unknown correction, `INTERNAL` for a value that is no probability
 */
export function adjust(pValues: readonly number[], correction: Correction): number[] {
  const rule = Object.hasOwn(RULES, correction) ? RULES[correction] : undefined
  if (rule === undefined)
    throw new FieldtrialError('USAGE', `There is no correction ${correction}.`, {
      hint: didYouMean(correction, CORRECTIONS),
    })
  const wrong = pValues.find((p) => !(p >= 0 && p <= 1))
  if (wrong !== undefined) throw new FieldtrialError('INTERNAL', `${wrong} is no p-value.`)
  return rule(pValues)
}
