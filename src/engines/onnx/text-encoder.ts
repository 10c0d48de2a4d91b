import { FieldtrialError } from '../../core/errors.ts'
import type { Side } from '../../recipes/types.ts'
import type { Encoded } from '../types.ts'
import { planBatches } from './batches.ts'
import { type LoadedStep, loadHead, normalized } from './head.ts'
import { type ModelRunner, openRunner } from './model-runner.ts'
import type { EncoderPlan } from './plan.ts'
import { pool } from './pooling.ts'
import { TextTokenizer, type Tokens } from './tokenizer/tokenizer.ts'

/** The encoder itself, in one thread: tokenizer, batches, model, pooling, head. The worker wraps it. */
export class TextEncoder {
  private readonly plan: EncoderPlan
  private readonly tokenizer: TextTokenizer
  private readonly runner: ModelRunner
  private readonly head: readonly LoadedStep[]
  /** Tokens of each side's prompt that pooling leaves out. */
  private readonly skip: Readonly<Record<Side, number>>

  private constructor(plan: EncoderPlan, tokenizer: TextTokenizer, runner: ModelRunner, head: readonly LoadedStep[]) {
    this.plan = plan
    this.tokenizer = tokenizer
    this.runner = runner
    this.head = head
    const { prefix, includePrompt, maxLength } = plan.recipe
    const skip = (side: Side) => (includePrompt ? 0 : tokenizer.promptLength(prefix[side], maxLength))
    this.skip = { query: skip('query'), document: skip('document') }
  }

  static async load(plan: EncoderPlan, threads: number): Promise<TextEncoder> {
    const tokenizer = await TextTokenizer.load(plan.tokenizerFile, plan.tokenizerConfig, plan.lowerCase)
    const head = await loadHead(plan.folder, plan.head)
    return new TextEncoder(plan, tokenizer, await openRunner(plan, threads), head)
  }

  /** @param checkpoint Called between batches with the number of texts that are done; throws to stop. */
  async encode(texts: readonly string[], side: Side, checkpoint: (done: number) => void): Promise<Encoded> {
    const { recipe, batchTokens } = this.plan
    const tokenized: Tokens[] = []
    for (const text of texts) {
      if (tokenized.length % 64 === 0) checkpoint(0)
      tokenized.push(this.tokenizer.encode(recipe.prefix[side] + text, recipe.maxLength))
    }
    const lengths = Int32Array.from(tokenized, ({ ids }) => ids.length)
    const empty = lengths.indexOf(0)
    if (empty !== -1) throw failed(empty, texts.length, 'has no tokens, and the tokenizer adds none')

    let rows: Float32Array | null = null
    let dimension = 0
    let done = 0
    for (const batch of planBatches(lengths, batchTokens)) {
      checkpoint(done)
      done += batch.length
      const length = lengths[batch[0]!]!
      const ids = new BigInt64Array(batch.length * length)
      batch.forEach((text, i) => {
        for (let t = 0; t < length; t++) ids[i * length + t] = BigInt(tokenized[text]!.ids[t]!)
      })
      const { kind, data, width } = await this.runner.run(ids, batch.length, length)
      for (const [i, text] of batch.entries()) {
        const stride = kind === 'states' ? length * width : width
        const vector = this.finish(kind, data.subarray(i * stride, (i + 1) * stride), length, width, side)
        check(vector, text, texts.length)
        if (rows === null) {
          dimension = vector.length
          rows = new Float32Array(texts.length * dimension)
        }
        rows.set(vector, text * dimension)
      }
    }
    return {
      vectors: rows ?? new Float32Array(0),
      dimension,
      tokens: lengths,
      truncated: Uint8Array.from(tokenized, ({ truncated }) => Number(truncated)),
    }
  }

  close(): Promise<void> {
    return this.runner.close()
  }

  private finish(
    kind: 'states' | 'vectors',
    data: Float32Array,
    length: number,
    width: number,
    side: Side,
  ): Float32Array {
    const { pooling, normalize: unit } = this.plan.recipe
    let vector: Float32Array
    if (kind === 'vectors') vector = data.slice()
    else {
      vector = new Float32Array(pooling.length * width)
      pool(data, length, width, pooling, this.skip[side], vector)
      for (const step of this.head) vector = step(vector)
    }
    return unit ? normalized(vector) : vector
  }
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
