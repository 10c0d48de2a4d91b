import { percent } from '../../data/lint/index.ts'
import type { Finding } from '../../data/types.ts'
import type { Ceiling, Twins } from '../../measure/ceiling/index.ts'
import type { SideTokens, Suspects, TokenLengths } from './types.ts'

/** A loss of less is below what any table shows. */
const LOSS = 0.00005
/** Above this share of cut texts, what is lost may decide between models. */
const CUT = 0.05

/** What identical documents cost. */
export function ceilingFindings(ceilings: readonly Ceiling[], twins: Twins): Finding[] {
  const capped = ceilings.filter(({ value, apart }) => value < apart - LOSS)
  if (twins.pairs === 0 || capped.length === 0) return []
  const listed = capped.map(
    ({ measure, value, apart }) =>
      `${measure} ${value.toFixed(4)}${apart < 1 - LOSS ? ` (${apart.toFixed(4)} without twins)` : ''}`,
  )
  return [
    {
      code: 'measures.ceiling',
      level: 'warning',
      count: twins.pairs,
      of: twins.of,
      message: `${twins.pairs} of ${twins.of} relevant judgments are of a document with an identical twin that is not judged relevant. The best that any retriever can expect is therefore ${listed.join(', ')}.`,
      examples: twins.examples,
      hint: 'Judge twins alike, or keep one of each; until then compare with the ceiling, not with 1.',
    },
  ]
}

/** How long texts are for each encoder, and how many it cuts. */
export function tokenFindings(tokens: readonly TokenLengths[]): Finding[] {
  return tokens.flatMap(({ encoder, documents, queries }) => [
    ...(documents === null ? [] : [tokenFinding(encoder, 'documents', documents)]),
    ...(queries === null ? [] : [tokenFinding(encoder, 'queries', queries)]),
  ])
}

function tokenFinding(encoder: string, what: 'documents' | 'queries', side: SideTokens): Finding {
  const { sampled, of, maxLength, truncated } = side
  const sample = sampled < of ? ' sampled' : ''
  return {
    code: `${what}.tokens`,
    level: truncated > CUT * sampled ? 'warning' : 'info',
    count: truncated,
    of: sampled,
    message: `${encoder} cuts ${truncated} of ${sampled}${sample} ${what} (${percent(truncated, sampled)}) at ${maxLength} tokens.`,
    examples: [],
    ...(truncated > 0
      ? { hint: 'Raise `maxLength` where the model can read more, or cut documents into passages.' }
      : {}),
  }
}

export function suspectFindings(suspects: Suspects | null): Finding[] {
  if (suspects === null || suspects.pairs === 0) return []
  const { pairs, above, queries, judgedQueries, retrievers, depth, agree, judged, examples } = suspects
  const shares = retrievers.map((name) => `${name} ${percent(judged[name]!, 1)}`)
  return [
    {
      code: 'qrels.suspected-false-negatives',
      level: 'info',
      count: queries,
      of: judgedQueries,
      message: `An estimate: ${pairs} unjudged documents stand among the first ${depth} of at least ${agree} of ${retrievers.length} retrievers, on ${queries} of ${judgedQueries} queries; ${above} of them above every relevant document. Judged among the first 10: ${shares.join(', ')}.`,
      examples: examples.slice(0, 5).map(({ query, document, ranks }) => {
        const places = Object.entries(ranks).map(([name, rank]) => `${name} ${rank ?? '–'}`)
        return `${query} → ${document} (${places.join(', ')})`
      }),
      hint: 'Read some: where many are relevant, small differences between retrievers say nothing.',
    },
  ]
}
