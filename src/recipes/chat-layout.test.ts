import { describe, expect, it } from 'vitest'
import { chatModel } from '../../test/support/chat-models.ts'
import { chatParts } from './chat-layout.ts'
import { fillParts } from './template.ts'
import type { PromptPart } from './types.ts'

const USER: readonly PromptPart[] = [
  { kind: 'literal', text: 'Say "' },
  { kind: 'contents' },
  { kind: 'literal', text: '" (' },
  { kind: 'task' },
  { kind: 'literal', text: ')' },
]
const textOf = (name: string, system: string) =>
  fillParts(chatParts(chatModel(name), { system, user: USER, assistant: { start: 'I say "' } }), 'x', 't')

describe('chatParts', () => {
  // Written by hand from the models' own descriptions of their turns.
  const QWEN = '<|im_start|>user\nSay "x" (t)<|im_end|>\n<|im_start|>assistant\nI say "'
  const LLAMA =
    '<|start_header_id|>user<|end_header_id|>\n\nSay "x" (t)<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nI say "'
  it.each([
    ['qwen2.5', QWEN],
    ['qwen2.5-instruct', QWEN],
    ['qwen2.5-coder', QWEN],
    ['qwen2.5-coder-instruct', QWEN],
    ['qwen2.5-math', QWEN],
    ['qwen2.5-math-instruct', QWEN],
    ['qwen2.5-vl-instruct', QWEN],
    ['qwen3', '<|im_start|>user\nSay "x" (t)<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\nI say "'],
    ['deepseek-r1-distill-qwen', '<｜begin▁of▁sentence｜><｜User｜>Say "x" (t)<｜Assistant｜>I say "'],
    ['llama-3.1-instruct', `<|begin_of_text|>${LLAMA}`],
    ['mistral-instruct', '<s> [INST] Say "x" (t) [/INST] I say "'],
    ['mistral-instruct-v0.1', '<s>[INST] Say "x" (t) [/INST]I say "'],
    ['gemma-3-it', '<bos><start_of_turn>user\nSay "x" (t)<end_of_turn>\n<start_of_turn>model\nI say "'],
  ])('takes the system turn out of %s', (name, want) => {
    expect(textOf(name, 'none')).toBe(want)
  })

  it.each([
    [
      'llama-3.1-instruct',
      '<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nx word:<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n',
    ],
    ['gemma-3-it', '<bos><start_of_turn>user\nx word:<end_of_turn>\n<start_of_turn>model\n'],
  ])('takes the system turn out of %s, which trims the user’s turn', (name, want) => {
    const user: readonly PromptPart[] = [{ kind: 'contents' }, { kind: 'literal', text: ' word: ' }]
    expect(fillParts(chatParts(chatModel(name), { system: 'none', user, assistant: 'open' }), 'x', '')).toBe(want)
  })

  it('takes the template’s own system turn, or another', () => {
    const turn = (text: string) => `<|im_start|>system\n${text}<|im_end|>\n${QWEN}`
    expect(textOf('qwen2.5-instruct', 'default')).toBe(
      turn('You are Qwen, created by Alibaba Cloud. You are a helpful assistant.'),
    )
    expect(textOf('qwen2.5-math', 'default')).toBe(
      turn('Please reason step by step, and put your final answer within \\boxed{}.'),
    )
    expect(textOf('qwen2.5-math', 'Be brief.')).toBe(turn('Be brief.'))
    expect(textOf('qwen2.5', 'Do {task}.')).toBe(turn('Do t.'))
    expect(textOf('gemma-3-it', 'Be brief.')).toContain('<start_of_turn>user\nBe brief.\n\nSay "x"')
  })

  it('ends with an open turn, or without one', () => {
    const parts = (assistant: 'open' | 'none') => {
      const layout = { system: 'none', user: [{ kind: 'contents' }] as const, assistant }
      return chatParts(chatModel('qwen2.5'), layout)
    }
    const user = [{ kind: 'literal', text: '<|im_start|>user\n' }, { kind: 'contents' }]
    expect(parts('open')).toEqual([...user, { kind: 'literal', text: '<|im_end|>\n<|im_start|>assistant\n' }])
    expect(parts('none')).toEqual([...user, { kind: 'literal', text: '<|im_end|>\n' }])
  })

  it('keeps texts that look like slots or like Jinja as they are', () => {
    const user = [{ kind: 'literal', text: '{{ x }} {text} ' }, { kind: 'contents' }] as const
    const parts = chatParts(chatModel('qwen2.5'), { system: 'none', user, assistant: 'none' })
    expect(parts[0]).toEqual({ kind: 'literal', text: '<|im_start|>user\n{{ x }} {text} ' })
  })

  const invalid = (message: RegExp) =>
    expect.objectContaining({
      code: 'RECIPE_INVALID',
      message: expect.stringMatching(message),
      hint: expect.any(String),
    })

  it('refuses a system turn that the template refuses or leaves out', () => {
    expect(() => textOf('mistral-instruct-v0.1', 'Be brief.')).toThrow(invalid(/refuses the conversation.*alternate/))
    const deaf = chatModel('qwen2.5', {
      chatTemplate: "{% for m in messages if m.role != 'system' %}[{{ m.role }}]{{ m.content }}{% endfor %}",
    })
    const layout = { user: USER, assistant: 'none' } as const
    expect(() => chatParts(deaf, { system: 'Be brief.', ...layout })).toThrow(invalid(/leaves the system turn out/))
    expect(fillParts(chatParts(deaf, { system: 'none', ...layout }), 'x', 't')).toBe('[user]Say "x" (t)')
  })

  it('refuses an answer that the template changes, and a system turn whose end cannot be told', () => {
    const shouting = chatModel('qwen2.5', {
      chatTemplate: '{% for m in messages %}{{ m.content | upper }}{% endfor %}',
    })
    expect(() => chatParts(shouting, { system: 'default', user: USER, assistant: { start: 'I say' } })).toThrow(
      invalid(/changes the start/),
    )
    const odd = chatModel('qwen2.5', {
      chatTemplate:
        "{% if messages[0].role == 'system' %}<{{ messages[0].content }}>{% else %}(own){% endif %}{% for m in messages if m.role != 'system' %}[{{ m.content }}]{% endfor %}",
    })
    expect(() => chatParts(odd, { system: 'none', user: USER, assistant: 'none' })).toThrow(invalid(/cannot be told/))
  })
})
