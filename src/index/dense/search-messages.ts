import type { ErrorCode, Where } from '../../core/errors.ts'

/** What the search thread is asked to do. */
export interface SearchTask {
  readonly folder: string
  /** count × dimension, row-major; normalised already where that is called for. */
  readonly queries: Float32Array
  readonly count: number
  readonly dimension: number
  readonly k: number
  readonly similarity: 'cosine' | 'dot'
  readonly threads: number
  readonly blockRows: number | undefined
  readonly queryRows: number
  /** Shared; anything but 0 means stop. */
  readonly stop: Int32Array
}

/** What it answers. */
export type SearchReply =
  | { readonly kind: 'progress'; readonly documents: number }
  | {
      readonly kind: 'done'
      /** count × k rows of the collection and their scores, best first. */
      readonly rows: Int32Array
      readonly scores: Float32Array
      readonly ids: Map<number, string>
    }
  | { readonly kind: 'stopped' }
  | {
      readonly kind: 'failed'
      readonly code: ErrorCode
      readonly message: string
      readonly hint: string | undefined
      readonly where: Where | undefined
    }
