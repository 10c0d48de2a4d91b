import { fingerprint, type Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import type { Qrels } from '../../data/index.ts'
import {
  type CollectionLint,
  type Content,
  LINT_DEFAULTS,
  type LintOptions,
  lintCollection,
} from '../../data/lint/index.ts'
import { qrelsHash } from '../../data/summary.ts'
import { obtain } from '../artifact.ts'
import { measureOtherQueries } from '../query-sample.ts'
import { requireUnchanged, type SeenCollection } from '../steps/unchanged.ts'

/** Raised when the same collection would be described otherwise. */
const LINT_VERSION = 1

/** What lint remembers of a collection, under the fingerprint of its content: a study does not lint twice. */
export interface ContentLint {
  readonly lint: CollectionLint
  /** See `Linted`. */
  readonly contents: ReadonlyMap<string, Content>
  readonly fingerprint: string
}

interface Detail {
  readonly lint: CollectionLint
  readonly contents: readonly (readonly [string, Content])[]
}

/** @param splits Judgments of the other splits. */
export async function obtainContentLint(
  on: SeenCollection,
  splits: ReadonlyMap<string, Qrels>,
  options: LintOptions,
  workspace: Workspace,
  work: LongWork,
): Promise<ContentLint> {
  const { collection, summary } = on
  const identity: Json = {
    artifact: 'lint',
    version: LINT_VERSION,
    corpus: summary.corpusHash,
    queries: summary.queriesHash,
    qrels: summary.qrelsHash,
    removeSelf: collection.removeSelf,
    others: (await measureOtherQueries({ collection })).otherQueriesHash,
    splits: Object.fromEntries([...splits].map(([name, qrels]) => [name, qrelsHash(qrels)])),
    options: { ...LINT_DEFAULTS, ...options },
  }
  const { detail } = await obtain<Detail>(
    workspace,
    'lint',
    identity,
    async (folder) => {
      const { lint, contents } = await lintCollection(collection, splits, options, work)
      await requireUnchanged(on, folder)
      return { lint, contents: [...contents] }
    },
    { work },
  )
  return { lint: detail.lint, contents: new Map(detail.contents), fingerprint: fingerprint(identity) }
}
