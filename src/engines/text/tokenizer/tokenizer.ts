import { readFile } from 'node:fs/promises'
import { FieldtrialError } from '../../../core/errors.ts'
import { isGguf } from '../gguf/file.ts'
import { readGgufTokenizer } from '../gguf/tokenizer.ts'
import { Pipeline } from './pipeline.ts'
import { settledTokenizer, type TokenizerConfig, type TokenizerJson } from './settle.ts'

/** A text as the model gets it. */
export interface Tokens {
  readonly ids: readonly number[]
  /** Whether tokens were cut off. */
  readonly truncated: boolean
}

/** The first (or last) tokens of a text. */
export interface Cut {
  readonly ids: readonly number[]
  /** Tokens that were cut off: counted, or estimated from the characters where the text was too long to be tokenised whole. */
  readonly cutTokens: number
}

/** Characters per token to begin with where only the start of a text is kept. */
const GENEROUS = 8
/** Characters (UTF-16) of a text that is tokenised whole in any case: some milliseconds. */
export const SHORT = 16_384

/**
 * A Hugging Face fast tokenizer (tokenizer.json) with truncation as its Rust original has it: content is cut to what fits between the
 * special tokens, so that [CLS] and [SEP], <s> and </s> are always there.
 */
export class TextTokenizer {
  readonly pipeline: Pipeline
  /** The tokenizer's own special tokens around a text. */
  readonly before: readonly number[]
  readonly after: readonly number[]
  /** Whether what is too long loses its start (`truncation_side: left`). */
  readonly keepEnd: boolean
  /** Tokens at the end of a text's start that may not be those of the whole text, beside its last words. */
  private readonly margin: number

  constructor(json: TokenizerJson, config: TokenizerConfig, lowerCase: boolean) {
    this.pipeline = new Pipeline(settledTokenizer(json, config, lowerCase), config)
    const { before, after } = this.pipeline.around()
    this.before = before
    this.after = after
    this.keepEnd = config.truncation_side === 'left'
    // An added token cut in two becomes ordinary ones: at most one per byte.
    this.margin = 32 + 3 * this.pipeline.longestAdded
  }

  /**
   * @param file tokenizer.json, or a GGUF file that describes a tokenizer.
   * @param config tokenizer_config.json, parsed; a GGUF file has its own.
   * @throws FieldtrialError `MODEL_INVALID` on files that are not a tokenizer, or of a kind that is not known.
   */
  static async load(file: string, config: object | null, lowerCase: boolean): Promise<TextTokenizer> {
    try {
      if (isGguf(file)) {
        const own = await readGgufTokenizer(file)
        return new TextTokenizer(own.json, own.config, lowerCase)
      }
      const json = JSON.parse(await readFile(file, 'utf8')) as TokenizerJson
      return new TextTokenizer(json, (config ?? {}) as TokenizerConfig, lowerCase)
    } catch (error) {
      if (error instanceof FieldtrialError) throw error
      throw new FieldtrialError(
        'MODEL_INVALID',
        `${file} cannot be used as a tokenizer: ${(error as Error).message}.`,
        {
          where: { file },
          hint: 'Fetch the model again, or serve it and use the http engine.',
          cause: error,
        },
      )
    }
  }

  /** Tokens of a text, without the tokenizer's own special ones. Lone surrogates become U+FFFD, since no tokenizer can take them. */
  ids(text: string): readonly number[] {
    return this.pipeline.encode(text.toWellFormed()).ids
  }

  /**
   * @param maxLength Tokens kept, special ones included.
   */
  encode(text: string, maxLength: number): Tokens {
    const room = Math.max(0, maxLength - this.before.length - this.after.length)
    const { ids, cutTokens } = this.cut(text, room)
    return { ids: [...this.before, ...ids, ...this.after], truncated: cutTokens > 0 }
  }

  /** Tokens that a prompt takes at the start of a text: its own, without the special one at the end (as sentence-transformers counts). */
  promptLength(prompt: string): number {
    if (prompt === '') return 0
    const ids = [...this.before, ...this.ids(prompt), ...this.after]
    return ids.length - (this.pipeline.special.has(ids.at(-1) ?? -1) ? 1 : 0)
  }

  /** The tokens of a text, without special ones, cut to what there is room for. */
  cut(text: string, room: number): Cut {
    const { ids, cutTokens } = this.atLeast(text.toWellFormed(), room)
    if (cutTokens === 0 && ids.length <= room) return { ids, cutTokens }
    return {
      ids: this.keepEnd ? ids.slice(ids.length - room) : ids.slice(0, room),
      cutTokens: cutTokens + ids.length - room,
    }
  }

  /**
   * Of a text far longer than the model takes only the start is tokenised, in growing steps: its last words, which what follows may change,
   * and a margin of tokens must be left over, so that the cut itself is never seen. Tokenizers whose words are long (a whole text, or all
   * that stands between two spaces) come to the whole text by themselves.
   */
  private atLeast(text: string, room: number): Cut {
    for (let size = Math.max(SHORT, (room + this.margin) * GENEROUS); size < text.length && !this.keepEnd; size *= 4) {
      const start = text.slice(0, size).toWellFormed()
      const { ids, settled } = this.pipeline.encode(start)
      if (settled >= room + this.margin)
        return {
          ids: ids.slice(0, settled),
          cutTokens: Math.round((ids.length * text.length) / size) - settled,
        }
    }
    return { ids: this.pipeline.encode(text).ids, cutTokens: 0 }
  }
}
