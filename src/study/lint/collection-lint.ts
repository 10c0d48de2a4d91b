import { fingerprint, type Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import { type CollectionSpec, openCollection } from '../../data/index.ts'
import { LINT_DEFAULTS, type LintOptions } from '../../data/lint/index.ts'
import type { Measure } from '../../measure/index.ts'
import { obtain } from '../artifact.ts'
import { requireUnchanged, type SeenCollection } from '../steps/unchanged.ts'
import { obtainContentLint } from './content-lint.ts'
import { type NamedEncoder, obtainTokenLengths } from './obtain-tokens.ts'
import { otherSplits } from './other-splits.ts'
import { lintReport } from './report.ts'
import { bm25Sources, runSources } from './retrievers.ts'
import { findSuspects, type NamedTop } from './suspects.ts'
import type { LintReport, Suspects } from './types.ts'

export interface CollectionLintOptions extends LintOptions {
  readonly measures: readonly Measure[]
  /** Encoders whose tokens are counted. */
  readonly encoders: readonly NamedEncoder[]
  /** Task instruction of the collection, for prompts that hold one. */
  readonly task: string
  /** TREC run files and results folders of studies. */
  readonly runs: readonly string[]
  /** Whether BM25 looks for suspects too. Default: up to 200,000 documents, since the index stands in memory. */
  readonly bm25?: boolean
  readonly offline?: boolean
}

/** With more documents BM25 would take minutes and gigabytes. */
const MOST_FOR_BM25 = 200_000
const VERSION = 1

/** Lints one collection, outside of a study. What the workspace has is not made again. */
export async function lintCollectionWhole(
  spec: CollectionSpec,
  on: SeenCollection,
  options: CollectionLintOptions,
  workspace: Workspace,
  work: LongWork = {},
): Promise<LintReport> {
  const { collection, summary } = on
  const { threshold, shingle, sample } = { ...LINT_DEFAULTS, ...options }
  // What opening the first split had to say need not be said again.
  const { onNotice: _, ...quiet } = work
  const context = { cacheDir: workspace.cache, ...(options.offline ? { offline: true } : {}), ...quiet }
  const splits = await otherSplits(collection, (split) => openCollection({ ...spec, split }, context))
  const content = await obtainContentLint(on, splits, { threshold, shingle, sample }, workspace, work)
  const { tokens } = await obtainTokenLengths(on, options.encoders, options.task, sample, workspace, work)
  const withBm25 = options.bm25 ?? summary.documents <= MOST_FOR_BM25
  if (!withBm25 && options.bm25 === undefined)
    work.onNotice?.({
      level: 'info',
      code: 'lint.no-bm25',
      message: `BM25 is not asked for suspected false negatives: ${summary.documents} documents are more than ${MOST_FOR_BM25}. --bm25 asks it all the same.`,
    })
  const sources = [
    ...(withBm25 ? bm25Sources(collection, summary, content.lint, work) : []),
    ...(await runSources(options.runs, collection, summary, work)),
  ]
  if (sources.length < 2) {
    if (sources.length > 0)
      work.onNotice?.({
        level: 'info',
        code: 'lint.one-retriever',
        message: `Suspected false negatives are what several retrievers agree on; ${sources[0]!.name} is the only one here. Name another with --run, or add --bm25.`,
      })
    return lintReport(collection, content, options.measures, tokens, null)
  }
  const identity: Json = {
    artifact: 'lint',
    part: 'suspects',
    version: VERSION,
    qrels: summary.qrelsHash,
    removeSelf: collection.removeSelf,
    retrievers: sources.map(({ name, identity: made }) => ({ name, made: fingerprint(made) })),
  }
  const { detail } = await obtain<Suspects>(
    workspace,
    'lint',
    identity,
    async (folder) => {
      const tops: NamedTop[] = []
      for (const source of sources) tops.push(await source.top())
      await requireUnchanged(on, folder)
      return findSuspects(await collection.qrels(), tops)
    },
    { work },
  )
  return lintReport(collection, content, options.measures, tokens, detail)
}
