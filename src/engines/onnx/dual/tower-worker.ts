import { parentPort, workerData } from 'node:worker_threads'
import { toPlain } from '../messages.ts'
import { type InferenceSession, Tensor } from '../runtime.ts'
import { openGraph } from '../session.ts'
import type { TowerReply, TowerRequest, TowerStart } from './messages.ts'
import { buildImageTower, buildTextTower } from './towers.ts'

/** Runs the towers in a thread of its own. The image tower is loaded at the first picture: many collections have none. */
const port = parentPort!
const { checkpoint, shape, settings, device, threads } = workerData as TowerStart
const reply = (message: TowerReply, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)

const text = openGraph(buildTextTower(checkpoint, shape), { threads, device })
let images: Promise<InferenceSession> | null = null

text.then(
  () => reply({ id: 0, ok: true, vectors: new Float32Array(0) }),
  (error: unknown) => reply({ id: 0, ok: false, error: toPlain(error) }),
)

let queue: Promise<void> = Promise.resolve()
port.on('message', (request: TowerRequest | null) => {
  queue = queue.then(() => (request === null ? end() : serve(request)))
})

async function serve(request: TowerRequest): Promise<void> {
  try {
    const vectors = await run(request)
    reply({ id: request.id, ok: true, vectors }, [vectors.buffer as ArrayBuffer])
  } catch (error) {
    reply({ id: request.id, ok: false, error: toPlain(error) })
  }
}

async function run(request: TowerRequest): Promise<Float32Array> {
  if (request.kind === 'texts') {
    const { ids, length } = request
    const { vectors } = await (await text).run({ input_ids: new Tensor('int64', ids, [ids.length / length, length]) })
    return Float32Array.from(vectors!.data as Float32Array)
  }
  images ??= openGraph(buildImageTower(checkpoint, shape, settings), { threads, device })
  const { side } = shape.vision
  const { pixels } = request
  const dims = [pixels.length / (side * side * 3), side, side, 3]
  const { vectors } = await (await images).run({ pixels: new Tensor('uint8', pixels, dims) })
  return Float32Array.from(vectors!.data as Float32Array)
}

async function end(): Promise<void> {
  for (const session of [text, images]) await session?.then((one) => one.release()).catch(() => undefined)
  port.close()
}
