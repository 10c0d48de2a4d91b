import type { Side } from '../../recipes/types.ts'
import { type LoadedStep, loadHead } from '../text/head.ts'
import { type Item, itemsOf } from '../text/items.ts'
import { pooledRange } from '../text/pooled-range.ts'
import { SparseHalf } from '../text/sparse-half.ts'
import { countItems, TextVectors } from '../text/text-vectors.ts'
import { requireOwnTokenizer } from '../text/tokenizer/fits.ts'
import { PromptTokenizer } from '../text/tokenizer/prompt-tokenizer.ts'
import type { Encoded } from '../types.ts'
import { planBatches } from './batches.ts'
import { type ModelRunner, type Output, openRunner } from './model-runner.ts'
import type { EncoderPlan } from './plan.ts'
import { pool } from './pooling.ts'

/** The encoder itself, in one thread: prompts, tokenizer, batches, model, pooling, head. The worker wraps it. */
export class TextEncoder {
  private readonly plan: EncoderPlan
  private readonly tokenizer: PromptTokenizer
  private readonly runner: ModelRunner
  private readonly head: readonly LoadedStep[]
  private readonly sparse: SparseHalf | null

  private constructor(plan: EncoderPlan, tokenizer: PromptTokenizer, runner: ModelRunner, head: readonly LoadedStep[]) {
    this.plan = plan
    this.tokenizer = tokenizer
    this.runner = runner
    this.head = head
    this.sparse = plan.recipe.sparse === null ? null : new SparseHalf(plan.recipe.sparse, tokenizer)
  }

  static async load(plan: EncoderPlan, threads: number): Promise<TextEncoder> {
    const tokenizer = await PromptTokenizer.load(plan.tokenizerFile, plan.tokenizerConfig, plan.lowerCase)
    if (plan.weights.kind !== 'shipped') requireOwnTokenizer(plan.tokenizerFile, tokenizer, plan.weights.config)
    const head = await loadHead(plan.folder, plan.head)
    return new TextEncoder(plan, tokenizer, await openRunner(plan, tokenizer, threads), head)
  }

  /** @param checkpoint Called between batches with the number of texts that are done; throws to stop. */
  async encode(
    texts: readonly string[],
    side: Side,
    task: string,
    checkpoint: (done: number) => void,
  ): Promise<Encoded> {
    const { recipe, batchTokens } = this.plan
    const items: Item[] = []
    for (const item of itemsOf(this.plan, this.tokenizer, texts, side, task, this.runner.positions)) {
      if (item.text % 64 === 0) checkpoint(0)
      items.push(item)
    }
    const views = recipe.prompts[side].length
    const lengths = Int32Array.from(items, ({ ids }) => ids.length)

    const collected = new TextVectors(texts.length, views)
    let done = 0
    let head = this.head
    for (const batch of planBatches(lengths, batchTokens)) {
      checkpoint(Math.floor(done / views))
      done += batch.length
      const length = lengths[batch[0]!]!
      const ids = new BigInt64Array(batch.length * length)
      batch.forEach((item, row) => {
        for (let t = 0; t < length; t++) ids[row * length + t] = BigInt(items[item]!.ids[t]!)
      })
      const output = await this.runner.run(ids, batch.length, length)
      if (output.kind === 'vectors') head = []
      for (const [row, at] of batch.entries()) {
        const item = items[at]!
        collected.add(item.text, this.pooled(output, row, item))
        this.sparse?.add(item.text, texts[item.text]!, scoresOf(output, row))
      }
    }
    return {
      ...collected.finish(head, recipe.normalize),
      ...countItems(items, texts.length),
      ...(this.sparse === null ? {} : { sparse: this.sparse.take(texts.length) }),
    }
  }

  close(): Promise<void> {
    return this.runner.close()
  }

  private pooled(output: Output, row: number, item: Item): Float32Array {
    const { data, width, kind } = output
    if (kind !== 'states') return data.slice(row * width, (row + 1) * width)
    const { pooling, span } = this.plan.recipe
    const length = item.ids.length
    const vector = new Float32Array(pooling.length * width)
    pool(
      data.subarray(row * length * width, (row + 1) * length * width),
      pooledRange(span, item),
      width,
      pooling,
      vector,
    )
    return vector
  }
}

function scoresOf({ logits, vocabulary }: Output, row: number): Float32Array | null {
  return logits === null ? null : logits.subarray(row * vocabulary, (row + 1) * vocabulary)
}
