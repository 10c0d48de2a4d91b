import { FieldtrialError } from '../../core/errors.ts'
import { prepareContents } from '../../recipes/contents.ts'
import type { Side } from '../../recipes/types.ts'
import type { TextPlan } from './plan.ts'
import type { PromptTokenizer, PromptTokens } from './tokenizer/prompt-tokenizer.ts'

/** One prompt of one text: a text has several where its recipe averages several views of it. */
export interface Item extends PromptTokens {
  /** Place of the text in the call. */
  readonly text: number
}

/**
 * The prompts of texts in tokens, text by text. Lazy: a caller may take a few, work, and take more.
 *
 * @param positions The most tokens that the model takes; null where the tokenizer's own limit is all there is.
 * @throws FieldtrialError `ENGINE_FAILED` for a prompt that the model cannot take, and what the tokenizer throws.
 */
export function* itemsOf(
  plan: TextPlan,
  tokenizer: PromptTokenizer,
  texts: readonly string[],
  side: Side,
  task: string,
  positions: number | null,
): Generator<Item> {
  for (const [text, given] of texts.entries())
    yield* itemsOfText(plan, tokenizer, { text, of: texts.length, given }, side, task, positions)
}

/** The same of one text. `text` is its place among those `of` a call, for messages. */
export function* itemsOfText(
  plan: TextPlan,
  tokenizer: PromptTokenizer,
  { text, of, given }: { readonly text: number; readonly of: number; readonly given: string },
  side: Side,
  task: string,
  positions: number | null,
): Generator<Item> {
  const { prompts, contents, maxLength, lengthOf, id } = plan.recipe
  const limit = { maxLength: maxLength[side], lengthOf }
  const prepared = prepareContents(contents, given)
  for (const prompt of prompts[side]) {
    const found = tokenizer.encode(prompt, prepared, task, limit)
    const tokens = found.ids.length > 0 ? found : standIn(plan, tokenizer, found, text, of)
    if (positions !== null && tokens.ids.length > positions)
      throw new FieldtrialError(
        'ENGINE_FAILED',
        `Text ${text} of ${of} (counted from 0) makes a prompt of ${tokens.ids.length} tokens; ${id} on this model takes ${positions}.`,
        { hint: 'Lower maxLength, or shorten the prompt around the text.' },
      )
    yield { text, ...tokens }
  }
}

/** The end-of-sequence token alone for a text of which no token is left. transformers would fail; a collection with an empty document must not. */
function standIn(
  { emptyToken }: TextPlan,
  tokenizer: PromptTokenizer,
  found: PromptTokens,
  text: number,
  of: number,
): PromptTokens {
  const id = emptyToken === null ? null : tokenizer.tokenId(emptyToken)
  if (id === null) throw failedText(text, of, 'has no tokens, and the tokenizer adds none')
  return { ...found, ids: [id] }
}

/** The error for a text that gets no vector that can be used. */
export function failedText(text: number, of: number, what: string): FieldtrialError {
  return new FieldtrialError('ENGINE_FAILED', `Text ${text} of ${of} (counted from 0) ${what}.`, {
    hint: 'Check the model with `fieldtrial doctor`: its weights may be damaged, or its numbers overflow.',
  })
}
