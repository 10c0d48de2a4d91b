import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { PromptTokenizer } from '../src/engines/onnx/tokenizer/prompt-tokenizer.ts'
import { resolveRecipe } from '../src/recipes/index.ts'
import { chatModel, goldenFile } from './support/chat-models.ts'
import { describeTransformers, runPython } from './support/python.ts'
import { describeWith } from './support/shared.ts'

const model = fileURLToPath(new URL('../.models/qwen2.5-coder-0.5b-instruct', import.meta.url))
const golden = goldenFile()

describeWith('PromptReps’ prompts, token by token', [`${model}/tokenizer.json`], () => {
  const rows = Object.entries(golden.models).flatMap(([name, { promptreps }]) =>
    promptreps.filter(({ ids }) => ids !== undefined).map((row) => ({ name, ...row })),
  )
  const tokenizer = PromptTokenizer.load(
    `${model}/tokenizer.json`,
    JSON.parse(readFileSync(`${model}/tokenizer_config.json`, 'utf8')) as object,
    false,
  )

  it('cover seven models with Qwen2.5’s tokenizer', () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(7)
  })

  it.each(rows)('$name, $side, system $system, text $text', async ({ name, system, side, text, ids }) => {
    const { recipe } = resolveRecipe('promptreps', { system: golden.systems[system] ?? 'default' }, chatModel(name))
    const { maxLength, lengthOf, prompts } = recipe
    const limit = { maxLength: maxLength[side], lengthOf }
    const tokens = (await tokenizer).encode(prompts[side][0]!, golden.texts[text]!.trim(), '', limit)
    expect(tokens.ids).toEqual(ids)
    expect(tokens.truncated).toBe(text === 'long')
  })
})

describeTransformers('golden.json', () => {
  describeWith('beside the tokenizer', [model], () => {
    it('is what transformers gives', () => {
      expect(JSON.parse(runPython('golden_prompts.py', [model]))).toEqual(golden)
    }, 60_000)
  })
})

describe('golden.json', () => {
  it('holds the eight models of the study, and their kin', () => {
    expect(Object.keys(golden.models).sort()).toEqual([
      'deepseek-r1-distill-qwen',
      'gemma-3-it',
      'llama-3.1-instruct',
      'mistral-instruct',
      'mistral-instruct-v0.1',
      'qwen2.5',
      'qwen2.5-coder',
      'qwen2.5-coder-instruct',
      'qwen2.5-instruct',
      'qwen2.5-math',
      'qwen2.5-math-instruct',
      'qwen2.5-vl-instruct',
      'qwen3',
    ])
  })
})
