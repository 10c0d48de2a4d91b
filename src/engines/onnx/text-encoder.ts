import { FieldtrialError } from '../../core/errors.ts'
import { prepareContents } from '../../recipes/contents.ts'
import type { Side } from '../../recipes/types.ts'
import type { Encoded } from '../types.ts'
import { planBatches } from './batches.ts'
import { type LoadedStep, loadHead, normalized } from './head.ts'
import { type ModelRunner, type Output, openRunner } from './model-runner.ts'
import type { EncoderPlan } from './plan.ts'
import { pooledRange } from './pooled-range.ts'
import { pool } from './pooling.ts'
import { SparseHalf } from './sparse-half.ts'
import { tokenizerFits } from './tokenizer/fits.ts'
import { PromptTokenizer, type PromptTokens } from './tokenizer/prompt-tokenizer.ts'

/** One prompt of one text: a text has several where its recipe averages several views of it. */
interface Item extends PromptTokens {
  readonly text: number
}

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
    requireOwnTokenizer(plan, tokenizer)
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
    const items = this.tokenize(texts, side, task, checkpoint)
    const views = this.plan.recipe.prompts[side].length
    const lengths = Int32Array.from(items, ({ ids }) => ids.length)

    let sums: Float32Array | null = null
    let width = 0
    let done = 0
    let head = this.head
    for (const batch of planBatches(lengths, this.plan.batchTokens)) {
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
        const vector = this.pooled(output, row, item)
        check(vector, item.text, texts.length)
        if (sums === null) {
          width = vector.length
          sums = new Float32Array(texts.length * width)
        }
        // Views are averaged before the length is taken out, as MetaEOL does.
        const from = item.text * width
        for (let d = 0; d < width; d++) sums[from + d] = sums[from + d]! + vector[d]! / views
        this.sparse?.add(item.text, texts[item.text]!, output, row)
      }
    }
    return {
      ...this.finish(sums, texts.length, width, head),
      tokens: sumPerText(items, texts.length, ({ ids }) => ids.length),
      truncated: Uint8Array.from(
        sumPerText(items, texts.length, (item) => Number(item.truncated)),
        (n) => +(n > 0),
      ),
      ...(this.sparse === null ? {} : { sparse: this.sparse.take(texts.length) }),
    }
  }

  close(): Promise<void> {
    return this.runner.close()
  }

  private tokenize(texts: readonly string[], side: Side, task: string, checkpoint: (done: number) => void): Item[] {
    const { prompts, contents, maxLength, lengthOf } = this.plan.recipe
    const limit = { maxLength: maxLength[side], lengthOf }
    const items: Item[] = []
    for (const [text, given] of texts.entries()) {
      if (text % 64 === 0) checkpoint(0)
      const prepared = prepareContents(contents, given)
      for (const prompt of prompts[side]) {
        const found = this.tokenizer.encode(prompt, prepared, task, limit)
        const tokens = found.ids.length > 0 ? found : this.standIn(found, text, texts.length)
        const { positions } = this.runner
        if (positions !== null && tokens.ids.length > positions)
          throw new FieldtrialError(
            'ENGINE_FAILED',
            `Text ${text} of ${texts.length} (counted from 0) makes a prompt of ${tokens.ids.length} tokens; ${this.plan.recipe.id} on this model takes ${positions}.`,
            { hint: 'Lower maxLength, or shorten the prompt around the text.' },
          )
        items.push({ text, ...tokens })
      }
    }
    return items
  }

  /** The end-of-sequence token alone for a text of which no token is left. transformers would fail; a collection with an empty document must not. */
  private standIn(found: PromptTokens, text: number, of: number): PromptTokens {
    const id = this.plan.emptyToken === null ? null : this.tokenizer.tokenId(this.plan.emptyToken)
    if (id === null) throw failed(text, of, 'has no tokens, and the tokenizer adds none')
    return { ...found, ids: [id] }
  }

  private pooled(output: Output, row: number, item: Item): Float32Array {
    const { data, width, kind } = output
    if (kind !== 'states') return data.slice(row * width, (row + 1) * width)
    const { pooling } = this.plan.recipe
    const length = item.ids.length
    const vector = new Float32Array(pooling.length * width)
    pool(
      data.subarray(row * length * width, (row + 1) * length * width),
      pooledRange(this.plan.recipe.span, item),
      width,
      pooling,
      vector,
    )
    return vector
  }

  private finish(
    sums: Float32Array | null,
    texts: number,
    width: number,
    head: readonly LoadedStep[],
  ): { vectors: Float32Array; dimension: number } {
    if (sums === null) return { vectors: new Float32Array(0), dimension: 0 }
    const rows: Float32Array[] = []
    for (let text = 0; text < texts; text++) {
      let vector: Float32Array = sums.subarray(text * width, (text + 1) * width)
      for (const step of head) vector = step(vector)
      rows.push(this.plan.recipe.normalize ? normalized(vector) : vector)
      check(rows[text]!, text, texts)
    }
    const dimension = rows[0]!.length
    const vectors = dimension === width ? sums : new Float32Array(texts * dimension)
    for (const [text, row] of rows.entries()) vectors.set(row, text * dimension)
    return { vectors, dimension }
  }
}

/** @throws FieldtrialError `MODEL_INVALID` where the tokenizer is another model's: vectors would come, and mean nothing. */
function requireOwnTokenizer({ weights, tokenizerFile }: EncoderPlan, tokenizer: PromptTokenizer): void {
  const why = weights.kind === 'shipped' ? null : tokenizerFits(tokenizer, weights.config)
  if (why !== null)
    throw new FieldtrialError('MODEL_INVALID', `${tokenizerFile} is not the tokenizer of this model: ${why}.`, {
      where: { file: tokenizerFile },
      hint: 'Fetch the model again: config.json, weights and tokenizer must come from one place.',
    })
}

function sumPerText(items: readonly Item[], texts: number, value: (item: Item) => number): Int32Array {
  const sums = new Int32Array(texts)
  for (const item of items) sums[item.text] = sums[item.text]! + value(item)
  return sums
}

function check(vector: Float32Array, text: number, of: number): void {
  let largest = 0
  for (const x of vector) {
    if (!Number.isFinite(x)) throw failed(text, of, `got a vector with ${x} in it`)
    if (x !== 0) largest = 1
  }
  if (largest === 0) throw failed(text, of, 'got a vector of zeros only')
}

function failed(text: number, of: number, what: string): FieldtrialError {
  return new FieldtrialError('ENGINE_FAILED', `Text ${text} of ${of} (counted from 0) ${what}.`, {
    hint: 'Check the model with `fieldtrial doctor`: its weights may be damaged, or its numbers overflow.',
  })
}
