import { FieldtrialError } from '../../core/errors.ts'
import type { Prompt } from '../../recipes/types.ts'
import type { PromptTokens } from '../text/tokenizer/prompt-tokenizer.ts'

/** The special tokens that stand for a picture in a prompt. */
export interface Placeholder {
  /** As text, with `pad` once: `<|vision_start|><|image_pad|><|vision_end|>`. */
  readonly text: string
  /** Id of the token that is repeated for each token of the picture; its state is replaced by the picture's. */
  readonly pad: number
}

/** A prompt with room for a picture. */
export interface ExpandedTokens extends PromptTokens {
  /** Where the picture's tokens begin. */
  readonly offset: number
}

/**
 * Repeats the placeholder's token as often as the picture has tokens. A token of this name within the contents stays one ordinary token:
 * which one is the picture's is told by whether it stands before or behind the contents.
 *
 * @throws FieldtrialError `RECIPE_INVALID` where the placeholder is gone: a tokenizer that cuts texts at their start has cut it off.
 */
export function expandPlaceholder(
  tokens: PromptTokens,
  prompt: Prompt,
  { pad }: Placeholder,
  count: number,
): ExpandedTokens {
  const { parts } = prompt
  const first = parts.findIndex(({ kind }) => kind === 'image') < parts.findIndex(({ kind }) => kind === 'contents')
  const alone = !parts.some(({ kind }) => kind === 'contents')
  const offset = first || alone ? tokens.ids.indexOf(pad) : tokens.ids.lastIndexOf(pad)
  if (offset < 0)
    throw new FieldtrialError('RECIPE_INVALID', 'The prompt has no place left for the image.', {
      hint: 'Raise maxLength, or use a tokenizer that cuts texts at their end.',
    })
  const more = count - 1
  const shifted = (at: number) => (at > offset ? at + more : at)
  const { ids, contents } = tokens
  return {
    ...tokens,
    ids: [...ids.slice(0, offset), ...new Array<number>(count).fill(pad), ...ids.slice(offset + 1)],
    contents: { start: shifted(contents.start), end: shifted(contents.end) },
    fromContents: shifted(tokens.fromContents),
    offset,
  }
}
