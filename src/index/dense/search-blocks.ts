import { basename } from 'node:path'
import { BYTES_PER_NUMBER } from './dtypes.ts'
import { CHUNK, type GraphPiece } from './search-graph.ts'
import { emptyValues, readRows, type ShardLayout } from './shard-file.ts'
import type { VectorStore } from './store.ts'

type OpenFile = Parameters<typeof readRows>[1]

/** Neighbouring rows of one shard that go into one matrix product. */
export interface SearchPiece extends GraphPiece {
  /** Row of the first document in the collection. */
  readonly firstRow: number
  /** Documents; `rows` may be more, the rest being zeros. */
  readonly documents: number
  /** Ids of the whole shard, and where the piece's begin. */
  readonly ids: readonly string[]
  readonly firstId: number
}

/** How a store is cut for searching. */
export interface Cut {
  /** Rows that are scored in one go, in one or several products. */
  readonly blockRows: number
  /** The most rows in one product. */
  readonly pieceRows: number
  /** The fewest rows in one product; shorter pieces are padded. */
  readonly leastRows: number
}

/** float32 bytes of one product's documents that suit a processor's cache. */
const PIECE_BYTES = 16 << 20
/** Stored bytes of a block: mapped into memory at once, and counted as the process's memory while they are. */
const BLOCK_BYTES = 64 << 20
const MOST_PIECE_ROWS = 8192
const MOST_BLOCK_ROWS = 16_384
/** onnxruntime's product sums in another order where a thread gets 64 columns or fewer, and equal vectors would score unequal. */
const LEAST_PER_THREAD = 128

const chunks = (rows: number) => Math.ceil(rows / CHUNK) * CHUNK

/**
 * A cut that suits a store.
 *
 * @param blockRows What the caller wants of it; default: by memory.
 */
export function cutOf(store: VectorStore, threads: number, blockRows?: number): Cut {
  const { dimension, dtype } = store.meta
  const leastRows = chunks(LEAST_PER_THREAD * threads)
  const fitting = (bytes: number, each: number, most: number) =>
    Math.max(leastRows, chunks(Math.min(most, bytes / (each * dimension))))
  const wanted = blockRows ?? fitting(BLOCK_BYTES, BYTES_PER_NUMBER[dtype], MOST_BLOCK_ROWS)
  return {
    blockRows: wanted,
    pieceRows: Math.min(fitting(PIECE_BYTES, 4, MOST_PIECE_ROWS), Math.max(leastRows, chunks(wanted))),
    leastRows,
  }
}

/** Goes through a store in blocks of pieces, in order of rows. */
export async function* searchBlocks(store: VectorStore, cut: Cut): AsyncGenerator<readonly SearchPiece[]> {
  let block: SearchPiece[] = []
  let rows = 0
  for (let shard = 0; shard < store.shards; shard++) {
    const { file, layout } = await store.openShard(shard)
    try {
      for (let from = 0; from < layout.rows; from += cut.pieceRows) {
        const piece = await cutPiece(store, shard, file, layout, from, cut)
        if (rows > 0 && rows + piece.rows > cut.blockRows) {
          yield block
          block = []
          rows = 0
        }
        block.push(piece)
        rows += piece.rows
      }
    } finally {
      await file.close()
    }
  }
  if (rows > 0) yield block
}

/** Whole pieces stay in their file; the odd rest of a shard is read and padded with zeros. */
async function cutPiece(
  store: VectorStore,
  shard: number,
  file: OpenFile,
  layout: ShardLayout,
  from: number,
  { pieceRows, leastRows }: Cut,
): Promise<SearchPiece> {
  const documents = Math.min(pieceRows, layout.rows - from)
  const place = { firstRow: shard * store.meta.shardRows + from, documents, ids: layout.ids, firstId: from }
  const path = store.shardPath(shard)
  const { dtype, dimension, vectorsAt, scalesAt } = layout
  const rows = Math.max(leastRows, chunks(documents))
  if (rows === documents) {
    const rowBytes = dimension * BYTES_PER_NUMBER[dtype]
    const name = basename(path)
    return {
      ...place,
      rows,
      vectors: { file: name, offset: vectorsAt + from * rowBytes, bytes: rows * rowBytes },
      scales: scalesAt === null ? null : { file: name, offset: scalesAt + 4 * from, bytes: 4 * rows },
    }
  }
  const { values, scales } = await readRows(path, file, layout, from, from + documents)
  const padded = emptyValues(dtype, rows * dimension)
  padded.set(values)
  const paddedScales = new Float32Array(rows)
  if (scales !== null) paddedScales.set(scales)
  return {
    ...place,
    rows,
    vectors: new Uint8Array(padded.buffer),
    scales: scales === null ? null : new Uint8Array(paddedScales.buffer),
  }
}
