import { LoadedModel, openBackend } from './model.ts'
import type { EncodeRequest, FromWorker, LlamaFacts, LlamaRequest, ToWorker } from './protocol.ts'
import { toWire } from './protocol.ts'

/*
 * The process that runs llama.cpp (see process.ts). Requests are done one after the other; it ends when its parent does, or closes the channel.
 */
const send = (message: FromWorker) => process.send!(message)
const cancelled = new Set<number>()
let model: LoadedModel | null = null
let queue: Promise<void> = Promise.resolve()

process.on('disconnect', () => process.exit(0))
process.on('message', (message: ToWorker) => {
  if (message.method === 'end') process.exit(0)
  else if (message.method === 'cancel') {
    cancelled.add(message.id)
    return
  }
  queue = queue.then(async () => {
    try {
      send({ id: message.id, ok: true, value: await answer(message) })
    } catch (error) {
      send({ id: message.id, ok: false, error: toWire(error) })
    } finally {
      cancelled.delete(message.id)
    }
  })
})

async function answer(message: { readonly id: number } & LlamaRequest): Promise<unknown> {
  switch (message.method) {
    case 'probe': {
      const { facts } = await openBackend(message.module, message.gpu, null)
      return facts satisfies LlamaFacts
    }
    case 'load':
      model = await LoadedModel.open(message)
      return null
    case 'encode':
      return encode(message.id, message)
  }
}

async function encode(id: number, { ids, lengths }: EncodeRequest): Promise<Float32Array> {
  const width = model!.width
  const vectors = new Float32Array(lengths.length * width)
  let from = 0
  for (const [at, length] of lengths.entries()) {
    // Nobody waits for the answer any more.
    if (cancelled.has(id)) break
    vectors.set(await model!.vector(ids.subarray(from, from + length)), at * width)
    from += length
    send({ id, done: at + 1 })
  }
  return vectors
}
