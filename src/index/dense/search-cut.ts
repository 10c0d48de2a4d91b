import { CHUNK } from './search-graph.ts'
import type { StoreMeta } from './store.ts'

/** How a search is shared out. */
export interface Cut {
  /** Threads that search, each with a session of its own. */
  readonly searchers: number
  /** Threads of each one's matrix product. */
  readonly threads: number
  /** The most rows in one product. */
  readonly pieceRows: number
  /** The fewest rows in one product; shorter pieces are padded with zeros. */
  readonly leastRows: number
}

/** float32 bytes of one product's documents that suit a processor's cache. */
const PIECE_BYTES = 8 << 20
const MOST_PIECE_ROWS = 2048
/** Each has its own JavaScript heap and buffers; beyond it products get several threads. */
const MOST_SEARCHERS = 8
/** onnxruntime's product sums in another order where a thread gets 64 columns or fewer, and equal vectors would score unequal. */
const LEAST_PER_THREAD = 128

const chunks = (rows: number) => Math.ceil(rows / CHUNK) * CHUNK

/** Rows of a product over `documents` documents. */
export const paddedRows = (documents: number, leastRows: number) => Math.max(leastRows, chunks(documents))

/**
 * A cut that suits a store.
 *
 * @param threads All threads together.
 * @param blockRows The most documents in one product; default: by the size of caches.
 */
export function cutOf(
  meta: Required<Pick<StoreMeta, 'rows' | 'dimension' | 'shardRows'>>,
  threads: number,
  blockRows?: number,
): Cut {
  const each = Math.ceil(threads / MOST_SEARCHERS)
  const leastRows = chunks(LEAST_PER_THREAD * each)
  const fitting = Math.min(MOST_PIECE_ROWS, PIECE_BYTES / (4 * meta.dimension))
  const pieceRows = paddedRows(blockRows ?? fitting, leastRows)
  const pieces = Math.ceil(meta.rows / Math.min(pieceRows, meta.shardRows))
  return { searchers: Math.max(1, Math.min(Math.floor(threads / each), pieces)), threads: each, pieceRows, leastRows }
}
