import type { StudyResults } from '../../study/results.ts'
import { correctionName, testName } from '../words.ts'

/** What the figures of the fusions mean: what every table of them must state. */
export function fusionSentence({ comparison, measures }: StudyResults): string {
  return (
    `Each fusion against the best single retriever that it is made of, chosen by the very ${measures[0] ?? 'figures'} reported, which favours that one: ` +
    `${testName(comparison)}, ${correctionName({ ...comparison }).replace('all retrievers', 'all fusions')}. ` +
    'Oracle: the best member for each query, which no rule can know; closed: the share of the way from the best single retriever to there. ' +
    'Costs are beyond the best single retriever; encodings: models that a document and a query go through in all.'
  )
}

export const ABLATION_SENTENCE =
  'Contribution: the fusion less itself without this member, learned anew where it is learned; p-values of contributions are not corrected. Only finder: relevant documents of the fusion’s first ten that this member alone has in its own first ten.'
