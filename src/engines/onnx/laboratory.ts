import { setImmediate } from 'node:timers/promises'
import { throwIfAborted } from '../../core/errors.ts'
import { prepareContents } from '../../recipes/contents.ts'
import type { HeadStep } from '../../recipes/sentence-transformers-head.ts'
import type { Recipe, Side } from '../../recipes/types.ts'
import { readModelFolder } from '../text/files.ts'
import { type LoadedStep, loadHead, normalized } from '../text/head.ts'
import { requireMemory } from '../text/memory.ts'
import { positionsNeeded } from '../text/positions.ts'
import { readTensor } from '../text/safetensors.ts'
import { PromptTokenizer } from '../text/tokenizer/prompt-tokenizer.ts'
import type { EncoderInfo } from '../types.ts'
import { planBatches } from './batches.ts'
import { type DecoderFacts, decoderFacts, isDecoder } from './families/decoders/index.ts'
import { decoderNames } from './families/decoders/names.ts'
import { decoderShape } from './families/decoders/shape.ts'
import { familyOf } from './families/index.ts'
import { type Handling, padded, type Sequence, sequenceOf } from './handling.ts'
import { type ModelRunner, openRunner } from './model-runner.ts'
import type { Device, EncoderPlan, WeightDtype } from './plan.ts'
import { pool } from './pooling.ts'

/** Texts to be turned into vectors in one way. Padding, where there is any, is to the longest of them. */
export interface VectorRequest {
  readonly texts: readonly string[]
  readonly side: Side
  readonly task: string
  readonly handling: Handling
}

export interface LaboratoryOptions {
  readonly threads: number
  readonly device?: Device
  /** Folder for quantised weights, as `prepareOnnx` takes it. */
  readonly quantizedCache?: string
  readonly signal?: AbortSignal
}

interface FinalNorm {
  readonly weight: Float32Array
  readonly epsilon: number
}

/** One vector to be pooled out of a sequence's states. */
interface Want extends Sequence {
  readonly request: number
  readonly text: number
}

/** Tokens of a prompt that is not cut; beyond what any model takes. */
const UNCUT = 1_000_000
/** Positions beyond those of the recipe, for texts that are not cut or padded. */
const SPARE_POSITIONS = 2048

/**
 * A model opened to be looked into: it gives the states of all tokens of any sequence, before the last norm, so that the vectors of a recipe
 * and of everything that goes wrong with one come out of a single model in memory. Slower than the encoder, and apart from it: other graph
 * outputs, norm and pooling in this thread, hence a second opinion on the encoder, too.
 */
export class Laboratory {
  readonly recipe: Recipe
  readonly tokenizer: PromptTokenizer
  /** Null for models that are not decoders. */
  readonly decoder: DecoderFacts | null
  /** The padding token, or what stands for it. */
  readonly padIds: readonly number[]
  /** The most tokens of a sequence. */
  readonly positions: number
  private readonly plan: EncoderPlan
  private readonly runner: ModelRunner
  private readonly head: readonly LoadedStep[]
  private readonly norm: FinalNorm | null
  private readonly eos: number | null
  private readonly signal: AbortSignal | undefined

  private constructor(
    plan: EncoderPlan,
    parts: Pick<Laboratory, 'tokenizer' | 'decoder' | 'padIds' | 'positions'>,
    own: { runner: ModelRunner; head: readonly LoadedStep[]; norm: FinalNorm | null; eos: number | null },
    signal: AbortSignal | undefined,
  ) {
    this.plan = plan
    this.recipe = plan.recipe
    this.tokenizer = parts.tokenizer
    this.decoder = parts.decoder
    this.padIds = parts.padIds
    this.positions = parts.positions
    this.runner = own.runner
    this.head = own.head
    this.norm = own.norm
    this.eos = own.eos
    this.signal = signal
  }

  /**
   * @param folder The model's folder.
   * @param info Of the encoder that `prepareOnnx` made of it.
   * @returns Null for a model that ships its own graph, or a recipe that decodes tokens: their states cannot be taken out.
   * @throws FieldtrialError as opening the encoder does.
   */
  static async open(folder: string, info: EncoderInfo, options: LaboratoryOptions): Promise<Laboratory | null> {
    const files = await readModelFolder(folder)
    const { config, checkpoint, specialTokens } = files
    const decodes = checkpoint !== null && isDecoder(config)
    if (checkpoint === null || info.recipe.generate !== null || !(decodes || familyOf(config) !== undefined))
      return null
    requireMemory(info)
    // What else the encoder is made of stands in its identity.
    const { head, dtype, weights } = info.identity as unknown as {
      head: readonly HeadStep[]
      dtype: WeightDtype
      weights: readonly string[]
    }
    const decoder = decodes ? decoderFacts(config, checkpoint) : null
    const context = decoder?.context ?? info.recipe.maxLength.document
    const positions = Math.min(context, positionsNeeded(info.recipe, context) + SPARE_POSITIONS)
    const quantized =
      dtype === 'float32' || options.quantizedCache === undefined
        ? null
        : { folder: options.quantizedCache, key: weights.join('-') }
    const plan: EncoderPlan = {
      folder,
      weights: { kind: decodes ? 'decoder' : 'encoder', config, checkpoint, dtype, quantized, positions },
      device: options.device ?? 'cpu',
      tokenizerFile: files.tokenizerFile,
      tokenizerConfig: files.tokenizerConfig,
      lowerCase: files.sentenceConfig?.do_lower_case === true,
      emptyToken: specialTokens.eos ?? specialTokens.pad ?? specialTokens.bos,
      recipe: info.recipe,
      head,
      batchTokens: dtype === 'float32' ? 1024 : 1,
    }
    const tokenizer = await PromptTokenizer.load(plan.tokenizerFile, plan.tokenizerConfig, plan.lowerCase)
    const idOf = (token: string | null) => (token === null ? null : tokenizer.tokenId(token))
    const [eos, pad] = [idOf(specialTokens.eos), idOf(specialTokens.pad)]
    const norm = decodes ? await readNorm(plan) : null
    const runner = await openRunner({ ...plan, recipe: allStates(info.recipe, decoder) }, tokenizer, options.threads)
    return new Laboratory(
      plan,
      { tokenizer, decoder, positions, padIds: [...new Set([pad, eos ?? 0])].filter((id) => id !== null) },
      { runner, norm, eos, head: await loadHead(folder, head) },
      options.signal,
    )
  }

  /** What goes through the model for each prompt of a text. */
  sequences(text: string, { side, task, handling }: Omit<VectorRequest, 'texts'>): Sequence[] {
    const { recipe, cut, lowerCase } = handling
    const prepared = prepareContents(recipe.contents, lowerCase ? text.toLowerCase() : text)
    const maxLength = cut === 'recipe' ? recipe.maxLength[side] : UNCUT
    const special = { eos: this.eos, isSpecial: (id: number) => this.tokenizer.isSpecial(id) }
    return recipe.prompts[side].map((prompt) => {
      const limit = { maxLength, lengthOf: recipe.lengthOf }
      return sequenceOf(this.tokenizer.encode(prompt, prepared, task, limit), handling, special)
    })
  }

  /** The vectors of several requests; what they have in common goes through the model once. Rows are not checked: they may hold NaN. */
  async vectors(requests: readonly VectorRequest[]): Promise<Float32Array[][]> {
    const wants = requests.flatMap((request, number) => this.wants(request, number))
    const sums = requests.map(({ texts }) => new Array<Float32Array | undefined>(texts.length))
    await this.run(wants, (want, states, width) => {
      const { recipe, norms } = requests[want.request]!.handling
      const { start, end } = want.range
      const some = this.normed(states.subarray(start * width, end * width), width, norms)
      const placed = recipe.pooling.includes('weightedmean') ? inPlace(some, start, width) : null
      const vector = new Float32Array(recipe.pooling.length * width)
      const range = placed === null ? { start: 0, end: end - start } : { start, end }
      pool(placed ?? some, range, width, recipe.pooling, vector)
      const views = recipe.prompts[requests[want.request]!.side].length
      const before = sums[want.request]![want.text]
      sums[want.request]![want.text] = vector.map((x, d) => (before?.[d] ?? 0) + x / views)
    })
    return sums.map((rows, request) => rows.map((row) => this.finish(row!, requests[request]!.handling.recipe)))
  }

  /** The scores of the vocabulary after each sequence's last token. Decoders with a language-model head only. */
  async logits(sequences: readonly (readonly number[])[]): Promise<Float32Array[]> {
    const found = new Array<Float32Array>(sequences.length)
    const wants = sequences.map((ids, text) => ({ ids, range: { start: 0, end: 0 }, request: 0, text }))
    await this.run(wants, ({ text }, _states, _width, logits) => {
      found[text] = logits!.slice()
    })
    return found
  }

  close(): Promise<void> {
    return this.runner.close()
  }

  private wants(request: VectorRequest, number: number): Want[] {
    const { texts, handling } = request
    const plain = texts.flatMap((given, text) =>
      this.sequences(given, request).map((sequence) => ({ ...sequence, text })),
    )
    const longest = Math.max(...plain.map(({ ids }) => ids.length))
    return plain.map(({ text, ...sequence }) => ({
      ...(handling.padding === null ? sequence : padded(sequence, handling.padding, longest)),
      text,
      request: number,
    }))
  }

  private async run(
    wants: readonly Want[],
    take: (want: Want, states: Float32Array, width: number, logits: Float32Array | null) => void,
  ): Promise<void> {
    const together = Map.groupBy(wants, ({ ids }) => ids.join())
    const sequences = [...together.values()]
    const lengths = sequences.map(([first]) => first!.ids.length)
    for (const batch of planBatches(lengths, this.plan.batchTokens)) {
      // The model holds this thread while it runs; here a signal gets through.
      await setImmediate()
      throwIfAborted(this.signal)
      const length = lengths[batch[0]!]!
      const ids = BigInt64Array.from(
        batch.flatMap((at) => sequences[at]![0]!.ids),
        BigInt,
      )
      const { data, width, logits, vocabulary } = await this.runner.run(ids, batch.length, length)
      for (const [row, at] of batch.entries())
        for (const want of sequences[at]!)
          take(
            want,
            data.subarray(row * length * width, (row + 1) * length * width),
            width,
            logits?.subarray(row * vocabulary, (row + 1) * vocabulary) ?? null,
          )
    }
  }

  private normed(states: Float32Array, width: number, times: number): Float32Array {
    let result = states
    for (let i = 0; i < times && this.norm !== null; i++) result = rootMeanSquareNorm(result, width, this.norm)
    return result
  }

  private finish(sum: Float32Array, { normalize }: Recipe): Float32Array {
    const vector = this.head.reduce((before, step) => step(before), sum)
    return normalize ? normalized(vector) : vector
  }
}

/** A recipe whose graph gives the states of all tokens without the last norm, and, having a sparse half, scores of the vocabulary. */
function allStates(recipe: Recipe, decoder: DecoderFacts | null): Recipe {
  const scores = decoder !== null && decoder.head !== 'none'
  return {
    ...recipe,
    pooling: ['mean'],
    finalNorm: recipe.finalNorm === null ? null : false,
    generate: null,
    sparse: scores ? { terms: 1, fallbackTerms: 1, scale: 1 } : null,
  }
}

async function readNorm({ weights }: EncoderPlan): Promise<FinalNorm> {
  if (weights.kind === 'shipped') throw new Error('no checkpoint')
  const { epsilon, offsetNorms } = decoderShape(weights.config)
  const name = `${decoderNames(weights.checkpoint).prefix}norm.weight`
  const weight = await readTensor(name, weights.checkpoint.get(name)!)
  return { weight: offsetNorms ? weight.map((w) => w + 1) : weight, epsilon }
}

/** As the graphs have it (see decoders/layer.ts), in double precision. */
function rootMeanSquareNorm(states: Float32Array, width: number, { weight, epsilon }: FinalNorm): Float32Array {
  const normed = new Float32Array(states.length)
  for (let at = 0; at < states.length; at += width) {
    let squares = 0
    for (let d = at; d < at + width; d++) squares += states[d]! * states[d]!
    const scale = 1 / Math.sqrt(squares / width + epsilon)
    for (let d = 0; d < width; d++) normed[at + d] = states[at + d]! * scale * weight[d]!
  }
  return normed
}

/** States at their own positions: weights by position count from the start of the text. */
function inPlace(states: Float32Array, start: number, width: number): Float32Array {
  const placed = new Float32Array(start * width + states.length)
  placed.set(states, start * width)
  return placed
}
