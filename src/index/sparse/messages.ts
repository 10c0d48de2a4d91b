import type { ErrorCode, Where } from '../../core/errors.ts'
import type { SparseRows } from '../../engines/types.ts'

/** What each of the search threads is asked to do; all get the same. */
export interface SparseTask {
  readonly folder: string
  readonly queries: SparseRows
  readonly k: number
  /** Shared: how many shards are taken already. */
  readonly claims: Int32Array
  /** Shared; anything but 0 means stop. */
  readonly stop: Int32Array
}

/** The best of the documents that one thread met. */
export interface Found {
  /** Those of query i are at `offsets[i]` to `offsets[i + 1]`, best first. */
  readonly offsets: Uint32Array
  /** Rows of the collection and their scores. */
  readonly rows: Uint32Array
  readonly scores: Float64Array
  /** By row. */
  readonly ids: ReadonlyMap<number, string>
}

/** What it answers. */
export type SparseReply =
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
