import { join } from 'node:path'
import { makeFolder, writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError } from '../../core/errors.ts'
import { textHash } from '../../data/hash-set.ts'
import { itemsOf } from '../../engines/text/items.ts'
import type { TextPlan } from '../../engines/text/plan.ts'
import { pooledRange } from '../../engines/text/pooled-range.ts'
import { SparseHalf } from '../../engines/text/sparse-half.ts'
import type { PromptTokenizer } from '../../engines/text/tokenizer/prompt-tokenizer.ts'
import type { Side } from '../../recipes/types.ts'
import { bytesHash, HashIndex } from './hash-index.ts'
import { NumberFile } from './number-file.ts'

/** Texts of one side, in tokens as the model gets them. */
export interface SideCounts {
  readonly texts: number
  readonly tokens: number
  /** Tokens of the longest, before it was cut. */
  readonly longest: number
  /** Texts that were cut at the recipe's `maxLength`. */
  readonly cut: number
}

export interface SetCounts {
  readonly groups: number
  readonly query: SideCounts
  readonly document: SideCounts
  /** Positives and negatives of all groups. */
  readonly positives: number
  readonly negatives: number
  /** Groups with a negative. */
  readonly withNegatives: number
}

/** What the worker must know to read a set. */
export const SET_VERSION = 1

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type Positions = TextPlan & { readonly positions: number | null }

interface Files {
  readonly tokens: NumberFile
  readonly offsets: NumberFile
  readonly from: NumberFile
  readonly groups: NumberFile
  readonly groupOffsets: NumberFile
  readonly scores: NumberFile | null
  readonly words: NumberFile | null
  readonly wordOffsets: NumberFile | null
}

/**
 * Writes a training set in tokens: texts as the recipe sends them, each once, and groups of a query, its positives and its negatives. The layout
 * is that of `PreparedSet` in the worker (worker/fieldtrial_worker/training). Memory: about 60 bytes for each distinct text.
 */
export class SetWriter {
  readonly #folder: string
  readonly #plan: Positions
  readonly #tokenizer: PromptTokenizer
  readonly #files: Files
  readonly #half: SparseHalf | null
  /** By raw text, so that what comes again is not tokenised again; and by tokens, so that equal ones have one number. Null: each text is its own. */
  readonly #byText: HashIndex | null
  readonly #byTokens: HashIndex | null
  readonly #sides: Record<Side, Mutable<SideCounts>> = {
    query: { texts: 0, tokens: 0, longest: 0, cut: 0 },
    document: { texts: 0, tokens: 0, longest: 0, cut: 0 },
  }
  #texts = 0
  #tokens = 0
  #words = 0
  #groupInts = 0
  readonly #groups = { groups: 0, positives: 0, negatives: 0, withNegatives: 0 }

  /**
   * @param options.distinct False gives every text a number of its own, in the order in which they come. Default: true.
   * @param options.scores Whether groups bring a teacher's scores.
   */
  static async create(
    folder: string,
    plan: Positions,
    tokenizer: PromptTokenizer,
    options: { readonly distinct?: boolean; readonly scores?: boolean } = {},
  ): Promise<SetWriter> {
    await makeFolder(folder)
    const file = (name: string) => NumberFile.create(join(folder, `${name}.bin`))
    const words = plan.recipe.sparse !== null
    const files: Files = {
      tokens: await file('tokens'),
      offsets: await file('offsets'),
      from: await file('from'),
      groups: await file('groups'),
      groupOffsets: await file('group-offsets'),
      scores: options.scores ? await file('scores') : null,
      words: words ? await file('words') : null,
      wordOffsets: words ? await file('word-offsets') : null,
    }
    await files.offsets.uint64(0)
    await files.groupOffsets.uint64(0)
    await files.wordOffsets?.uint64(0)
    return new SetWriter(folder, plan, tokenizer, files, options.distinct ?? true)
  }

  private constructor(folder: string, plan: Positions, tokenizer: PromptTokenizer, files: Files, distinct: boolean) {
    this.#folder = folder
    this.#plan = plan
    this.#tokenizer = tokenizer
    this.#files = files
    this.#half = plan.recipe.sparse === null ? null : new SparseHalf(plan.recipe.sparse, tokenizer)
    this.#byText = distinct ? new HashIndex() : null
    this.#byTokens = distinct ? new HashIndex() : null
  }

  /**
   * @param task Task instruction, for recipes whose prompts hold one.
   * @returns The text's number, and how many tokens of it were cut off (0 where it has come before).
   */
  async text(side: Side, text: string, task: string): Promise<{ readonly id: number; readonly cutTokens: number }> {
    const raw = textHash(`${side}\0${task}\0${text}`)
    const known = this.#byText?.get(raw) ?? -1
    if (known >= 0) return { id: known, cutTokens: 0 }
    const [item] = itemsOf(this.#plan, this.#tokenizer, [text], side, task, this.#plan.positions)
    const { ids, cutTokens } = item!
    const bytes = new Int32Array(ids.length + 1)
    bytes.set(ids)
    bytes[ids.length] = side === 'query' ? 0 : 1
    const same = this.#byTokens?.add(bytesHash(new Uint8Array(bytes.buffer)), this.#texts) ?? this.#texts
    this.#byText?.add(raw, same)
    this.#count(side, ids.length, cutTokens)
    if (same < this.#texts) return { id: same, cutTokens }
    await this.#files.tokens.int32(ids)
    this.#tokens += ids.length
    await this.#files.offsets.uint64(this.#tokens)
    await this.#files.from.int32([pooledRange(this.#plan.recipe.span, item!).start])
    if (this.#half !== null) {
      const words = this.#half.wordsOf(text)
      await this.#files.words!.int32(words)
      this.#words += words.length
      await this.#files.wordOffsets!.uint64(this.#words)
    }
    return { id: this.#texts++, cutTokens }
  }

  /**
   * A query with its positives and negatives, by their numbers.
   *
   * @param scores A teacher's, of the positives and then the negatives; null where the set has none.
   */
  async group(
    query: number,
    positives: readonly number[],
    negatives: readonly number[],
    scores: readonly number[] | null,
  ): Promise<void> {
    const { groups, groupOffsets } = this.#files
    await groups.int32([query, positives.length, negatives.length, ...positives, ...negatives])
    this.#groupInts += 3 + positives.length + negatives.length
    await groupOffsets.uint64(this.#groupInts)
    await this.#files.scores?.float32(scores!)
    this.#groups.groups++
    this.#groups.positives += positives.length
    this.#groups.negatives += negatives.length
    if (negatives.length > 0) this.#groups.withNegatives++
  }

  get texts(): number {
    return this.#texts
  }

  /** Flushes everything, and says what was written. */
  async finish(fingerprint: string): Promise<SetCounts> {
    for (const file of Object.values(this.#files) as (NumberFile | null)[]) await file?.close()
    const about = {
      version: SET_VERSION,
      texts: this.#texts,
      groups: this.#groups.groups,
      tokens: this.#tokens,
      fingerprint,
      scores: this.#files.scores !== null,
      words: this.#files.words !== null,
    }
    await writeAtomic(join(this.#folder, 'set.json'), `${JSON.stringify(about)}\n`)
    return { ...this.#groups, query: { ...this.#sides.query }, document: { ...this.#sides.document } }
  }

  /** Closes the files of work that failed. */
  async abandon(): Promise<void> {
    for (const file of Object.values(this.#files) as (NumberFile | null)[]) await file?.abandon()
  }

  #count(side: Side, tokens: number, cutTokens: number): void {
    const counts = this.#sides[side]
    counts.texts++
    counts.tokens += tokens
    counts.longest = Math.max(counts.longest, tokens + cutTokens)
    if (cutTokens > 0) counts.cut++
  }
}

/** @throws FieldtrialError `RECIPE_INVALID` for recipes that cannot be trained as they are. */
export function requireTrainable({ recipe, head }: Pick<TextPlan, 'recipe' | 'head'>, model: string): void {
  const refuse = (what: string, hint: string) => {
    throw new FieldtrialError('RECIPE_INVALID', `The recipe ${recipe.id} on ${model} cannot be trained: ${what}.`, {
      hint,
    })
  }
  if (recipe.prompts.query.length > 1 || recipe.prompts.document.length > 1)
    refuse('it averages several prompts', 'Use a recipe with one prompt for each side, such as prompteol.')
  if (recipe.generate !== null) refuse('it decodes tokens', 'Leave generateTokens out.')
  if (head.some((step) => step.kind === 'dense'))
    refuse('the model has dense layers behind its pooling', 'Train a model without, or set a recipe such as mean.')
}
