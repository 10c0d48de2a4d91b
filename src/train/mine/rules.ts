import { FieldtrialError } from '../../core/errors.ts'

/** With which of a query's positives candidates are compared: the lowest score, the mean of those that were found, or the highest. */
export type Against = 'worst' | 'mean' | 'best'

/** Which of the documents that a retriever ranks for a query become its negatives. */
export interface MiningRules {
  /** First and last rank taken, counted from 1 over all documents of the ranking, positives included. */
  readonly from: number
  readonly to: number
  /** Negatives per query, at most. */
  readonly negatives: number
  /** `top`: the highest ranks; `random`: drawn from all that are left. */
  readonly sample: 'top' | 'random'
  /** A candidate's score must be lower than the positive's by this much; null: no such margin. */
  readonly absoluteMargin: number | null
  /**
   * A candidate's score must be lower than the positive's by this share of its size: 0.05 keeps what is at most 95 % of it, which is
   * NV-Retriever's TopK-PercPos (Moreira et al. 2024, arXiv:2407.15831). Null: no such margin.
   */
  readonly relativeMargin: number | null
  readonly against: Against
  /** Candidates with a higher score are left out; null: none. */
  readonly maxScore: number | null
  /** Judgments from this grade on are positives; those between 0 and it are neither positives nor negatives. */
  readonly positiveGrade: number
  readonly seed: number
}

/** Ranks that negatives come from: with a margin the first below it, however deep (NV-Retriever); without one, as Tevatron's MS MARCO sets. */
export const LAST_RANK = { margin: 1000, none: 200 } as const

/**
 * 15 negatives as RepLLaMA trains with, and NV-Retriever's 95 %. sentence-transformers' `mine_hard_negatives` compares with the lowest-scored
 * positive, which leaves queries with many positives without negatives; for those with one, all three are the same.
 */
export const DEFAULT_RULES: MiningRules = {
  from: 1,
  to: LAST_RANK.margin,
  negatives: 15,
  sample: 'top',
  absoluteMargin: null,
  relativeMargin: 0.05,
  against: 'mean',
  maxScore: null,
  positiveGrade: 1,
  seed: 42,
}

/** Whether candidates are compared with positives at all. */
export function hasMargin({ absoluteMargin, relativeMargin }: MiningRules): boolean {
  return absoluteMargin !== null || relativeMargin !== null
}

/**
 * Rules with the defaults filled in: {@link DEFAULT_RULES}, and without a margin the last rank is {@link LAST_RANK}'s.
 *
 * @throws FieldtrialError `USAGE` for a rule out of range.
 */
export function miningRules(given: Partial<MiningRules>): MiningRules {
  const filled = { ...DEFAULT_RULES, ...given }
  const rules = given.to === undefined && !hasMargin(filled) ? { ...filled, to: LAST_RANK.none } : filled
  const { from, to, negatives, absoluteMargin, relativeMargin, positiveGrade } = rules
  const whole = (name: string, value: number, least: number) => {
    if (!Number.isSafeInteger(value) || value < least)
      throw bad(name, `${name} must be a whole number from ${least}, not ${value}.`)
  }
  whole('from', from, 1)
  whole('to', to, 1)
  whole('negatives', negatives, 1)
  whole('positiveGrade', positiveGrade, 1)
  whole('seed', rules.seed, 0)
  if (to < from) throw bad('to', `The window of ranks ends at ${to}, before it begins at ${from}.`)
  if (to - from + 1 < negatives)
    throw bad('negatives', `${negatives} negatives do not fit into the ranks ${from} to ${to}.`)
  if (relativeMargin !== null && !(relativeMargin >= 0 && relativeMargin < 1))
    throw bad('relativeMargin', `The relative margin must be from 0 to below 1, not ${relativeMargin}.`)
  if (absoluteMargin !== null && !(absoluteMargin >= 0 && Number.isFinite(absoluteMargin)))
    throw bad('absoluteMargin', `The absolute margin must be 0 or more, not ${absoluteMargin}.`)
  if (rules.maxScore !== null && !Number.isFinite(rules.maxScore))
    throw bad('maxScore', `The highest score must be a number, not ${rules.maxScore}.`)
  return rules
}

/** What a rule is called on the command line. */
const FLAGS: Readonly<Record<string, string>> = {
  from: '--range',
  to: '--range',
  negatives: '--negatives',
  relativeMargin: '--relative-margin',
  absoluteMargin: '--absolute-margin',
  maxScore: '--max-score',
  positiveGrade: '--positive-grade',
  seed: '--seed',
}

function bad(field: string, message: string): FieldtrialError {
  return new FieldtrialError('USAGE', message, {
    where: { field: FLAGS[field] ?? field },
    hint: 'For example --range 1-200 --negatives 15 --relative-margin 0.05.',
  })
}
