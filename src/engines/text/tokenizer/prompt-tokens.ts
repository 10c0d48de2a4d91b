import { FieldtrialError } from '../../../core/errors.ts'

/** What a model is given for one text and one prompt. */
export interface PromptTokens {
  readonly ids: readonly number[]
  /**
   * Tokens of the last copy of the contents, from `start` up to but without `end`. Where all is tokenised as one text, a token that reaches
   * over a seam counts as the contents'.
   */
  readonly contents: { readonly start: number; readonly end: number }
  /**
   * Where the span `after-prompt` starts. In one text, counted as sentence-transformers counts a prompt's tokens for
   * `include_prompt: false`: those of the text before, tokenised by itself, without a special token at their end.
   */
  readonly fromContents: number
  /** Whether contents were cut. */
  readonly truncated: boolean
  /** Tokens of the contents that were cut off, of each copy: counted, or estimated where the text was too long to be tokenised whole. */
  readonly cutTokens: number
}

/** A recipe's limit for one side. */
export interface Limit {
  readonly maxLength: number
  readonly lengthOf: 'prompt' | 'contents'
}

/** A prompt before its end token is put there. */
export type Unended = Omit<PromptTokens, 'truncated'>

/** @throws FieldtrialError `RECIPE_INVALID` where the text around the contents alone is longer than the prompt may be. */
export function checkFixed(fixed: number, maxLength: number): void {
  if (fixed <= maxLength) return
  throw new FieldtrialError(
    'RECIPE_INVALID',
    `The text around the contents takes ${fixed} tokens; the whole prompt may have ${maxLength} (maxLength).`,
    { hint: `Set maxLength to ${fixed} plus the tokens that the contents need, or shorten the prompt.` },
  )
}
