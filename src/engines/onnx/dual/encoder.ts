import { availableParallelism } from 'node:os'
import { FieldtrialError, throwIfAborted } from '../../../core/errors.ts'
import type { Side } from '../../../recipes/types.ts'
import { type DualItem, type DualPlan, dualItemsOf } from '../../dual/items.ts'
import { requireTokens } from '../../dual/plan.ts'
import { DualVectors } from '../../dual/vectors.ts'
import { itemOf } from '../../text/inputs.ts'
import { requireMemory } from '../../text/memory.ts'
import type { TextPlan } from '../../text/plan.ts'
import type { Checkpoint } from '../../text/safetensors.ts'
import { countItems } from '../../text/text-vectors.ts'
import { PromptTokenizer } from '../../text/tokenizer/prompt-tokenizer.ts'
import type { Encoded, EncodeOptions, Encoder, EncoderInfo, EncoderInput } from '../../types.ts'
import { planBatches } from '../batches.ts'
import type { Device } from '../plan.ts'
import { TowerThread } from './tower-thread.ts'

/** All that is needed to open a dual encoder. */
export interface DualEncoderPlan extends TextPlan {
  readonly dual: DualPlan
  readonly checkpoint: Checkpoint
  readonly device: Device
  readonly batchTokens: number
}

/** Texts that are put in order of their length at a time. */
const TEXTS = 256
/** Pictures that go through the tower together. */
const PICTURES = 16

/** CLIP or SigLIP in process: tokens and pixels are made here, vectors in a thread. */
export class DualEncoder implements Encoder {
  readonly info: EncoderInfo
  private readonly plan: DualEncoderPlan
  private readonly tokenizer: PromptTokenizer
  private readonly thread: TowerThread
  private closed = false

  private constructor(info: EncoderInfo, plan: DualEncoderPlan, tokenizer: PromptTokenizer, thread: TowerThread) {
    this.info = info
    this.plan = plan
    this.tokenizer = tokenizer
    this.thread = thread
  }

  static async open(
    info: EncoderInfo,
    plan: DualEncoderPlan,
    options: { readonly threads?: number; readonly signal?: AbortSignal } = {},
  ): Promise<DualEncoder> {
    const { threads = availableParallelism(), signal } = options
    throwIfAborted(signal)
    requireMemory(info)
    const tokenizer = await PromptTokenizer.load(plan.tokenizerFile, plan.tokenizerConfig, plan.lowerCase)
    requireTokens(tokenizer, plan.dual, plan.tokenizerFile)
    const { checkpoint, device } = plan
    const thread = await TowerThread.open({
      checkpoint,
      device,
      threads,
      shape: plan.dual.shape,
      settings: plan.dual.settings,
    })
    return new DualEncoder(info, plan, tokenizer, thread)
  }

  async encode(inputs: readonly EncoderInput[], side: Side, options: EncodeOptions = {}): Promise<Encoded> {
    const { task = '', signal, onProgress } = options
    throwIfAborted(signal)
    if (this.closed) throw new FieldtrialError('ENGINE_FAILED', 'The encoder was closed.', { hint: 'Open it again.' })
    const { dual } = this.plan
    const vectors = new DualVectors(inputs.length, dual.shape.dimension)
    const counted: DualItem[] = []
    const texts: DualItem[] = []
    const pictures: DualItem[] = []
    for await (const item of dualItemsOf(this.plan, dual, this.tokenizer, inputs.map(itemOf), side, task)) {
      throwIfAborted(signal)
      const { image, ...rest } = item
      counted.push(rest)
      if (image === undefined) texts.push(item)
      else pictures.push(item)
      if (texts.length === TEXTS) await this.runTexts(texts.splice(0), vectors)
      if (pictures.length === PICTURES) await this.runPictures(pictures.splice(0), vectors)
      onProgress?.(item.text)
    }
    throwIfAborted(signal)
    await this.runTexts(texts, vectors)
    await this.runPictures(pictures, vectors)
    return {
      vectors: vectors.finish(),
      dimension: dual.shape.dimension,
      ...countItems(counted, inputs.length),
    }
  }

  async close(): Promise<void> {
    this.closed = true
    await this.thread.close()
  }

  private async runTexts(items: readonly DualItem[], vectors: DualVectors): Promise<void> {
    const lengths = items.map(({ ids }) => ids.length)
    for (const batch of planBatches(lengths, this.plan.batchTokens)) {
      const ids = BigInt64Array.from(batch.flatMap((i) => items[i]!.ids).map(BigInt))
      this.keep(
        batch.map((i) => items[i]!),
        await this.thread.run({ kind: 'texts', ids, length: lengths[batch[0]!]! }),
        vectors,
      )
    }
  }

  private async runPictures(items: readonly DualItem[], vectors: DualVectors): Promise<void> {
    if (items.length === 0) return
    const pixels = Buffer.concat(items.map(({ image }) => image!.pixels))
    this.keep(items, await this.thread.run({ kind: 'images', pixels }), vectors)
  }

  private keep(items: readonly DualItem[], rows: Float32Array, vectors: DualVectors): void {
    const { dimension } = this.plan.dual.shape
    for (const [row, { text }] of items.entries())
      vectors.add(text, rows.subarray(row * dimension, (row + 1) * dimension))
  }
}
