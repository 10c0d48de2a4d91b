import { join } from 'node:path'
import { makeFolder, writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError } from '../../core/errors.ts'
import { textHash } from '../../data/hash-set.ts'
import { gridTokens } from '../../engines/image/sizes.ts'
import { itemOf, nameOf } from '../../engines/text/inputs.ts'
import { itemsOf } from '../../engines/text/items.ts'
import type { TextPlan } from '../../engines/text/plan.ts'
import { pooledRange } from '../../engines/text/pooled-range.ts'
import { SparseHalf } from '../../engines/text/sparse-half.ts'
import type { PromptTokenizer } from '../../engines/text/tokenizer/prompt-tokenizer.ts'
import type { VisionPlan } from '../../engines/torch/plan.ts'
import { picturePrompts } from '../../engines/torch/vision-items.ts'
import type { EncoderInput } from '../../engines/types.ts'
import type { Side } from '../../recipes/types.ts'
import { bytesHash, HashIndex } from './hash-index.ts'
import { NumberFile } from './number-file.ts'
import { PictureWriter, refusePicture } from './pictures.ts'

/** Texts of one side, in tokens as the model gets them. */
export interface SideCounts {
  readonly texts: number
  readonly tokens: number
  /** Tokens of the longest, before it was cut. */
  readonly longest: number
  /** Texts that were cut at the recipe's `maxLength`. */
  readonly cut: number
  /** Of the tokens, those of pictures. Absent where the recipe takes none. */
  readonly pictureTokens?: number
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
  /** Distinct ones. Absent where the recipe takes none. */
  readonly pictures?: number
}

/** What the worker must know to read a set. */
const SET_VERSION = 1

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
/** What makes tokens of texts and pictures. */
export type SetPlan = TextPlan & { readonly positions: number | null; readonly vision: VisionPlan | null }

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
  readonly #plan: SetPlan
  readonly #tokenizer: PromptTokenizer
  readonly #files: Files
  readonly #pictures: PictureWriter | null
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
    plan: SetPlan,
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
    const pictures = plan.vision === null ? null : await PictureWriter.create(folder, plan.vision)
    return new SetWriter(folder, plan, tokenizer, files, pictures, options.distinct ?? true)
  }

  private constructor(
    folder: string,
    plan: SetPlan,
    tokenizer: PromptTokenizer,
    files: Files,
    pictures: PictureWriter | null,
    distinct: boolean,
  ) {
    this.#pictures = pictures
    this.#folder = folder
    this.#plan = plan
    this.#tokenizer = tokenizer
    this.#files = files
    this.#half = plan.recipe.sparse === null ? null : new SparseHalf(plan.recipe.sparse, tokenizer)
    this.#byText = distinct ? new HashIndex() : null
    this.#byTokens = distinct ? new HashIndex() : null
  }

  /**
   * A text, a picture, or both.
   *
   * @param task Task instruction, for recipes whose prompts hold one.
   * @returns Its number, and how many tokens of the text were cut off (0 where it has come before).
   * @throws FieldtrialError `DATA_INVALID` for a picture that cannot be read, does not fit, or that model and recipe do not take.
   */
  async text(
    side: Side,
    input: EncoderInput,
    task: string,
  ): Promise<{ readonly id: number; readonly cutTokens: number }> {
    const given = itemOf(input)
    const { text } = given
    const plan = this.#plan
    if (given.image !== undefined && this.#pictures === null) refusePicture(given, plan.recipe.id)
    const picture =
      given.image === undefined ? null : await this.#pictures!.add(given, this.#tokenizer, plan.tokenizerFile)
    const raw = textHash(`${side}\0${task}\0${picture === null ? '' : `${picture.number}\0`}${text}`)
    const known = this.#byText?.get(raw) ?? -1
    if (known >= 0) return { id: known, cutTokens: 0 }
    const [item] =
      picture === null
        ? itemsOf(plan, this.#tokenizer, [text], side, task, plan.positions)
        : picturePrompts(plan, plan.vision!, this.#tokenizer, given, picture, side, task)
    const { ids, cutTokens } = item!
    const offset = 'offset' in item! ? item.offset : 0
    // Equal tokens with another picture are another text.
    const bytes = new Int32Array(ids.length + (picture === null ? 1 : 2))
    bytes.set(ids)
    bytes[ids.length] = side === 'query' ? 0 : 1
    if (picture !== null) bytes[ids.length + 1] = picture.number
    const same = this.#byTokens?.add(bytesHash(new Uint8Array(bytes.buffer)), this.#texts) ?? this.#texts
    this.#byText?.add(raw, same)
    this.#count(side, ids.length, cutTokens, picture === null ? 0 : gridTokens(picture, plan.vision!.settings))
    if (same < this.#texts) return { id: same, cutTokens }
    await this.#files.tokens.int32(ids)
    this.#tokens += ids.length
    await this.#files.offsets.uint64(this.#tokens)
    await this.#files.from.int32([pooledRange(this.#plan.recipe.span, item!).start])
    if (this.#half !== null) {
      const words = this.#half.wordsOf(text)
      if (picture !== null && words.length === 0)
        throw new FieldtrialError(
          'RECIPE_INVALID',
          `${nameOf(given)} has no words, of which the sparse half of ${plan.recipe.id} is trained.`,
          { hint: 'Leave `sparse` out of the recipe, or give each picture a text.' },
        )
      await this.#files.words!.int32(words)
      this.#words += words.length
      await this.#files.wordOffsets!.uint64(this.#words)
    }
    await this.#pictures?.show(picture, offset)
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
    for (const file of this.#all()) await file.close()
    const about = {
      version: SET_VERSION,
      texts: this.#texts,
      groups: this.#groups.groups,
      tokens: this.#tokens,
      fingerprint,
      scores: this.#files.scores !== null,
      words: this.#files.words !== null,
      pictures: this.#pictures?.count ?? 0,
    }
    await writeAtomic(join(this.#folder, 'set.json'), `${JSON.stringify(about)}\n`)
    return {
      ...this.#groups,
      query: { ...this.#sides.query },
      document: { ...this.#sides.document },
      ...(this.#pictures === null ? {} : { pictures: this.#pictures.count }),
    }
  }

  /** Closes the files of work that failed. */
  async abandon(): Promise<void> {
    for (const file of this.#all()) await file.abandon()
  }

  #all(): NumberFile[] {
    const files = Object.values(this.#files) as (NumberFile | null)[]
    return [...files.filter((file) => file !== null), ...(this.#pictures?.files ?? [])]
  }

  #count(side: Side, tokens: number, cutTokens: number, pictureTokens: number): void {
    const counts = this.#sides[side]
    counts.texts++
    counts.tokens += tokens
    counts.longest = Math.max(counts.longest, tokens + cutTokens)
    if (cutTokens > 0) counts.cut++
    if (this.#pictures !== null) counts.pictureTokens = (counts.pictureTokens ?? 0) + pictureTokens
  }
}
