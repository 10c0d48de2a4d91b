import type { Prompt, PromptPart } from './types.ts'

const SLOTS = /(\{text\}|\{task\})/

/**
 * The parts of a template as users write it: `{text}` is the query or document, `{task}` the task instruction; a template without `{text}`
 * is a prefix.
 */
export function templateParts(template: string): PromptPart[] {
  const whole = template.includes('{text}') ? template : `${template}{text}`
  return whole
    .split(SLOTS)
    .filter((piece) => piece !== '')
    .map((piece): PromptPart => {
      if (piece === '{text}') return { kind: 'contents' }
      if (piece === '{task}') return { kind: 'task' }
      return { kind: 'literal', text: piece }
    })
}

/** The parts as one text. An image has none. */
export function fillParts(parts: readonly PromptPart[], contents: string, task: string): string {
  const text = { contents, task, image: '' }
  return parts.map((part) => (part.kind === 'literal' ? part.text : text[part.kind])).join('')
}

const SLOT_WORDS = { contents: '‹text›', task: '‹task›', image: '‹image›' } as const

/** One line for people: fixed text as it is sent, with `‹text›`, `‹task›` and `‹image›` where these go. */
export function describePrompt({ parts, end }: Prompt): string {
  const text = parts.map((part) => (part.kind === 'literal' ? part.text : SLOT_WORDS[part.kind])).join('')
  return JSON.stringify(`${text}${end ?? ''}`)
}
