import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buildDecoder, decoderFacts } from '../../src/engines/onnx/families/decoders/index.ts'
import { type InferenceSession, Tensor } from '../../src/engines/onnx/runtime.ts'
import { openGraph } from '../../src/engines/onnx/session.ts'
import { readModelFolder } from '../../src/engines/text/files.ts'
import { readTensor } from '../../src/engines/text/safetensors.ts'
import { PromptTokenizer } from '../../src/engines/text/tokenizer/prompt-tokenizer.ts'

/** What a server does wrongly; nothing: it pools the last token, an end token put behind the text, after one final norm, text by text. */
export interface Fault {
  /** Texts of a request are padded to the longest, and nothing is masked; the last position of the batch is pooled. */
  readonly padding?: 'behind' | 'before'
  readonly endToken?: 'dropped'
  readonly norms?: 0 | 2
  readonly pooling?: 'mean'
  /** Text that something on the way takes off where it stands first. */
  readonly strips?: string
  /** Whether the end token is put there before the whole is cut. */
  readonly truncation?: 'of-all'
  /** Numbers are rounded to bfloat16 on the way out. */
  readonly rounded?: boolean
  /** Random numbers in place of vectors. */
  readonly nonsense?: boolean
}

/** A decoder as a careless, or careful, server runs it. */
export interface ServedModel {
  /** Starts a server of OpenAI's interface with a fault; gives its address. */
  serve(fault: Fault): Promise<{ readonly url: string; close(): Promise<void> }>
  close(): Promise<void>
}

/** Loads a model once for any number of servers, one at a time or several. */
export async function loadServedModel(folder: string, maxLength: number): Promise<ServedModel> {
  const { config, checkpoint, tokenizerFile, tokenizerConfig, specialTokens } = await readModelFolder(folder)
  const tokenizer = await PromptTokenizer.load(tokenizerFile, tokenizerConfig, false)
  const { layers } = decoderFacts(config, checkpoint!)
  const options = { positions: 'all', finalNorm: false, attention: 'causal', logits: false, cache: false } as const
  const graph = buildDecoder(config, checkpoint!, { ...options, layer: layers, dtype: 'float32', maxPositions: 512 })
  const session = await openGraph(graph, { threads: 2 })
  const norm = await readTensor('norm', checkpoint!.get('model.norm.weight')!)
  const epsilon = Number(config.rms_norm_eps)
  const pad = tokenizer.tokenId(specialTokens.pad ?? specialTokens.eos!)!
  const end = tokenizer.tokenId(specialTokens.eos!)!

  const idsOf = (given: string, fault: Fault): number[] => {
    const text = fault.strips !== undefined && given.startsWith(fault.strips) ? given.slice(fault.strips.length) : given
    const prompt = { parts: [{ kind: 'contents' }], join: 'text', addSpecialTokens: true, end: null } as const
    const all = [...tokenizer.encode(prompt, text, '', { maxLength: 1e6, lengthOf: 'prompt' }).ids]
    if (fault.endToken === 'dropped') return all.slice(0, maxLength)
    return fault.truncation === 'of-all' ? [...all, end].slice(0, maxLength) : [...all.slice(0, maxLength - 1), end]
  }

  const vectorsOf = async (texts: readonly string[], fault: Fault): Promise<Float32Array[]> => {
    const sequences = texts.map((text) => idsOf(text, fault))
    const longest = Math.max(...sequences.map((ids) => ids.length))
    const vectors: Float32Array[] = []
    for (const ids of sequences) {
      const missing = new Array<number>(fault.padding === undefined ? 0 : longest - ids.length).fill(pad)
      const states = await statesOf(session, fault.padding === 'before' ? [...missing, ...ids] : [...ids, ...missing])
      for (let times = fault.norms ?? 1; times > 0; times--) for (const state of states) normalise(state, norm, epsilon)
      vectors.push(fault.pooling === 'mean' ? meanOf(states) : states.at(-1)!)
    }
    return vectors
  }

  let turn: Promise<unknown> = Promise.resolve()
  return {
    async serve(fault) {
      const server = createServer((request, response) => {
        const chunks: Buffer[] = []
        request.on('data', (chunk: Buffer) => chunks.push(chunk))
        request.on('end', async () => {
          const { input } = JSON.parse(Buffer.concat(chunks).toString()) as { input: string[] }
          const answer = turn.then(() => vectorsOf(input, fault))
          turn = answer.catch(() => undefined)
          const vectors = await answer
          const data = vectors.map((vector, index) => ({ index, embedding: [...output(vector, fault)] }))
          response.writeHead(200, { 'content-type': 'application/json' })
          response.end(JSON.stringify({ object: 'list', data, model: 'served' }))
        })
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
        close: () =>
          new Promise((resolve) => {
            server.closeAllConnections()
            server.close(() => resolve())
          }),
      }
    },
    close: () => session.release(),
  }
}

async function statesOf(session: InferenceSession, ids: readonly number[]): Promise<Float32Array[]> {
  const { states } = await session.run({
    input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
  })
  const data = states!.data as Float32Array
  const width = data.length / ids.length
  return ids.map((_, t) => data.slice(t * width, (t + 1) * width))
}

function normalise(state: Float32Array, weight: Float32Array, epsilon: number): void {
  const scale = 1 / Math.sqrt(state.reduce((sum, x) => sum + x * x, 0) / state.length + epsilon)
  state.forEach((x, d) => {
    state[d] = x * scale * weight[d]!
  })
}

function meanOf(states: readonly Float32Array[]): Float32Array {
  return states[0]!.map((_, d) => states.reduce((sum, state) => sum + state[d]!, 0) / states.length)
}

function output(vector: Float32Array, { rounded, nonsense }: Fault): Float32Array {
  if (nonsense) return vector.map((x, d) => Math.sin(1000 * x + d))
  if (!rounded) return vector
  const bits = new Uint32Array(vector.slice().buffer).map((word) => word & 0xffff0000)
  return new Float32Array(bits.buffer)
}
