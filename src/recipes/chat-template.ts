import { Template } from '@huggingface/jinja'
import { FieldtrialError } from '../core/errors.ts'
import type { ModelFacts } from './types.ts'

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

/**
 * Some templates (Llama 3.1's) write today's date into the prompt: vectors of the same text would differ from day to day. Theirs is the
 * date that the template falls back to by itself.
 */
const DATE = '26 Jul 2024'

/**
 * Renders a conversation with a model's own chat template, as transformers' `apply_chat_template(tokenize=False)` does.
 *
 * @param generation Whether the opening of an assistant turn is put behind (`add_generation_prompt`).
 * @throws FieldtrialError `RECIPE_INVALID` where the model has no template, or the template refuses the conversation.
 */
export function renderChat(facts: ModelFacts, messages: readonly ChatMessage[], generation = false): string {
  if (facts.chatTemplate === null)
    throw new FieldtrialError('RECIPE_INVALID', `${facts.name} has no chat template.`, {
      hint: 'Use a recipe without chat turns, such as prompteol or last-token, or the instruct variant of the model.',
    })
  const { bos, eos, pad, unk } = facts.tokens
  const named = { bos_token: bos, eos_token: eos, pad_token: pad, unk_token: unk }
  try {
    return new Template(facts.chatTemplate).render({
      messages: messages.map((message) => ({ ...message })),
      add_generation_prompt: generation,
      tools: null,
      documents: null,
      date_string: DATE,
      ...Object.fromEntries(Object.entries(named).filter(([, token]) => token !== null)),
    })
  } catch (cause) {
    throw new FieldtrialError(
      'RECIPE_INVALID',
      `The chat template of ${facts.name} refuses the conversation: ${(cause as Error).message}.`,
      { hint: 'Set another system turn (`system: none`), or use a recipe without chat turns.', cause },
    )
  }
}
