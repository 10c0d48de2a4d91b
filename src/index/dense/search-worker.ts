import { parentPort } from 'node:worker_threads'
import * as ort from 'onnxruntime-node'
import { FieldtrialError } from '../../core/errors.ts'
import { cutOf, type SearchPiece, searchBlocks } from './search-blocks.ts'
import { CHUNK, searchGraph } from './search-graph.ts'
import type { SearchReply, SearchTask } from './search-messages.ts'
import { VectorStore } from './store.ts'
import { TopK } from './top-k.ts'

const port = parentPort!

/** Milliseconds between two messages about progress. */
const TELL_EVERY = 100

/** A block that is ready to be multiplied with queries. */
interface OpenBlock {
  readonly pieces: readonly SearchPiece[]
  readonly session: ort.InferenceSession
}

async function openBlock(pieces: readonly SearchPiece[], store: VectorStore, task: SearchTask): Promise<OpenBlock> {
  const model = searchGraph(pieces, store.meta.dtype, store.meta.dimension, task.similarity)
  const session = await ort.InferenceSession.create(model, {
    intraOpNumThreads: task.threads,
    interOpNumThreads: 1,
    // Folding the cast of a constant would do it in one thread, and keep the copy.
    graphOptimizationLevel: 'disabled',
    enableCpuMemArena: false,
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: {
      session: {
        // A copy of the vectors in another order pays only where they are used many times.
        disable_prepacking: '1',
        model_external_initializers_file_folder_path: task.folder,
      },
    },
  })
  return { pieces, session }
}

/** Opens blocks one ahead: onnxruntime prepares the next while this thread is busy with the one before. */
async function* openBlocks(store: VectorStore, task: SearchTask): AsyncGenerator<OpenBlock> {
  let next: Promise<OpenBlock> | undefined
  try {
    for await (const pieces of searchBlocks(store, cutOf(store, task.threads, task.blockRows))) {
      const ready = next
      next = openBlock(pieces, store, task)
      // Its failure is met when it is its turn.
      next.catch(() => {})
      if (ready !== undefined) yield await ready
    }
    const last = next
    next = undefined
    if (last !== undefined) yield await last
  } finally {
    await next?.then(
      ({ session }) => session.release(),
      () => {},
    )
  }
}

function addScores(
  best: TopK,
  output: ort.InferenceSession.ReturnType,
  pieces: readonly SearchPiece[],
  firstQuery: number,
  count: number,
) {
  for (const [n, { rows, documents, firstRow, ids, firstId }] of pieces.entries())
    best.add({
      scores: output[`scores${n}`]!.data as Float32Array,
      maxima: output[`maxima${n}`]!.data as Float32Array,
      chunk: CHUNK,
      stride: rows,
      documents,
      firstRow,
      ids,
      firstId,
      firstQuery,
      count,
    })
}

async function search(task: SearchTask): Promise<void> {
  const { dimension, count, queryRows, stop } = task
  const store = await VectorStore.open(task.folder)
  const best = new TopK(count, task.k)
  let told = performance.now()
  for await (const { pieces, session } of openBlocks(store, task)) {
    try {
      for (let firstQuery = 0; firstQuery < count; firstQuery += queryRows) {
        if (Atomics.load(stop, 0) !== 0) {
          port.postMessage({ kind: 'stopped' } satisfies SearchReply)
          return
        }
        const some = Math.min(queryRows, count - firstQuery)
        const part = task.queries.subarray(firstQuery * dimension, (firstQuery + some) * dimension)
        const output = await session.run({ queries: new ort.Tensor('float32', part, [some, dimension]) })
        addScores(best, output, pieces, firstQuery, some)
      }
    } finally {
      await session.release()
    }
    if (performance.now() - told < TELL_EVERY) continue
    told = performance.now()
    const { firstRow, documents } = pieces.at(-1)!
    port.postMessage({ kind: 'progress', documents: firstRow + documents } satisfies SearchReply)
  }
  const { rows, scores, ids } = best.finish()
  const reply: SearchReply = { kind: 'done', rows, scores, ids }
  port.postMessage(reply, [rows.buffer as ArrayBuffer, scores.buffer as ArrayBuffer])
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
