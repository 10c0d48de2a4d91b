import { availableParallelism } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import type { Side } from '../../recipes/types.ts'
import { type LoadedStep, loadHead } from '../text/head.ts'
import { requireTexts } from '../text/inputs.ts'
import { type Item, itemsOf } from '../text/items.ts'
import { requireMemory } from '../text/memory.ts'
import { countItems, TextVectors } from '../text/text-vectors.ts'
import { PromptTokenizer } from '../text/tokenizer/prompt-tokenizer.ts'
import type { Encoded, EncodeOptions, Encoder, EncoderInfo, EncoderInput } from '../types.ts'
import { gpuOption } from './devices.ts'
import { type LlamaPlan, POOLING_TYPES } from './plan.ts'
import { LlamaDied, LlamaProcess } from './process.ts'
import type { EncodeRequest, Encodings, LoadRequest } from './protocol.ts'

/** Prompts of one request: what is done again where the process dies. */
const SLICE = 16
/** Processes that a model is loaded in, one after the other, where they are killed meanwhile. */
const LOAD_TRIES = 2
/** Tokenised by both sides when the model is loaded. Plain: of rarer characters normalisers make what llama.cpp leaves as it is. */
const PROBES = [
  'Dense retrieval encodes queries and documents; it doesn’t match words.',
  'def add(a, b):\n    return a + b  # 12345.67\n\n\tprint("done")',
  'Käse & naïve cafés, 東京は日本の首都です。 Привет, мир!',
]

/** An encoder whose model runs in a process with llama.cpp: prompts and tokens are made here, pooled states there, vectors here again. */
export class LlamaEncoder implements Encoder {
  readonly info: EncoderInfo
  private readonly plan: LlamaPlan
  private readonly tokenizer: PromptTokenizer
  private readonly head: readonly LoadedStep[]
  private readonly load: LoadRequest
  private process: LlamaProcess
  private closed = false

  private constructor(
    info: EncoderInfo,
    plan: LlamaPlan,
    tokenizer: PromptTokenizer,
    head: readonly LoadedStep[],
    load: LoadRequest,
    process: LlamaProcess,
  ) {
    this.info = info
    this.plan = plan
    this.tokenizer = tokenizer
    this.head = head
    this.load = load
    this.process = process
  }

  /**
   * @param options.threads Threads of llama.cpp; by default `OMP_NUM_THREADS`, else as many as the machine lets this process use. Threads beyond the
   *   cores that are free wait for one another by turning in circles.
   */
  static async open(
    info: EncoderInfo,
    plan: LlamaPlan,
    options: { readonly threads?: number; readonly signal?: AbortSignal } = {},
  ): Promise<LlamaEncoder> {
    const { threads = defaultThreads(), signal } = options
    if (!Number.isSafeInteger(threads) || threads < 1)
      throw new FieldtrialError('USAGE', `The number of threads must be a whole number from 1 on, not ${threads}.`)
    throwIfAborted(signal)
    requireMemory(info)
    const tokenizer = await PromptTokenizer.load(plan.tokenizerFile, plan.tokenizerConfig, plan.lowerCase)
    const load = loadRequest(plan, tokenizer, threads)
    const head = await loadHead(plan.folder, plan.head)
    return new LlamaEncoder(info, plan, tokenizer, head, load, await started(load, signal))
  }

  async encode(inputs: readonly EncoderInput[], side: Side, options: EncodeOptions = {}): Promise<Encoded> {
    const { task = '', signal, onProgress } = options
    throwIfAborted(signal)
    if (this.closed) throw new FieldtrialError('ENGINE_FAILED', 'The encoder was closed.', { hint: 'Open it again.' })
    const texts = requireTexts(inputs, this.info)
    const { recipe, positions } = this.plan
    const views = recipe.prompts[side].length
    const vectors = new TextVectors(texts.length, views)
    const items: Item[] = []
    for (const slice of slices(itemsOf(this.plan, this.tokenizer, texts, side, task, positions))) {
      const before = items.length
      const found = await this.run(slice, signal, (done) => onProgress?.(Math.floor((before + done) / views)))
      const width = found.length / slice.length
      for (const [row, { text }] of slice.entries()) vectors.add(text, found.subarray(row * width, (row + 1) * width))
      items.push(...slice)
      // Tokenising blocks this thread: let others have it in between.
      await setImmediate()
    }
    const made = vectors.finish(this.head, recipe.normalize)
    return {
      vectors: made.vectors,
      dimension: texts.length === 0 ? (this.info.dimension ?? 0) : made.dimension,
      ...countItems(items, texts.length),
    }
  }

  async close(): Promise<void> {
    this.closed = true
    await this.process.close()
  }

  /** A process that dies is started anew, and does again what it was at; where that one dies too, its end is the error. */
  private async run(
    slice: readonly Item[],
    signal: AbortSignal | undefined,
    onDone: (done: number) => void,
  ): Promise<Encodings> {
    const request: EncodeRequest = {
      method: 'encode',
      ids: Int32Array.from(slice.flatMap(({ ids }) => ids)),
      lengths: Int32Array.from(slice, ({ ids }) => ids.length),
    }
    try {
      return await this.process.request<Encodings>(request, { signal, onDone })
    } catch (error) {
      if (!(error instanceof LlamaDied) || this.closed) throw error
      await this.process.close()
      this.process = await started(this.load, signal)
      return this.process.request<Encodings>(request, { signal, onDone })
    }
  }
}

/** The variable by which users tell programs that compute how many threads to take. */
function defaultThreads(): number {
  const wish = Number(process.env.OMP_NUM_THREADS)
  return Number.isSafeInteger(wish) && wish > 0 ? wish : availableParallelism()
}

/**
 * A process with the model loaded. One that is killed meanwhile is started anew; one that ends by itself would do so again.
 *
 * @throws FieldtrialError what the process says; `LlamaDied` where it ends by itself, or is killed each time.
 */
async function started(load: LoadRequest, signal: AbortSignal | undefined): Promise<LlamaProcess> {
  for (let tries = 1; ; tries++) {
    const process = new LlamaProcess()
    try {
      await process.request(load, { signal })
      return process
    } catch (error) {
      await process.close()
      if (!(error instanceof LlamaDied) || !error.killed) throw error
      if (tries < LOAD_TRIES) continue
      const message = `The model was not loaded, ${LOAD_TRIES} times in a row. ${error.message}`
      throw new LlamaDied(message, { killed: true, cause: error })
    }
  }
}

function loadRequest(plan: LlamaPlan, tokenizer: PromptTokenizer, threads: number): LoadRequest {
  const plain = { parts: [{ kind: 'contents' }], join: 'text', addSpecialTokens: false, end: null } as const
  const whole = { maxLength: Number.MAX_SAFE_INTEGER, lengthOf: 'prompt' } as const
  return {
    method: 'load',
    module: plan.module,
    gpu: gpuOption(plan.device),
    file: plan.file,
    architecture: plan.architecture,
    pooling: POOLING_TYPES[plan.pooling],
    causal: plan.causal,
    // llama.cpp wants room for one more.
    contextSize: plan.positions + 1,
    batchSize: plan.batchTokens + 1,
    threads,
    probes: PROBES.map((text) => ({ text, ids: tokenizer.encode(plain, text, '', whole).ids })),
  }
}

function* slices(items: Iterable<Item>): Generator<Item[]> {
  let slice: Item[] = []
  for (const item of items) {
    slice.push(item)
    if (slice.length < SLICE) continue
    yield slice
    slice = []
  }
  if (slice.length > 0) yield slice
}
