import { stat } from 'node:fs/promises'
import { writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import { fingerprint, type Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import { VERSION } from '../../core/version.ts'
import type { Workspace } from '../../core/workspace.ts'
import { hashFile } from '../../study/artifact.ts'
import type { PlannedCollection } from '../../study/plan.ts'
import type { Study } from '../../study/study.ts'
import { cardFile, MINED_FORMAT, MINED_VERSION, type MinedCard, readMinedCard } from './card.ts'
import { mineChunk } from './chunk.ts'
import { queryChunks } from './chunks.ts'
import { falseNegatives, roundsOf } from './estimate.ts'
import type { NegativeFilter } from './filter.ts'
import { addStats, noStats, Parts } from './parts.ts'
import type { MiningRules } from './rules.ts'
import { type MiningRuns, makeRuns } from './runs.ts'

export interface MineOptions {
  readonly rules: MiningRules
  /** Documents of every ranking: no fewer than the window needs; with margins, deep enough that positives are found. */
  readonly depth: number
  /** Retrievers, as a study resolves them. Its collections count for nothing. */
  readonly study: Study
  /** TREC runs over the same documents. */
  readonly runFiles: readonly string[]
  readonly filter: NegativeFilter | null
  /** Candidates that the filter is asked about at most for a query. */
  readonly shortlist: number
  /** Whether the rate of false negatives is estimated. */
  readonly estimate: boolean
}

/** Queries whose negatives are written at a time; with a filter, which is slow, fewer are lost by a kill. */
const PART = 2000
const FILTERED_PART = 100

/**
 * Mines hard negatives for the queries of a collection into a file in Tevatron's layout, with a card beside it. What determines the file
 * is its fingerprint: mined already, it is left as it is; stopped, work goes on from the last part.
 *
 * @throws FieldtrialError `USAGE` where the file is there and is none of ours; `DATA_INVALID` where nothing was mined; `DISK_FULL`,
 *   `CANCELLED`, and what retrievers and filters throw.
 */
export async function mine(
  on: PlannedCollection,
  options: MineOptions,
  output: string,
  workspace: Workspace,
  work: LongWork & { readonly offline?: boolean } = {},
): Promise<{ card: MinedCard; made: boolean }> {
  await requireOurs(output)
  const { rules, depth, filter } = options
  const texts = filter === null ? rules.negatives : options.shortlist
  const retrievers = options.study.retrievers.length + options.runFiles.length
  const chunks = await queryChunks(on, { entries: depth * retrievers, texts })
  const runs = await makeRuns(
    options.study,
    Math.min(depth, on.summary.documents),
    options.runFiles,
    chunks,
    workspace,
    work,
  )
  requireMiners(runs)
  const key = fingerprint(identityOf(on, options, runs))
  const before = await readMinedCard(output)
  if (before?.fingerprint === key && (await hashFile(output).catch(() => null)) === before.output.sha256)
    return { card: before, made: false }
  const parts = new Parts(workspace.path('cache', 'mined', key))
  const sum = noStats()
  let number = 0
  for (const chunk of chunks) {
    throwIfAborted(work.signal)
    const made = await mineChunk(
      chunk,
      { ...options, part: filter === null ? PART : FILTERED_PART },
      runs,
      parts,
      number,
      work,
    )
    for (const stats of made) addStats(sum, stats)
    number += made.length
  }
  if (sum.written === 0) throw nothingMined(on, sum)
  await parts.join(number, output)
  const { outcomes, hiddenShares, ...counts } = sum
  const { summary, collection } = on
  const card: MinedCard = {
    format: MINED_FORMAT,
    version: MINED_VERSION,
    fieldtrial: VERSION,
    fingerprint: key,
    source: {
      given: on.given,
      split: collection.split,
      documents: summary.documents,
      corpusHash: summary.corpusHash,
      queriesHash: summary.queriesHash,
      qrelsHash: summary.qrelsHash,
      removeSelf: collection.removeSelf,
    },
    retrievers: runs.retrievers.map(({ id, kind, summary: line }) => ({ id, kind, summary: line })),
    depth,
    rules,
    filter: filter && { summary: filter.summary, shortlist: options.shortlist, identity: filter.identity },
    counts,
    falseNegatives: falseNegatives(outcomes, hiddenShares, roundsOf(filter !== null), rules.seed),
    output: { sha256: await hashFile(output) },
  }
  await writeAtomic(cardFile(output), `${JSON.stringify(card, null, 1)}\n`)
  await parts.remove()
  return { card, made: true }
}

function identityOf(on: PlannedCollection, options: MineOptions, runs: MiningRuns): Json {
  return {
    artifact: 'mined',
    version: MINED_VERSION,
    collection: on.fingerprint,
    retrievers: runs.retrievers.map(({ id, identity }) => ({ id, identity })),
    depth: options.depth,
    rules: { ...options.rules },
    filter: options.filter === null ? null : { ...(options.filter.identity as object), shortlist: options.shortlist },
    estimate: options.estimate,
  }
}

async function requireOurs(output: string): Promise<void> {
  const there = await stat(output).then(
    () => true,
    () => false,
  )
  if (!there || (await readMinedCard(output)) !== null) return
  throw new FieldtrialError('USAGE', `${output} is there already, and no ${cardFile(output)} says that it was mined.`, {
    hint: 'Name another file with --output, or remove that one first.',
  })
}

function requireMiners({ retrievers }: MiningRuns): void {
  if (retrievers.length > 0) return
  throw new FieldtrialError('USAGE', 'No retriever is named.', {
    hint: 'Add --retriever bm25, --retriever MODEL, or --run FILE.',
  })
}

function nothingMined(
  on: PlannedCollection,
  { queries, withoutPositive, positiveUnfound, drops }: ReturnType<typeof noStats>,
) {
  const first = Object.entries(drops).sort(([, a], [, b]) => b - a)[0]
  return new FieldtrialError(
    'DATA_INVALID',
    `No negative was found for any of the ${queries} queries of ${on.given} (${withoutPositive} have no positive in the corpus${first ? `; ${first[1]} candidates were left out for the reason ${first[0]}` : ''}).`,
    {
      hint:
        positiveUnfound > 0
          ? `For ${positiveUnfound} queries a positive lies beyond the depth of the rankings, so no candidate can be shown to be below it: raise --depth, or compare with the best positive (--against best).`
          : 'Widen the window (--range), or loosen the margins.',
    },
  )
}
