import type { LongWork } from '../../core/progress.ts'
import type { FileCollection } from '../collection.ts'
import { openCollection } from '../open.ts'
import type { CollectionContext, CollectionSpec } from '../spec.ts'
import { countJudgments, qrelsHash, summarise, summariseQueries } from '../summary.ts'
import type { Expectation } from './expectation.ts'

/** What a collection holds, with all its splits: what `--pin` prints, and an expectation reads. */
export interface Holdings {
  readonly name: string
  readonly source: string
  /** `owner/name@commit` of what was fetched; empty for local files. */
  readonly repositories: readonly string[]
  readonly documents: number
  readonly corpusHash: string
  readonly splits: Readonly<
    Record<
      string,
      { readonly queries: number; readonly judgments: number; readonly queriesHash: string; readonly qrelsHash: string }
    >
  >
}

/** One thing that was compared. */
export interface Comparison {
  /** Who states what is expected. */
  readonly against: string
  /** `documents`, `test queries`, `corpus hash` … */
  readonly field: string
  /** Null where nobody has stated it; then it is not compared. */
  readonly expected: number | string | null
  /** Null where the collection lacks the split. */
  readonly found: number | string | null
}

export type Verdict = 'agrees' | 'differs' | 'unknown'

/** What all comparisons of a collection come to; `unknown` where nobody has stated anything. */
export function verdictOf(comparisons: readonly Comparison[]): Verdict {
  const stated = comparisons.filter(({ expected }) => expected !== null)
  if (stated.length === 0) return 'unknown'
  return stated.every(({ expected, found }) => expected === found) ? 'agrees' : 'differs'
}

/**
 * Reads a whole collection, its corpus once and each of its splits.
 *
 * @param known Splits that it should have; one of them is asked for where there is no split `test`.
 * @throws FieldtrialError as `openCollection` and `summarise`.
 */
export async function takeStock(
  spec: CollectionSpec,
  context: CollectionContext,
  work: LongWork = {},
  known: readonly string[] = [],
): Promise<Holdings> {
  const { onNotice: _, ...silent } = context
  const first = await openAny(spec, context, known)
  const summary = await summarise(first, work)
  const splits: Record<string, Holdings['splits'][string]> = {}
  for (const split of first.splits) {
    if (split === first.split) {
      const { queries, judgments, queriesHash, qrelsHash } = summary
      splits[split] = { queries, judgments, queriesHash, qrelsHash }
      continue
    }
    const collection = await openCollection({ ...spec, split }, silent)
    const [queries, qrels] = [await collection.queries(), await collection.qrels()]
    splits[split] = {
      queries: queries.length,
      judgments: countJudgments(qrels),
      queriesHash: (await summariseQueries(queries)).hash,
      qrelsHash: qrelsHash(qrels),
    }
  }
  return {
    name: first.name,
    source: first.source,
    repositories: first.repositories,
    documents: summary.documents,
    corpusHash: summary.corpusHash,
    splits,
  }
}

/** Any split will do for the corpus: a collection may have none that is called `test`. */
async function openAny(
  spec: CollectionSpec,
  context: CollectionContext,
  splits: readonly string[],
): Promise<FileCollection> {
  try {
    return await openCollection(spec, context)
  } catch (error) {
    const [split] = splits
    if (spec.split !== undefined || split === undefined) throw error
    return openAny({ ...spec, split }, context, [])
  }
}

/** Compares what a collection holds with what is stated of it, field by field. */
export function compareHoldings(held: Holdings, expected: Expectation): Comparison[] {
  const { against } = expected
  const row = (field: string, stated: number | string | null | undefined, found: number | string | null) => ({
    against,
    field,
    expected: stated ?? null,
    found,
  })
  return [
    row('documents', expected.documents, held.documents),
    row('corpus hash', expected.corpusHash, held.corpusHash),
    ...Object.entries(expected.splits).flatMap(([split, stated]) => {
      const found = held.splits[split]
      return [
        row(`${split} queries`, stated.queries, found?.queries ?? null),
        row(`${split} judgments`, stated.judgments, found?.judgments ?? null),
        row(`${split} queries hash`, stated.queriesHash, found?.queriesHash ?? null),
        row(`${split} qrels hash`, stated.qrelsHash, found?.qrelsHash ?? null),
      ]
    }),
  ]
}
