import { parentPort } from 'node:worker_threads'
import { FieldtrialError } from '../../core/errors.ts'
import { CHUNK } from './search-graph.ts'
import type { SearchReply, SearchTask } from './search-messages.ts'
import { claimPieces } from './search-pieces.ts'
import { Product } from './search-product.ts'
import { VectorStore } from './store.ts'
import { TopK } from './top-k.ts'

const port = parentPort!

/** Milliseconds between two messages about progress. */
const TELL_EVERY = 100

async function search(task: SearchTask): Promise<void> {
  const { count, queryRows, stop, claims, cut, similarity } = task
  const store = await VectorStore.open(task.folder)
  const { dimension, dtype } = store.meta
  const best = new TopK(count, task.k, task.bounds)
  const most = Math.min(queryRows, count)
  const product = await Product.open({ ...cut, dtype, dimension, similarity, queryRows: most })
  let told = performance.now()
  let documents = 0
  try {
    for await (const piece of claimPieces(store, cut.pieceRows, claims)) {
      await product.load(piece)
      const { ids } = piece.shard.layout
      const place = { chunk: CHUNK, documents: piece.documents, firstRow: piece.firstRow, ids, firstId: piece.from }
      for (let firstQuery = 0; firstQuery < count; firstQuery += queryRows) {
        if (Atomics.load(stop, 0) !== 0) {
          port.postMessage({ kind: 'stopped' } satisfies SearchReply)
          return
        }
        const some = Math.min(queryRows, count - firstQuery)
        const part = task.queries.subarray(firstQuery * dimension, (firstQuery + some) * dimension)
        best.add({ ...(await product.multiply(part, some)), ...place, firstQuery, count: some })
      }
      documents += piece.documents
      if (performance.now() - told < TELL_EVERY) continue
      told = performance.now()
      port.postMessage({ kind: 'progress', documents } satisfies SearchReply)
      documents = 0
    }
  } finally {
    await product.close()
  }
  const found = best.finish()
  const { rows, scores, sizes } = found
  port.postMessage({ kind: 'done', found } satisfies SearchReply, [
    rows.buffer as ArrayBuffer,
    scores.buffer as ArrayBuffer,
    sizes.buffer as ArrayBuffer,
  ])
}

port.on('message', (task: SearchTask | null) => {
  if (task === null) return port.close()
  search(task).catch((error: unknown) => {
    const known = error instanceof FieldtrialError
    port.postMessage({
      kind: 'failed',
      code: known ? error.code : 'INTERNAL',
      message: known ? error.message : String((error as Error)?.stack ?? error),
      hint: known ? error.hint : undefined,
      where: known ? error.where : undefined,
    } satisfies SearchReply)
  })
})
