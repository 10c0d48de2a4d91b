import { parentPort, workerData } from 'node:worker_threads'
import { FieldtrialError } from '../../core/errors.ts'
import { CANCELLED, DONE, type EncodeRequest, toPlain, type WorkerReply, type WorkerStart } from './messages.ts'
import { TextEncoder } from './text-encoder.ts'

/*
 * Runs one model in a thread of its own: onnxruntime's `run` blocks the thread that calls it.
 * Requests are done one after the other; `null` ends the thread.
 */
const port = parentPort!
const { plan, threads } = workerData as WorkerStart
const reply = (message: WorkerReply, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)

const loading = TextEncoder.load(plan, threads)
loading.then(
  () => reply({ id: 0, ok: true, encoded: null }),
  (error: unknown) => reply({ id: 0, ok: false, error: toPlain(error) }),
)

let queue: Promise<void> = Promise.resolve()
port.on('message', (request: EncodeRequest | null) => {
  queue = queue.then(() => (request === null ? end() : serve(request)))
})

async function serve({ id, texts, side, task, shared }: EncodeRequest): Promise<void> {
  try {
    const encoder = await loading
    const encoded = await encoder.encode(texts, side, task, (done) => {
      Atomics.store(shared, DONE, done)
      if (Atomics.load(shared, CANCELLED) !== 0) throw new FieldtrialError('CANCELLED', 'Stopped.')
    })
    const { vectors, tokens, truncated, sparse } = encoded
    const arrays = [vectors, tokens, truncated, ...(sparse ? [sparse.offsets, sparse.terms, sparse.weights] : [])]
    reply(
      { id, ok: true, encoded },
      arrays.map((array) => array.buffer as ArrayBuffer),
    )
  } catch (error) {
    reply({ id, ok: false, error: toPlain(error) })
  }
}

async function end(): Promise<void> {
  await loading.then(
    (encoder) => encoder.close(),
    () => undefined,
  )
  port.close()
}
