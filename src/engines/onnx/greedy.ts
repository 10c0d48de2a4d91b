import { cacheNames, type DecoderFacts } from './families/decoders/index.ts'
import type { Output } from './model-runner.ts'
import type * as ort from './runtime.ts'
import { Tensor } from './runtime.ts'

interface Batch {
  readonly ids: BigInt64Array
  readonly texts: number
  readonly length: number
}

/**
 * PromptReps' several tokens in one vector (Zhuang et al. 2024, arXiv:2404.18424, and its code): tokens are decoded greedily until one that
 * stops. Each step gives a state, that of the last token so far, and scores of the vocabulary; the step whose token stops does not count.
 * States are averaged, scores maximised, both before anything else is done to them. Where the very first token stops, its step stands
 * alone, since there must be a vector.
 *
 * @param steps Tokens decoded at most.
 * @param stops Whether a token ends the decoding.
 */
export async function decodeGreedily(
  session: ort.InferenceSession,
  facts: DecoderFacts,
  { ids, texts, length }: Batch,
  steps: number,
  stops: (id: number) => boolean,
): Promise<Output> {
  const { layers, kvHeads, headSize } = facts
  const running = new Array<boolean>(texts).fill(true)
  const counted = new Uint32Array(texts)
  let sums: Float32Array | null = null
  let most: Float32Array | null = null
  let width = 0
  let vocabulary = 0

  let feeds: Record<string, ort.Tensor> = { input_ids: new Tensor('int64', ids, [texts, length]) }
  for (let layer = 0; layer < layers; layer++) {
    const { pastKey, pastValue } = cacheNames(layer)
    for (const name of [pastKey, pastValue])
      feeds[name] = new Tensor('float32', new Float32Array(0), [texts, kvHeads, 0, headSize])
  }
  for (let step = 0; step < steps && running.includes(true); step++) {
    const output = await session.run(feeds)
    const states = lastStates(output.states!, texts)
    const logits = output.logits!.data as Float32Array
    width = states.length / texts
    vocabulary = logits.length / texts
    sums ??= new Float32Array(texts * width)
    most ??= new Float32Array(texts * vocabulary).fill(Number.NEGATIVE_INFINITY)
    const next = new BigInt64Array(texts)
    for (let text = 0; text < texts; text++) {
      const scores = logits.subarray(text * vocabulary, (text + 1) * vocabulary)
      const token = indexOfLargest(scores)
      next[text] = BigInt(token)
      if (!running[text]) continue
      if (stops(token)) running[text] = false
      if (!running[text] && counted[text]! > 0) continue
      counted[text] = counted[text]! + 1
      for (let d = 0; d < width; d++) sums[text * width + d] = sums[text * width + d]! + states[text * width + d]!
      const best = most.subarray(text * vocabulary, (text + 1) * vocabulary)
      for (let v = 0; v < vocabulary; v++) if (scores[v]! > best[v]!) best[v] = scores[v]!
    }
    feeds = { input_ids: new Tensor('int64', next, [texts, 1]) }
    for (let layer = 0; layer < layers; layer++) {
      const { pastKey, pastValue, key, value } = cacheNames(layer)
      feeds[pastKey] = output[key]!
      feeds[pastValue] = output[value]!
    }
  }
  for (let text = 0; text < texts; text++)
    for (let d = 0; d < width; d++) sums![text * width + d] = sums![text * width + d]! / counted[text]!
  return { kind: 'pooled', data: sums!, width, logits: most!, vocabulary }
}

/** texts × width, also where the graph gives the states of all tokens. */
function lastStates(states: ort.Tensor, texts: number): Float32Array {
  const data = states.data as Float32Array
  if (states.dims.length === 2) return data
  const [, length, width] = states.dims as [number, number, number]
  const last = new Float32Array(texts * width)
  for (let text = 0; text < texts; text++)
    last.set(data.subarray((text * length + length - 1) * width, (text + 1) * length * width), text * width)
  return last
}

function indexOfLargest(scores: Float32Array): number {
  let largest = 0
  for (let i = 1; i < scores.length; i++) if (scores[i]! > scores[largest]!) largest = i
  return largest
}
