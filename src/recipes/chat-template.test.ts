import { describe, expect, it } from 'vitest'
import { chatModel, chatModels, goldenFile } from '../../test/support/chat-models.ts'
import { renderChat } from './chat-template.ts'
import { resolveRecipe } from './index.ts'
import { fillParts } from './template.ts'

const golden = goldenFile()
const refusal = expect.objectContaining({ code: 'RECIPE_INVALID' })

describe.each(chatModels)('the chat template of %s', (name) => {
  const facts = chatModel(name)
  const { conversations, promptreps } = golden.models[name]!

  it.each(conversations)(
    'renders $name as transformers does (generation: $generation)',
    ({ messages, generation, want }) => {
      const render = () =>
        renderChat(
          facts,
          messages.map(([role, content]) => ({ role, content })),
          generation,
        )
      if (typeof want === 'string') expect(render()).toBe(want)
      else expect(render).toThrow(refusal)
    },
  )

  it.each(promptreps)(
    'gives PromptReps’ prompt: $side, system $system, text $text',
    ({ system, side, text, prompt: want }) => {
      const resolve = () => resolveRecipe('promptreps', { system: golden.systems[system] ?? 'default' }, facts).recipe
      if (want === undefined) expect(resolve).toThrow(refusal)
      else expect(fillParts(resolve().prompts[side][0]!.parts, golden.texts[text]!.trim(), '')).toBe(want)
    },
  )
})

describe('renderChat', () => {
  it('refuses models without a template', () => {
    const facts = chatModel('qwen2.5', { chatTemplate: null })
    expect(() => renderChat(facts, [{ role: 'user', content: 'Hello' }])).toThrow(
      expect.objectContaining({ code: 'RECIPE_INVALID', hint: expect.stringContaining('last-token') }),
    )
  })

  it('says what is wrong with a template that cannot be read', () => {
    const facts = chatModel('qwen2.5', { chatTemplate: '{% for message in messages %}' })
    expect(() => renderChat(facts, [{ role: 'user', content: 'Hello' }])).toThrow(refusal)
  })

  it.each(['{{ strftime_now("%d %b %Y") }}', '{{ date_string }}'])(
    'writes the same date every day: %s',
    (chatTemplate) => {
      const facts = chatModel('qwen2.5', { chatTemplate })
      expect(renderChat(facts, [{ role: 'user', content: 'Hello' }])).toBe('26 Jul 2024')
    },
  )
})
