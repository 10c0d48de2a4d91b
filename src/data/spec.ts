import type { OnNotice, OnProgress } from '../core/progress.ts'
import type { Columns } from './columns.ts'

/** A collection as a study file names it. */
export interface CollectionSpec {
  /**
   * A folder; a `.zip` in BEIR layout; `hf:owner/name`, with `@REVISION` and `#SUBSET` if need be; or a name of the
   * registry, e.g. `beir/scifact`.
   */
  readonly source: string
  /** Default: the last part of the source. */
  readonly name?: string
  /** Which judgments to use. Default: `test`, or the only split there is. */
  readonly split?: string
  /** Default: found out. `beir` and `coir` are both found out by their files. */
  readonly format?: 'beir' | 'trec' | 'table' | 'coir'
  /**
   * Whether a document whose id equals the query's is dropped from its ranking. Default: true for the collections whose
   * queries are themselves documents (ArguAna, Quora and their kin, see the registry), also when a local folder has that name.
   */
  readonly removeSelf?: boolean
  /**
   * Whether documents keep their titles. Default: `keep`, but `omit` for CoIR's data sets, whose published figures are
   * over the text alone.
   */
  readonly titles?: 'keep' | 'omit'
  /** The three files, relative to `source`, for `trec` and `table`. */
  readonly files?: { readonly documents: string; readonly queries: string; readonly qrels: string }
  readonly columns?: Columns
  /** Commit, branch or tag on the hub. Default: the commit that the registry pins for its own names, else main. */
  readonly revision?: string
  /** Which collection, where a data set or archive holds several. */
  readonly subset?: string
}

/** What opening a collection depends on besides its spec. */
export interface CollectionContext {
  /** Folder for what fieldtrial itself caches. Downloads go to the hub's own cache, shared with other tools. */
  readonly cacheDir: string
  /** Forbids the network. Default: what `HF_HUB_OFFLINE` says. */
  readonly offline?: boolean
  /** Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv
  /** Keep only the first queries, for a smoke run; see `limitCollection`. */
  readonly limit?: number
  readonly signal?: AbortSignal
  readonly onNotice?: OnNotice
  readonly onProgress?: OnProgress
  /** First wait before a request to the hub is tried again, in milliseconds; doubled each time. Default: 500. */
  readonly retryDelayMs?: number
}
