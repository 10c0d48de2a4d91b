import { parentPort } from 'node:worker_threads'
import * as ort from 'onnxruntime-node'
import { FieldtrialError } from '../../core/errors.ts'
import { type SearchBlock, searchBlocks } from './search-blocks.ts'
import { CHUNK, searchGraph } from './search-graph.ts'
import type { SearchReply, SearchTask } from './search-messages.ts'
import { VectorStore } from './store.ts'
import { TopK } from './top-k.ts'

const port = parentPort!

/** Milliseconds between two messages about progress. */
const TELL_EVERY = 100

function openBlock(block: SearchBlock, task: SearchTask): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(searchGraph(block, task.similarity), {
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
}

async function search(task: SearchTask): Promise<void> {
  const { dimension, count, queryRows, stop } = task
  const store = await VectorStore.open(task.folder)
  const best = new TopK(count, task.k)
  let told = performance.now()
  for await (const block of searchBlocks(store, task.blockRows)) {
    const session = await openBlock(block, task)
    try {
      for (let firstQuery = 0; firstQuery < count; firstQuery += queryRows) {
        if (Atomics.load(stop, 0) !== 0) return port.postMessage({ kind: 'stopped' } satisfies SearchReply)
        const some = Math.min(queryRows, count - firstQuery)
        const part = task.queries.subarray(firstQuery * dimension, (firstQuery + some) * dimension)
        const output = await session.run({ queries: new ort.Tensor('float32', part, [some, dimension]) })
        best.add({
          scores: output.scores!.data as Float32Array,
          maxima: output.maxima!.data as Float32Array,
          chunk: CHUNK,
          stride: block.rows,
          documents: block.documents,
          firstRow: block.firstRow,
          ids: block.ids,
          firstId: block.firstId,
          firstQuery,
          count: some,
        })
      }
    } finally {
      await session.release()
    }
    if (performance.now() - told < TELL_EVERY) continue
    told = performance.now()
    port.postMessage({ kind: 'progress', documents: block.firstRow + block.documents } satisfies SearchReply)
  }
  const { rows, scores, ids } = best.finish()
  const reply: SearchReply = { kind: 'done', rows, scores, ids }
  port.postMessage(reply, [rows.buffer as ArrayBuffer, scores.buffer as ArrayBuffer])
}

port.on('message', (task: SearchTask) => {
  search(task).catch((error: unknown) => {
    const { code, message, hint, where } =
      error instanceof FieldtrialError
        ? error
        : {
            code: 'INTERNAL' as const,
            message: String((error as Error)?.stack ?? error),
            hint: undefined,
            where: undefined,
          }
    port.postMessage({ kind: 'failed', code, message, hint, where } satisfies SearchReply)
  })
})
