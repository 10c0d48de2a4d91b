import type { Document, Query } from '../../data/index.ts'
import type { Placed } from './candidates.ts'
import type { Chosen } from './choose.ts'

/** A positive of a mined query, with its place in the first ranking that holds it. */
export interface MinedPositive {
  readonly document: Document
  readonly grade: number
  readonly placed: Placed | null
  readonly teacher: number | null
}

export interface MinedNegative extends Chosen {
  readonly document: Document
  /** Where it is judged: 0 or below. */
  readonly grade: number | undefined
}

/** A line of a mined file: Tevatron's layout, with rank and score of the retriever and the filter's score beside each passage. */
export function lineOf(query: Query, positives: readonly MinedPositive[], negatives: readonly MinedNegative[]): string {
  const passage = ({ id, title, text }: Document) => ({ docid: id, title, text })
  const teacher = (score: number | null) => (score === null ? {} : { teacher_score: score })
  return `${JSON.stringify({
    query_id: query.id,
    query: query.text,
    positive_passages: positives.map(({ document, grade, placed, teacher: score }) => ({
      ...passage(document),
      grade,
      rank: placed?.rank ?? null,
      score: placed?.score ?? null,
      ...teacher(score),
    })),
    negative_passages: negatives.map(({ document, rank, score, retriever, grade, teacher: opinion }) => ({
      ...passage(document),
      retriever,
      rank,
      score,
      ...(grade === undefined ? {} : { grade }),
      ...teacher(opinion),
    })),
  })}\n`
}
