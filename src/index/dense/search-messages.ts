import type { ErrorCode, Where } from '../../core/errors.ts'
import type { Cut } from './search-cut.ts'

/** What each of the search threads is asked to do; all get the same. */
export interface SearchTask {
  readonly folder: string
  /** count × dimension, row-major; normalised already where that is called for. Shared. */
  readonly queries: Float32Array
  readonly count: number
  readonly k: number
  readonly similarity: 'cosine' | 'dot'
  readonly cut: Cut
  readonly queryRows: number
  /** Shared: what is taken already. */
  readonly claims: Int32Array
  /** Shared: per query a score that the k best reach. */
  readonly bounds: Float32Array
  /** Shared; anything but 0 means stop. */
  readonly stop: Int32Array
}

/** The best documents that one thread met. */
export interface Found {
  /** count × k rows of the collection and their scores, best first. */
  readonly rows: Int32Array
  readonly scores: Float32Array
  /** How many of each query's k there are. */
  readonly sizes: Int32Array
  readonly ids: ReadonlyMap<number, string>
}

/** What it answers. */
export type SearchReply =
  | { readonly kind: 'progress' /** Since the last message. */; readonly documents: number }
  | { readonly kind: 'done'; readonly found: Found }
  | { readonly kind: 'stopped' }
  | {
      readonly kind: 'failed'
      readonly code: ErrorCode
      readonly message: string
      readonly hint: string | undefined
      readonly where: Where | undefined
    }
