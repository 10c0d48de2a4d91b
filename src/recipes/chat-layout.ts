import { FieldtrialError } from '../core/errors.ts'
import { type ChatMessage, renderChat } from './chat-template.ts'
import type { ModelFacts, PromptPart } from './types.ts'

/** Characters of the private use area that stand for the slots while the template is rendered; no template and no prompt has them. */
const SLOTS = { contents: '\uE000', task: '\uE001', image: '\uE002' } as const
const KINDS: Readonly<Record<string, PromptPart['kind']>> = {
  '\uE000': 'contents',
  '\uE001': 'task',
  '\uE002': 'image',
}
const SYSTEM = '\uE003'
const ANSWER = '\uE004'

export interface ChatLayout {
  /** `default`: no system turn is given, and the template puts there what it likes. `none`: there is none. Else its text. */
  readonly system: string
  /** The user's turn, with slots. */
  readonly user: readonly PromptPart[]
  /** How the assistant's turn begins: the prompt ends with it. A text, an opened turn without text, or no assistant's turn at all. */
  readonly assistant: { readonly start: string } | 'open' | 'none'
}

/**
 * A chat prompt as parts: the model's own template is rendered with marks in place of the slots, and cut where the prompt ends.
 *
 * @throws FieldtrialError `RECIPE_INVALID` where the template refuses or ignores a turn, or "no system turn" cannot be derived from it.
 */
export function chatParts(facts: ModelFacts, layout: ChatLayout): PromptPart[] {
  const user = marked(layout.user)
  const rendered = renderLayout(facts, layout, user)
  return split(layout.system === 'none' ? dropSystem(facts, rendered, user) : rendered)
}

function renderLayout(facts: ModelFacts, { system, assistant }: ChatLayout, user: string): string {
  const messages: ChatMessage[] = [{ role: 'user', content: user }]
  if (system !== 'default' && system !== 'none') {
    const text = marked(systemParts(system))
    messages.unshift({ role: 'system', content: text })
    if (!renderChat(facts, messages).includes(text.trim()))
      throw new FieldtrialError('RECIPE_INVALID', `The chat template of ${facts.name} leaves the system turn out.`, {
        hint: 'Use `system: none`, or put the text into the prompts.',
      })
  }
  if (assistant === 'none') return renderChat(facts, messages)
  if (assistant === 'open') return renderChat(facts, messages, true)
  const whole = renderChat(facts, [...messages, { role: 'assistant', content: assistant.start }])
  const at = whole.lastIndexOf(assistant.start)
  if (at < 0)
    throw new FieldtrialError(
      'RECIPE_INVALID',
      `The chat template of ${facts.name} changes the start of the assistant's turn ${JSON.stringify(assistant.start)}.`,
      { hint: 'Use a recipe without an assistant’s turn, such as prompteol.' },
    )
  return whole.slice(0, at + assistant.start.length)
}

/** A system text may hold the task instruction. */
function systemParts(system: string): PromptPart[] {
  return system
    .split(/(\{task\})/)
    .filter((piece) => piece !== '')
    .map((piece): PromptPart => (piece === '{task}' ? { kind: 'task' } : { kind: 'literal', text: piece }))
}

/**
 * Takes the system turn out that a template puts there by itself. Where the user's turn begins is derived from the template: what stands
 * between a system text and a user's text, less the end of a turn, which is what follows an assistant's text.
 */
function dropSystem(facts: ModelFacts, rendered: string, user: string): string {
  // Some templates trim the user's turn.
  const whole = rendered.indexOf(user)
  const before = rendered.slice(0, whole < 0 ? rendered.indexOf(user.trim()) : whole)
  const rest = rendered.slice(before.length)
  let withSystem: string
  try {
    withSystem = renderChat(facts, [
      { role: 'system', content: SYSTEM },
      { role: 'user', content: SLOTS.contents },
    ])
  } catch {
    return rendered // A template that refuses system turns has none of its own.
  }
  const at = withSystem.indexOf(SYSTEM)
  if (at < 0) return rendered
  const between = withSystem.slice(at + SYSTEM.length, withSystem.indexOf(SLOTS.contents))
  const answered = renderChat(facts, [
    { role: 'user', content: SLOTS.contents },
    { role: 'assistant', content: ANSWER },
  ])
  const end = answered.slice(answered.indexOf(ANSWER) + ANSWER.length)
  const { bos } = facts.tokens
  const start = bos !== null && before.startsWith(bos) ? bos : ''
  if (end !== '' && between.startsWith(end)) {
    const opening = between.slice(end.length)
    if (before.endsWith(opening)) return start + opening + rest
  }
  // The system's text has no turn of its own: what is there without one must be what surrounds it.
  const around = withSystem.slice(0, at)
  if (before === around || before === around + between) return rendered
  throw new FieldtrialError(
    'RECIPE_INVALID',
    `The chat template of ${facts.name} puts a system turn of its own, and where it ends cannot be told.`,
    { hint: 'Use `system: default`, or give the system turn a text.' },
  )
}

function marked(parts: readonly PromptPart[]): string {
  return parts.map((part) => (part.kind === 'literal' ? part.text : SLOTS[part.kind])).join('')
}

function split(rendered: string): PromptPart[] {
  return rendered
    .split(/([\uE000-\uE002])/)
    .filter((piece) => piece !== '')
    .map((piece): PromptPart => {
      const kind = KINDS[piece]
      return kind === undefined || kind === 'literal' ? { kind: 'literal', text: piece } : { kind }
    })
}
