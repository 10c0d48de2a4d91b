import { Template } from '@huggingface/jinja'
import { FieldtrialError } from '../core/errors.ts'
import type { ModelFacts } from './types.ts'

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

/**
 * Some templates write today's date into the prompt, by `strftime_now`: vectors of the same text would differ from day to day. Here it is
 * always the same day, the one that Llama 3.1's template falls back to by itself.
 */
const DATE: Readonly<Record<string, string>> = {
  '%d': '26',
  '%b': 'Jul',
  '%B': 'July',
  '%m': '07',
  '%y': '24',
  '%Y': '2024',
  '%a': 'Fri',
  '%A': 'Friday',
  '%H': '00',
  '%M': '00',
  '%S': '00',
}
const formatDate = (format: string): string => format.replaceAll(/%[a-zA-Z]/g, (code) => DATE[code] ?? code)
/** The library's own function cannot be replaced, but a macro of its name goes before it. The line break is trimmed. */
const FIXED_DATE = '{%- macro strftime_now(format) %}{{ fixed_date(format) }}{% endmacro %}\n'

/**
 * Renders a conversation with a model's own chat template, as transformers' `apply_chat_template(tokenize=False)` does.
 *
 * One difference: the library's `strip`, `lstrip` and `rstrip` take all blanks whatever characters they are told, so that Qwen3's template
 * loses blanks, and not only line breaks, at the beginning of an assistant's turn.
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
    const dated = facts.chatTemplate.includes('strftime_now')
    return new Template(`${dated ? FIXED_DATE : ''}${facts.chatTemplate}`).render({
      messages: messages.map((message) => ({ ...message })),
      add_generation_prompt: generation,
      tools: null,
      documents: null,
      date_string: formatDate('%d %b %Y'),
      fixed_date: formatDate,
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
