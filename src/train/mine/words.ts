import type { Drop } from './candidates.ts'
import type { MinedCard } from './card.ts'

/** Why documents within the window became no negatives, in words. */
const DROP_WORDS: Readonly<Record<Drop, string>> = {
  positive: 'positives themselves',
  'between-grades': 'judged relevant in part',
  self: 'the query itself',
  absent: 'not in the corpus',
  empty: 'without text',
  'same-text': 'of the same text as a positive',
  'near-same-text': 'of the same words as a positive',
  margin: 'too near to the positive’s score',
  'max-score': 'above the highest score allowed',
  repeated: 'of the same words as another candidate',
  vetoed: 'too near for another retriever',
  filter: 'taken for answers by the filter',
  unclear: 'on which the filter gave no clear answer',
}

/** What a mined file holds, and how far to trust it, as sentences. */
export function countLines({ counts, falseNegatives, rules, retrievers, filter }: MinedCard): string[] {
  const { queries, written, withoutPositive, withoutNegatives, positiveUnfound, fewer, negatives, judgedNegatives } =
    counts
  const drops = Object.entries(counts.drops).sort(([, a], [, b]) => b - a)
  return [
    `${whole(written)} of ${whole(queries)} queries with ${whole(negatives)} negatives from ${retrievers.map(({ summary }) => summary).join('; ')}.`,
    ...(filter === null ? [] : [`Filter: ${filter.summary}.`]),
    ...(withoutPositive > 0
      ? [`${whole(withoutPositive)} queries have no positive in the corpus and are left out.`]
      : []),
    ...(withoutNegatives > 0
      ? [
          `${whole(withoutNegatives)} queries found no negative and are left out${positiveUnfound > 0 ? `; for ${whole(positiveUnfound)} of them a positive lies beyond the depth of the rankings (raise --depth, or measure from --against best)` : ''}.`,
        ]
      : []),
    ...(fewer > 0 ? [`${whole(fewer)} queries have fewer than ${rules.negatives} negatives.`] : []),
    ...(judgedNegatives > 0 ? [`${whole(judgedNegatives)} negatives are judged not relevant.`] : []),
    ...(drops.length > 0
      ? [`Left out: ${drops.map(([drop, n]) => `${whole(n)} ${DROP_WORDS[drop as Drop]}`).join(', ')}.`]
      : []),
    falseNegativeLine(falseNegatives),
  ]
}

function falseNegativeLine(found: MinedCard['falseNegatives']): string {
  if (found === null)
    return 'False negatives: not estimated; that takes queries with two positives or more, of which some can be hidden.'
  const { rate, interval, queries, hidden, passed } = found
  return `False negatives: ${percent(rate)} of the negatives (95 % interval ${percent(interval[0])} to ${percent(interval[1])}) would be relevant if ${Math.round(hidden * 100)} % of the positives were unjudged, measured by hiding so many in ${whole(queries)} queries${passed === null ? '' : `; ${percent(passed)} of the hidden ones within the window became negatives`}.`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

function whole(number: number): string {
  return number.toLocaleString('en')
}
