import { basename } from 'node:path'
import { BYTES_PER_NUMBER } from './dtypes.ts'
import { CHUNK, type GraphBlock } from './search-graph.ts'
import { emptyValues, type openShard, readRows } from './shard-file.ts'
import type { VectorStore } from './store.ts'

/** Rows that are scored at once. */
export interface SearchBlock extends GraphBlock {
  /** Row of the first document in the collection. */
  readonly firstRow: number
  /** Documents; `rows` may be more, the rest being zeros. */
  readonly documents: number
  /** Ids of the whole shard, and where the block's begin. */
  readonly ids: readonly string[]
  readonly firstId: number
}

/**
 * onnxruntime's matrix product sums in another order when a thread gets very few columns, which would make equal vectors score unequal.
 * Blocks are never narrower than this.
 */
const LEAST_ROWS = 512

/** float32 bytes of a block that stay in the processor's cache while it is worked on, more or less. */
const BLOCK_BYTES = 12 << 20

/** Rows per block that suit a dimension. */
export function defaultBlockRows(dimension: number): number {
  return wholeChunks(Math.min(8192, Math.max(LEAST_ROWS, BLOCK_BYTES / (4 * dimension))))
}

/** The next number of rows that is a whole number of chunks and not too narrow. */
export function wholeChunks(rows: number): number {
  return Math.max(LEAST_ROWS, Math.ceil(rows / CHUNK) * CHUNK)
}

/** Goes through a store in blocks, in order of rows. Whole blocks stay in their file; the odd rest of a shard is read and padded with zeros. */
export async function* searchBlocks(store: VectorStore, blockRows: number): AsyncGenerator<SearchBlock> {
  for (let shard = 0; shard < store.shards; shard++) {
    const path = store.shardPath(shard)
    const { file, layout } = await store.openShard(shard)
    try {
      for (let from = 0; from < layout.rows; from += blockRows) {
        const documents = Math.min(blockRows, layout.rows - from)
        const place = {
          firstRow: shard * store.meta.shardRows + from,
          documents,
          ids: layout.ids,
          firstId: from,
          dtype: layout.dtype,
          dimension: layout.dimension,
        }
        if (documents % CHUNK === 0 && documents >= LEAST_ROWS)
          yield { ...place, rows: documents, ...inFile(path, layout, from, documents) }
        else yield { ...place, ...(await padded(path, file, layout, from, documents)) }
      }
    } finally {
      await file.close()
    }
  }
}

type Opened = Awaited<ReturnType<typeof openShard>>

function inFile(path: string, layout: Opened['layout'], from: number, count: number) {
  const rowBytes = layout.dimension * BYTES_PER_NUMBER[layout.dtype]
  const file = basename(path)
  const { vectorsAt, scalesAt } = layout
  return {
    vectors: { file, offset: vectorsAt + from * rowBytes, bytes: count * rowBytes },
    scales: scalesAt === null ? null : { file, offset: scalesAt + 4 * from, bytes: 4 * count },
  }
}

async function padded(path: string, file: Opened['file'], layout: Opened['layout'], from: number, count: number) {
  const { values, scales } = await readRows(path, file, layout, from, from + count)
  const rows = wholeChunks(count)
  const whole = emptyValues(layout.dtype, rows * layout.dimension)
  whole.set(values)
  const wholeScales = new Float32Array(rows)
  if (scales !== null) wholeScales.set(scales)
  return {
    rows,
    vectors: new Uint8Array(whole.buffer),
    scales: scales === null ? null : new Uint8Array(wholeScales.buffer),
  }
}
