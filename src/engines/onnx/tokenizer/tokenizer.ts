import { readFile } from 'node:fs/promises'
import { Tokenizer } from '@huggingface/tokenizers'
import { FieldtrialError } from '../../../core/errors.ts'
import { repairTokenizer } from './repair.ts'

/** A text as the model gets it. */
export interface Tokens {
  readonly ids: readonly number[]
  /** Whether tokens were cut off. */
  readonly truncated: boolean
}

interface TokenizerConfig {
  readonly truncation_side?: unknown
}

/** Characters per token that no text reaches on average over a thousand tokens; see `encode`. */
const GENEROUS = 40

/**
 * A Hugging Face fast tokenizer (tokenizer.json) with truncation as its Rust original has it: content is cut to what fits between the
 * special tokens, so that [CLS] and [SEP], <s> and </s> are always there. (The JavaScript library leaves truncation to its user.)
 */
export class TextTokenizer {
  private readonly tokenizer: Tokenizer
  private readonly before: readonly number[]
  private readonly after: readonly number[]
  private readonly special: ReadonlySet<number>
  private readonly keepEnd: boolean

  constructor(tokenizerJson: object, config: TokenizerConfig) {
    this.tokenizer = new Tokenizer(tokenizerJson, config)
    repairTokenizer(this.tokenizer)
    this.special = new Set(
      [...this.tokenizer.get_added_tokens_decoder().values()].filter((token) => token.special).map((token) => token.id),
    )
    this.keepEnd = config.truncation_side === 'left'
    const content = this.content('a')
    const whole = this.tokenizer.encode('a').ids
    const at = findWithin(whole, content)
    this.before = whole.slice(0, at)
    this.after = whole.slice(at + content.length)
  }

  /** @throws FieldtrialError `MODEL_INVALID` on files that are not a tokenizer, or of a kind that the library does not know. */
  static async load(file: string, config: TokenizerConfig | null, lowerCase: boolean): Promise<TextTokenizer> {
    try {
      const json = JSON.parse(await readFile(file, 'utf8')) as { normalizer?: { type?: string } | null }
      if (lowerCase)
        json.normalizer = {
          type: 'Sequence',
          normalizers: [{ type: 'Lowercase' }, ...(json.normalizer ? [json.normalizer] : [])],
        } as never
      return new TextTokenizer(json, config ?? {})
    } catch (error) {
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

  /**
   * @param text Lone surrogates are replaced by U+FFFD, since no tokenizer can take them.
   * @param maxLength Tokens kept, special ones included.
   */
  encode(text: string, maxLength: number): Tokens {
    const room = Math.max(0, maxLength - this.before.length - this.after.length)
    const content = this.contentUpTo(text.toWellFormed(), room)
    if (content.length <= room) return { ids: [...this.before, ...content, ...this.after], truncated: false }
    const kept = this.keepEnd ? content.slice(content.length - room) : content.slice(0, room)
    return { ids: [...this.before, ...kept, ...this.after], truncated: true }
  }

  /** Tokens that a prompt takes at the start of a text: its own, without the special one at the end (as sentence-transformers counts). */
  promptLength(prompt: string, maxLength: number): number {
    if (prompt === '') return 0
    const { ids } = this.encode(prompt, maxLength)
    return ids.length - (this.special.has(ids.at(-1) ?? -1) ? 1 : 0)
  }

  /**
   * Of a text far longer than the model takes only the start is tokenised, in growing steps, each ending before a word: a word never
   * changes the tokens of the words before it. A margin of tokens must be left over, so the cut itself is never seen.
   */
  private contentUpTo(text: string, room: number): number[] {
    if (this.keepEnd) return this.content(text)
    for (let size = (room + 64) * GENEROUS; size < text.length; size *= 4) {
      const end = wordStart(text, size)
      if (end === -1) break
      const content = this.content(text.slice(0, end))
      if (content.length > room + 32) return content
    }
    return this.content(text)
  }

  private content(text: string): number[] {
    return this.tokenizer.encode(text, { add_special_tokens: false }).ids
  }
}

/** A plain word after a space, or a letter after a full stop or comma of Chinese and Japanese, which write no spaces. */
const WORD_START = /^(?:[A-Za-z] (?=[A-Za-z])|.[。，、！？](?=\p{L}))/u

/** The last place at or before `size` where a word starts; -1 if there is none. */
function wordStart(text: string, size: number): number {
  for (let at = size; at > 1; at--) {
    const before = text[at - 1]!
    if ((before === ' ' || before > '\u3000') && WORD_START.test(text.slice(at - 2, at + 2)))
      return before === ' ' ? at - 1 : at
  }
  return -1
}

function findWithin(whole: readonly number[], part: readonly number[]): number {
  for (let at = 0; at + part.length <= whole.length; at++) if (part.every((id, i) => whole[at + i] === id)) return at
  throw new Error('its post-processor changes the tokens themselves')
}
