import { FieldtrialError } from '../../../core/errors.ts'
import type { Prompt } from '../../../recipes/types.ts'
import { joinText } from './join-text.ts'
import { joinTokens } from './join-tokens.ts'
import { type Run, runsOf } from './prompt-runs.ts'
import type { Limit, PromptTokens } from './prompt-tokens.ts'
import { readablePieces } from './readable.ts'
import { TextTokenizer } from './tokenizer.ts'

export type { Limit, PromptTokens } from './prompt-tokens.ts'

/**
 * Turns a recipe's prompts into token ids, token for token as transformers does.
 *
 * Names of special tokens become these tokens wherever they stand, also within the contents: so transformers' fast tokenizers do by default.
 * Lone surrogates become U+FFFD, since no tokenizer can take them.
 */
export class PromptTokenizer {
  /** One more than the highest token id, added tokens included. */
  readonly size: number
  /** Token strings by id, as transformers' `get_vocab` writes them (`Ġthe`, `▁the`, `##ing`); undefined for ids that no token has. */
  readonly vocabulary: readonly (string | undefined)[]
  private readonly text: TextTokenizer

  constructor(text: TextTokenizer) {
    this.text = text
    this.vocabulary = text.pipeline.vocabulary
    this.size = this.vocabulary.length
  }

  /**
   * @param lowerCase Whether text is put in lower case first (sentence-transformers' `do_lower_case`).
   * @throws FieldtrialError `MODEL_INVALID` on files that are not a tokenizer, or of a kind that is not known.
   */
  static async load(
    tokenizerFile: string,
    tokenizerConfig: object | null,
    lowerCase: boolean,
  ): Promise<PromptTokenizer> {
    return new PromptTokenizer(await TextTokenizer.load(tokenizerFile, tokenizerConfig, lowerCase))
  }

  /**
   * @param contents The query or document; may be empty.
   * @param task The collection's task instruction; may be empty.
   * @param image Text of the special tokens that stand for an image, where the prompt has a place for one. Like all fixed text it is never cut.
   * @throws FieldtrialError `RECIPE_INVALID` where the text around the contents alone is longer than the prompt may be, or where the
   *   prompt's end token is not one of the tokenizer's.
   */
  encode(prompt: Prompt, contents: string, task: string, limit: Limit, image = ''): PromptTokens {
    const runs = runsOf(prompt, task, image)
    const join = prompt.join === 'text' ? joinText : joinTokens
    const end = prompt.end === null ? null : this.endId(prompt.end)
    const reserve = end === null || this.lastFixed(runs, prompt.addSpecialTokens) === end ? 0 : 1
    const tokens = join(this.text, runs, contents, prompt.addSpecialTokens, limit, reserve)
    const ids = end === null || tokens.ids.at(-1) === end ? tokens.ids : [...tokens.ids, end]
    return { ...tokens, ids, truncated: tokens.cutTokens > 0 }
  }

  /** The id of a token by its text (`<|im_end|>`, or as the vocabulary writes it); null where there is none. */
  tokenId(text: string): number | null {
    return this.text.pipeline.tokenId(text)
  }

  /** Whether a token is declared special. */
  isSpecial(id: number): boolean {
    return this.text.pipeline.special.has(id)
  }

  /** All ids that the words give, each tokenised by itself without special tokens (no space before): ascending, none twice. */
  wordIds(words: readonly string[]): number[] {
    const ids = new Set<number>()
    for (const word of words) for (const id of this.text.ids(word)) ids.add(id)
    return [...ids].sort((a, b) => a - b)
  }

  /** The text of ids, special tokens and blanks included. Ids that no token has are left out. */
  decode(ids: readonly number[]): string {
    const known = ids.filter((id) => this.vocabulary[id] !== undefined)
    if (known.length === 0) return ''
    return this.text.pipeline.library.decode(known, { skip_special_tokens: false, clean_up_tokenization_spaces: false })
  }

  /** Each token as a person reads it: its text with the blanks that belong to it; bytes that are no whole character as `\xF0\x9F`. */
  tokensOf(ids: readonly number[]): string[] {
    return readablePieces(this.text.pipeline, ids)
  }

  /** The token that ends the prompt whatever the contents: one that the tokenizer adds, or the last of fixed text. */
  private lastFixed(runs: readonly Run[], around: boolean): number | undefined {
    if (around && this.text.after.length > 0) return this.text.after.at(-1)
    const last = runs.at(-1)
    return last?.kind === 'fixed' ? this.text.ids(last.text).at(-1) : undefined
  }

  private endId(text: string): number {
    const id = this.tokenId(text)
    if (id !== null) return id
    throw new FieldtrialError(
      'RECIPE_INVALID',
      `The prompt ends with ${text}, which the model's tokenizer does not have.`,
      {
        hint: 'Name the end token of this model (eos_token in its tokenizer_config.json), or set eos to false.',
      },
    )
  }
}
