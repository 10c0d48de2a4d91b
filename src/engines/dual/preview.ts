import type { Side } from '../../recipes/types.ts'
import { itemOf } from '../text/inputs.ts'
import type { TextPlan } from '../text/plan.ts'
import { previewPrompts } from '../text/preview.ts'
import type { EncoderInput, PromptPreview } from '../types.ts'

/** The prompt of a text; an image has none, its tower reads no tokens. Of an input with both the text's. */
export async function previewDual(
  plan: TextPlan,
  input: EncoderInput,
  side: Side,
  task: string,
): Promise<PromptPreview[]> {
  const { text, image } = itemOf(input)
  return image !== undefined && text.trim() === '' ? [] : previewPrompts(plan, text, side, task)
}
