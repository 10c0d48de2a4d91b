import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { describeWith } from '../../../../test/support/shared.ts'
import { readSpecialTokens } from './special-tokens.ts'

const nothing = { tokenizerConfig: null, specialTokensMap: null, chatTemplateJinja: null, chatTemplateJson: null }

describe('readSpecialTokens', () => {
  it('takes strings and objects', () => {
    const tokenizerConfig = { bos_token: '<s>', eos_token: { content: '</s>', lstrip: false }, pad_token: null }
    expect(readSpecialTokens({ ...nothing, tokenizerConfig })).toEqual({
      bos: '<s>',
      eos: '</s>',
      pad: null,
      unk: null,
      chatTemplate: null,
    })
    expect(readSpecialTokens(nothing).eos).toBeNull()
  })

  it('lets special_tokens_map.json count, but not beside a list of added tokens', () => {
    const specialTokensMap = { eos_token: '<|im_end|>', unk_token: '<unk>' }
    const tokenizerConfig = { eos_token: '<|endoftext|>' }
    expect(readSpecialTokens({ ...nothing, tokenizerConfig, specialTokensMap })).toMatchObject({
      eos: '<|im_end|>',
      unk: '<unk>',
    })
    const listed = { ...tokenizerConfig, added_tokens_decoder: {} }
    expect(readSpecialTokens({ ...nothing, tokenizerConfig: listed, specialTokensMap })).toMatchObject({
      eos: '<|endoftext|>',
      unk: null,
    })
  })

  it('finds the template wherever it is', () => {
    const template = (files: object) => readSpecialTokens({ ...nothing, ...files }).chatTemplate
    expect(template({ tokenizerConfig: { chat_template: 'a' } })).toBe('a')
    expect(template({ tokenizerConfig: { chat_template: 'a' }, chatTemplateJinja: 'b' })).toBe('b')
    expect(template({ chatTemplateJson: { chat_template: 'c' } })).toBe('c')
    expect(template({ additionalChatTemplates: { rag: 'd', default: 'e' } })).toBe('e')
    expect(template({ additionalChatTemplates: { rag: 'd' } })).toBeNull()
    const list = [
      { name: 'tool_use', template: 'f' },
      { name: 'default', template: 'g' },
    ]
    expect(template({ tokenizerConfig: { chat_template: list } })).toBe('g')
    expect(template({ tokenizerConfig: { chat_template: list.slice(0, 1) } })).toBeNull()
  })
})

const qwen = fileURLToPath(new URL('../../../../.models/qwen2.5-coder-0.5b-instruct/', import.meta.url))

describeWith('special tokens of Qwen2.5-Coder-0.5B-Instruct', [qwen], () => {
  it('are read from its folder', () => {
    const chatTemplateJinja = readFileSync(`${qwen}chat_template.jinja`, 'utf8')
    const tokenizerConfig = JSON.parse(readFileSync(`${qwen}tokenizer_config.json`, 'utf8')) as object as Record<
      string,
      unknown
    >
    expect(readSpecialTokens({ ...nothing, tokenizerConfig, chatTemplateJinja })).toEqual({
      bos: '<|endoftext|>',
      eos: '<|im_end|>',
      pad: '<|endoftext|>',
      unk: null,
      chatTemplate: chatTemplateJinja,
    })
  })
})
