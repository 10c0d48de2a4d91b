import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { PromptTokenizer } from '../src/engines/text/tokenizer/prompt-tokenizer.ts'
import { prepareContents } from '../src/recipes/contents.ts'
import { type Recipe, resolveRecipe, type Side } from '../src/recipes/index.ts'
import { chatModel, chatTokenizer, goldenFile } from './support/chat-models.ts'
import { describeTransformers, runPython } from './support/python.ts'
import { describeWith } from './support/shared.ts'

const model = fileURLToPath(new URL('../.models/qwen2.5-coder-0.5b-instruct', import.meta.url))
const golden = goldenFile()

describeWith('prompts, token by token', [`${model}/tokenizer.json`], () => {
  const models = Object.entries(golden.models)
  const promptreps = models.flatMap(([name, { promptreps }]) =>
    promptreps.filter(({ ids }) => ids !== undefined).map((row) => ({ name, ...row })),
  )
  const plain = models.flatMap(([name, { plain }]) => plain.map((row) => ({ name, ...row })))
  const folder = mkdtempSync(join(tmpdir(), 'fieldtrial-golden-'))
  const qwen = readFileSync(`${model}/tokenizer.json`, 'utf8')
  const loaded = new Map<string, Promise<PromptTokenizer>>()
  const load = (file: string) => {
    // Most models' tokenizers are the same.
    const path = join(folder, `${createHash('sha256').update(file).digest('hex')}.json`)
    if (!loaded.has(path)) {
      writeFileSync(path, file)
      loaded.set(path, PromptTokenizer.load(path, {}, false))
    }
    return loaded.get(path)!
  }
  const byName = new Map<string, Promise<PromptTokenizer>>()
  const tokenizerOf = (name: string) => {
    if (!byName.has(name)) byName.set(name, load(chatTokenizer(name, qwen)))
    return byName.get(name)!
  }
  afterAll(() => rmSync(folder, { recursive: true }))

  it('cover the eight models of the study', () => {
    expect(new Set(promptreps.map(({ name }) => name)).size).toBe(8)
    expect(new Set(plain.map(({ recipe }) => recipe))).toEqual(new Set(['prompteol', 'last-token', 'instruct', 'echo']))
  })

  const encode = async (name: string, recipe: Recipe, side: Side, text: string) => {
    const { maxLength, lengthOf, prompts } = recipe
    const contents = prepareContents(recipe.contents, golden.texts[text]!)
    const limit = { maxLength: maxLength[side], lengthOf }
    return (await tokenizerOf(name)).encode(prompts[side][0]!, contents, golden.task, limit)
  }

  it.each(promptreps)(
    '$name, PromptReps, $side, system $system, text $text',
    async ({ name, system, side, text, ids }) => {
      const { recipe } = resolveRecipe('promptreps', { system: golden.systems[system] ?? 'default' }, chatModel(name))
      const tokens = await encode(name, recipe, side, text)
      expect(tokens.ids).toEqual(ids)
      expect(tokens.truncated).toBe(text === 'long')
    },
  )

  it.each(plain)(
    '$name, $recipe, $parameters, $side, text $text',
    async ({ name, recipe: id, parameters, side, text, ids }) => {
      const { recipe } = resolveRecipe(id, parameters, chatModel(name))
      const tokens = await encode(name, recipe, side, text)
      expect(tokens.ids).toEqual(ids)
      expect(tokens.truncated).toBe(text === 'long')
    },
  )

  it('name the special tokens of R1 by the ids of Qwen2.5’s', async () => {
    const row = promptreps.find(({ name, side }) => name === 'deepseek-r1-distill-qwen' && side === 'document')!
    // <｜begin▁of▁sentence｜><｜User｜> … <｜Assistant｜>
    expect(row.ids!.slice(0, 2)).toEqual([151646, 151644])
    expect(row.ids!.filter((id) => id >= 151643)).toEqual([151646, 151644, 151645])
    expect((await tokenizerOf('qwen2.5')).tokenId('<｜User｜>')).toBeNull()
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
