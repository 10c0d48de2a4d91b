import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import type { Side } from '../../recipes/types.ts'
import { type DualItem, dualItemsOf } from '../dual/items.ts'
import { requireTokens } from '../dual/plan.ts'
import { DualVectors } from '../dual/vectors.ts'
import { type LoadedStep, loadHead } from '../text/head.ts'
import { itemOf, requireTexts } from '../text/inputs.ts'
import { itemsOf } from '../text/items.ts'
import { requireMemory } from '../text/memory.ts'
import { SparseHalf } from '../text/sparse-half.ts'
import { countItems, TextVectors } from '../text/text-vectors.ts'
import { requireOwnTokenizer } from '../text/tokenizer/fits.ts'
import { PromptTokenizer } from '../text/tokenizer/prompt-tokenizer.ts'
import type { Encoded, EncodeOptions, Encoder, EncoderInfo, EncoderInput } from '../types.ts'
import { readAnswer } from './answers.ts'
import type { TorchPlan } from './plan.ts'
import type { Done } from './protocol.ts'
import { requestOf, type Slice, slicesOf, writePixels } from './slices.ts'
import { requirePlaceholder } from './vision.ts'
import { type VisionItem, visionItemsOf } from './vision-items.ts'
import { Worker } from './worker.ts'

/** Packs that go to a worker in one request: it sorts by length among so many, and a worker's death costs no more. */
const PACKS = 8
/** A slice is a little shorter than its packs, since these are never quite full. */
const FILLED = 0.98
/** Requests that a worker has at once, so that it never waits for tokens. */
const AHEAD = 2
/** Texts that a GPU does well with at a time. */
const GPU_CHUNK = 8192

/** An encoder whose model runs in Python: prompts and tokens are made here, states there, vectors here again. */
export class TorchEncoder implements Encoder {
  readonly info: EncoderInfo
  readonly chunk?: number
  private readonly plan: TorchPlan
  private readonly tokenizer: PromptTokenizer
  private readonly head: readonly LoadedStep[]
  private readonly workers: readonly Worker[]
  private readonly scratch: string
  private files = 0
  private closed = false

  private constructor(
    info: EncoderInfo,
    plan: TorchPlan,
    tokenizer: PromptTokenizer,
    head: readonly LoadedStep[],
    workers: readonly Worker[],
    scratch: string,
  ) {
    this.info = info
    this.plan = plan
    this.tokenizer = tokenizer
    this.head = head
    this.workers = workers
    this.scratch = scratch
    if (plan.devices[0] !== 'cpu') this.chunk = GPU_CHUNK * plan.devices.length
  }

  /** @param options.threads Threads of a worker on the processor; default: PyTorch's own choice. */
  static async open(
    info: EncoderInfo,
    plan: TorchPlan,
    options: { readonly threads?: number; readonly signal?: AbortSignal } = {},
  ): Promise<TorchEncoder> {
    const { threads, signal } = options
    throwIfAborted(signal)
    requireMemory(info)
    const tokenizer = await PromptTokenizer.load(plan.tokenizerFile, plan.tokenizerConfig, plan.lowerCase)
    if (plan.dual !== null) requireTokens(tokenizer, plan.dual, plan.tokenizerFile)
    else if (plan.tokenizerOf !== null) requireOwnTokenizer(plan.tokenizerFile, tokenizer, plan.tokenizerOf)
    if (plan.vision !== null) requirePlaceholder(tokenizer, plan.vision, plan.tokenizerFile)
    const head = await loadHead(plan.folder, plan.head)
    const workers = plan.devices.map((device) => new Worker(plan, device, tokenizer, threads ?? null))
    const scratch = await mkdtemp(join(tmpdir(), 'fieldtrial-torch-'))
    const encoder = new TorchEncoder(info, plan, tokenizer, head, workers, scratch)
    try {
      await Promise.all(workers.map((worker) => worker.start(signal)))
    } catch (error) {
      await encoder.close()
      throw error
    }
    return encoder
  }

  async encode(inputs: readonly EncoderInput[], side: Side, options: EncodeOptions = {}): Promise<Encoded> {
    const { task = '', signal, onProgress } = options
    throwIfAborted(signal)
    if (this.closed) throw new FieldtrialError('ENGINE_FAILED', 'The encoder was closed.', { hint: 'Open it again.' })
    const { recipe, budget } = this.plan
    const { length } = inputs
    const views = recipe.prompts[side].length
    const sparse = recipe.sparse === null ? null : new SparseHalf(recipe.sparse, this.tokenizer)
    const { dual } = this.plan
    const vectors = dual === null ? new TextVectors(length, views) : new DualVectors(length, dual.shape.dimension)
    const items: VisionItem[] = []
    const slices = slicesOf(
      this.itemsOf(inputs, side, task),
      PACKS * budget * FILLED,
      (text) => itemOf(inputs[text]!).text,
      sparse,
    )
    // One failure ends the work of all.
    const stop = new AbortController()
    const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
    const done = new Map<Slice, number>()
    const tell = (slice: Slice, count: number) => {
      done.set(slice, count)
      onProgress?.(Math.min(length, Math.floor([...done.values()].reduce((sum, n) => sum + n, 0) / views)))
    }
    let failed: unknown
    const drain = async (worker: Worker) => {
      try {
        for await (const slice of slices) {
          for (const { image, ...item } of slice.items) items.push(item)
          await this.run(worker, slice, vectors, sparse, both, (count) => tell(slice, count))
          tell(slice, slice.items.length)
          // Tokenising blocks this thread: let others have it in between.
          await setImmediate()
        }
      } catch (error) {
        failed ??= error
        stop.abort()
      }
    }
    const crew = this.workers.flatMap((worker) => Array.from({ length: AHEAD }, () => worker))
    await Promise.all(crew.map(drain))
    throwIfAborted(signal)
    if (failed !== undefined) throw failed
    const made =
      vectors instanceof DualVectors
        ? { vectors: vectors.finish(), dimension: this.info.dimension! }
        : vectors.finish(this.head, recipe.normalize)
    return {
      vectors: made.vectors,
      dimension: length === 0 ? (this.info.dimension ?? 0) : made.dimension,
      ...countItems(items, length),
      ...(sparse === null ? {} : { sparse: sparse.take(length) }),
    }
  }

  async close(): Promise<void> {
    this.closed = true
    await Promise.all(this.workers.map((worker) => worker.close()))
    await rm(this.scratch, { recursive: true, force: true })
  }

  private itemsOf(
    inputs: readonly EncoderInput[],
    side: Side,
    task: string,
  ): Iterable<VisionItem> | AsyncIterable<VisionItem> {
    const { plan, tokenizer } = this
    if (plan.dual !== null)
      return asVisionItems(dualItemsOf(plan, plan.dual, tokenizer, inputs.map(itemOf), side, task))
    if (plan.vision !== null) return visionItemsOf(plan, plan.vision, tokenizer, inputs.map(itemOf), side, task)
    return itemsOf(plan, tokenizer, requireTexts(inputs, this.info), side, task, plan.positions)
  }

  private async run(
    worker: Worker,
    slice: Slice,
    vectors: Pick<TextVectors, 'add'>,
    sparse: SparseHalf | null,
    signal: AbortSignal,
    onDone: (done: number) => void,
  ): Promise<void> {
    const number = ++this.files
    const out = join(this.scratch, `${number}.f32`)
    const pixels = join(this.scratch, `${number}.rgb`)
    const { size } = this.tokenizer
    try {
      const images = (await writePixels(slice, pixels)) ? pixels : null
      const request = requestOf(slice, this.plan, size, { out, images })
      const { width } = await worker.request<Done>(request, { signal, onDone })
      readAnswer(await readFile(out), width, slice, this.plan, size, vectors, sparse)
    } finally {
      await rm(out, { force: true })
      await rm(pixels, { force: true })
    }
  }
}

/** A dual encoder's picture has no place among tokens, and nothing is pooled here. */
async function* asVisionItems(items: AsyncIterable<DualItem>): AsyncGenerator<VisionItem> {
  for await (const { image, ...item } of items) {
    const tokens = { ...item, contents: { start: 0, end: 0 }, fromContents: 0, cutTokens: 0 }
    yield image === undefined ? tokens : { ...tokens, image: { ...image, offset: 0 } }
  }
}
