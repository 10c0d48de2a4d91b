import type { Side } from '../../recipes/types.ts'
import { previewDual } from '../dual/preview.ts'
import { itemOf } from '../text/inputs.ts'
import { previewOf, previewPrompts } from '../text/preview.ts'
import { PromptTokenizer } from '../text/tokenizer/prompt-tokenizer.ts'
import type { EncoderInput, PromptPreview } from '../types.ts'
import type { TorchPlan } from './plan.ts'
import { requirePlaceholder } from './vision.ts'
import { visionItemsOf } from './vision-items.ts'

/** The prompts of one text or image as the model gets them, the image's tokens counted. The picture is read, the model is not loaded. */
export async function previewTorch(
  plan: TorchPlan,
  input: EncoderInput,
  side: Side,
  task: string,
): Promise<PromptPreview[]> {
  if (plan.dual !== null) return previewDual(plan, input, side, task)
  if (plan.vision === null || itemOf(input).image === undefined) return previewPrompts(plan, input, side, task)
  const tokenizer = await PromptTokenizer.load(plan.tokenizerFile, plan.tokenizerConfig, plan.lowerCase)
  requirePlaceholder(tokenizer, plan.vision, plan.tokenizerFile)
  const previews: PromptPreview[] = []
  for await (const item of visionItemsOf(plan, plan.vision, tokenizer, [itemOf(input)], side, task))
    previews.push(previewOf(item, tokenizer, plan.recipe))
  return previews
}
