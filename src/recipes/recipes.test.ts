import { describe, expect, it } from 'vitest'
import { chatModel } from '../../test/support/chat-models.ts'
import { describePrompt, instructPrompts, RECIPES, recipeDefinition, resolveRecipe } from './index.ts'
import { promptsOf } from './modality.ts'
import { fillParts } from './template.ts'
import type { ModelFacts, Recipe, RecipeParameters, Side } from './types.ts'

const QWEN = chatModel('qwen2.5-instruct')
const ENCODER: ModelFacts = {
  ...QWEN,
  name: 'mini',
  architecture: 'bert',
  decoder: false,
  chatTemplate: null,
  context: 512,
}
const resolve = (id: string, parameters: RecipeParameters = {}, facts = QWEN) =>
  resolveRecipe(id, parameters, facts).recipe
const texts = (recipe: Recipe, side: Side) =>
  recipe.prompts[side].map(({ parts, end }) => `${fillParts(parts, 'X', 'T')}${end ?? ''}`)
const invalid = (message: RegExp, hint = /./) =>
  expect.objectContaining({
    code: 'RECIPE_INVALID',
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  })

const CLIP = chatModel('qwen2.5', {
  architecture: 'clip',
  decoder: false,
  layers: null,
  context: 77,
  chatTemplate: null,
})

/** What every recipe for a decoder has unless its own test says otherwise. */
const COMMON = {
  contents: 'as-is',
  span: 'all',
  layer: 28,
  finalNorm: true,
  attention: 'model',
  maxLength: { query: 512, document: 512 },
  lengthOf: 'prompt',
  sparse: null,
  generate: null,
  normalize: true,
  similarity: 'cosine',
}

describe('the recipes', () => {
  it('are found by their names, and a near miss is told', () => {
    for (const { id } of RECIPES) expect(recipeDefinition(id).id).toBe(id)
    expect(new Set(RECIPES.map(({ id }) => id)).size).toBe(RECIPES.length)
    expect(() => resolve('promptrep')).toThrow(invalid(/no recipe "promptrep"/, /promptreps/))
  })

  it.each(RECIPES)('$id says where it comes from, and writes that into what it resolves', ({ id, source, summary }) => {
    const recipe = resolve(id, {}, id === 'dual-encoder' ? CLIP : QWEN)
    expect(recipe.id).toBe(id)
    expect(`${source} ${recipe.source}`).toMatch(/\d{4}|model's own files/)
    expect(summary).not.toBe('')
    // It enters fingerprints as JSON.
    expect(JSON.parse(JSON.stringify(recipe))).toEqual(recipe)
  })

  it.each(RECIPES)(
    '$id refuses parameters that it does not take, and names those that it takes',
    ({ id, parameters }) => {
      const all = ['system', 'prompts', 'eos', 'layout', 'generateTokens', 'sparse'] as const
      for (const name of all.filter((one) => !parameters.includes(one)))
        expect(() => resolve(id, { [name]: 'x' } as RecipeParameters)).toThrow(
          invalid(new RegExp(`${id} takes no \`${name}\``), new RegExp(parameters.join(', '))),
        )
    },
  )

  it.each(RECIPES.filter(({ id }) => !['sentence-transformers', 'mean', 'weighted-mean', 'dual-encoder'].includes(id)))(
    '$id refuses encoders',
    ({ id }) => {
      expect(() => resolve(id, {}, ENCODER)).toThrow(invalid(/needs a decoder.*mini is a bert encoder/))
    },
  )

  it.each(['promptreps', 'e5v', 'vision-chat'])('%s refuses models without a chat template', (id) => {
    expect(() => resolve(id, {}, { ...QWEN, chatTemplate: null })).toThrow(invalid(/has no chat template/))
  })

  it.each(['last-token', 'echo', 'instruct'])('%s needs an end-of-sequence token, unless told not to', (id) => {
    const facts = { ...QWEN, tokens: { bos: null, eos: null, pad: null, unk: null } }
    expect(() => resolve(id, {}, facts)).toThrow(invalid(/end-of-sequence token/, /eos: false/))
    for (const side of ['query', 'document'] as const)
      expect(resolve(id, { eos: false }, facts).prompts[side][0]!.end).toBeNull()
  })
})

describe('promptreps', () => {
  const TURNS =
    '<|im_start|>user\nPassage: "X". Use one word to represent the passage in a retrieval task. Make sure your word is in lowercase.<|im_end|>\n<|im_start|>assistant\nThe word is: "'

  it('asks for one word; the text alone is cut, and joined with the prompt by its tokens', () => {
    const recipe = resolve('promptreps', { system: 'none' })
    expect(recipe).toMatchObject({
      ...COMMON,
      contents: 'trim',
      pooling: ['lasttoken'],
      lengthOf: 'contents',
      imagePrompts: null,
    })
    expect(recipe.prompts.document[0]).toMatchObject({ join: 'tokens', addSpecialTokens: false, end: null })
    expect(texts(recipe, 'document')).toEqual([TURNS])
    expect(texts(recipe, 'query')).toEqual([TURNS.replace('Passage', 'Query').replace('passage', 'query')])
  })

  it('takes the system turn of the template unless told otherwise', () => {
    expect(texts(resolve('promptreps'), 'document')[0]).toBe(
      `<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n${TURNS}`,
    )
    expect(texts(resolve('promptreps', { system: 'Be brief.' }), 'document')[0]).toBe(
      `<|im_start|>system\nBe brief.<|im_end|>\n${TURNS}`,
    )
  })

  it('has a sparse half and more tokens on demand', () => {
    expect(resolve('promptreps', { sparse: true, generateTokens: 10 })).toMatchObject({
      sparse: { terms: 128, fallbackTerms: 10, scale: 100 },
      generate: { maxTokens: 10, stop: '"' },
    })
    expect(resolve('promptreps', { sparse: false, generateTokens: 0 })).toMatchObject({ sparse: null, generate: null })
  })

  it('asks about images where the model sees', () => {
    const { imagePrompts } = resolve('promptreps', {}, chatModel('qwen2.5-vl-instruct'))
    expect(imagePrompts?.document[0]?.parts.map(({ kind }) => kind)).toEqual(['literal', 'image', 'literal'])
  })
})

describe('recipes without chat turns', () => {
  it('last-token: RepLLaMA’s prefixes and an end token', () => {
    const recipe = resolve('last-token')
    expect(recipe).toMatchObject({ ...COMMON, pooling: ['lasttoken'] })
    expect(texts(recipe, 'query')).toEqual(['query: X<|im_end|>'])
    expect(texts(recipe, 'document')).toEqual(['passage: X<|im_end|>'])
    const bare = resolve('last-token', { eos: false, prompts: { query: '', document: 'Passage:' } })
    expect([texts(bare, 'query'), texts(bare, 'document')]).toEqual([['X'], ['Passage:X']])
  })

  it('mean and weighted-mean: the text as it is, for encoders as well', () => {
    expect(resolve('mean')).toMatchObject({ ...COMMON, pooling: ['mean'] })
    expect(resolve('weighted-mean')).toMatchObject({ ...COMMON, pooling: ['weightedmean'] })
    const brackets = { query: '[{text}]', document: '{{text}}' }
    const sgpt = resolve('weighted-mean', { prompts: brackets, eos: true })
    expect([texts(sgpt, 'query'), texts(sgpt, 'document')]).toEqual([['[X]<|im_end|>'], ['{X}<|im_end|>']])
    expect(resolve('mean', {}, ENCODER)).toMatchObject({ pooling: ['mean'], layer: null, finalNorm: null })
  })

  it('prompteol: a sentence to be completed', () => {
    const recipe = resolve('prompteol')
    expect(recipe).toMatchObject({ ...COMMON, contents: 'sentence', pooling: ['lasttoken'] })
    expect(texts(recipe, 'query')).toEqual(['This sentence : "X" means in one word:"'])
    expect(recipe.prompts.query[0]).toMatchObject({ join: 'text', addSpecialTokens: true, end: null })
  })

  it('metaeol: eight of them', () => {
    const recipe = resolve('metaeol')
    expect(recipe).toMatchObject({ ...COMMON, contents: 'sentence', pooling: ['lasttoken'] })
    expect(recipe.prompts.query).toEqual(recipe.prompts.document)
    const prompts = texts(recipe, 'query')
    expect(new Set(prompts).size).toBe(8)
    for (const prompt of prompts) expect(prompt).toMatch(/^In this task, .* this sentence : "X" .*in one word:"$/)
  })

  it('echo: the text twice', () => {
    const recipe = resolve('echo')
    expect(recipe).toMatchObject({
      ...COMMON,
      pooling: ['mean'],
      span: 'from-contents',
      maxLength: { query: 300, document: 300 },
      lengthOf: 'contents',
    })
    expect(texts(recipe, 'query')).toEqual(['Instruct:T,\nQuery:X\nQuery again:X<|im_end|>'])
    expect(texts(recipe, 'document')).toEqual(['Document:X\nDocument again:X<|im_end|>'])
    expect(recipe.prompts.query[0]).toMatchObject({ join: 'tokens', addSpecialTokens: true })
  })

  it('llm2vec: both directions, the mean over what follows the instruction, a turn around for chat models', () => {
    const recipe = resolve('llm2vec')
    expect(recipe).toMatchObject({
      ...COMMON,
      contents: 'trim',
      attention: 'bidirectional',
      pooling: ['mean'],
      span: 'from-contents',
    })
    expect(texts(recipe, 'query')).toEqual(['<|im_start|>user\nT: X<|im_end|>'])
    expect(texts(recipe, 'document')).toEqual(['<|im_start|>user\nX<|im_end|>'])
    expect(texts(resolve('llm2vec', {}, chatModel('qwen2.5')), 'document')).toEqual(['X'])
    expect(texts(resolve('llm2vec', {}, chatModel('mistral-instruct')), 'document')).toEqual(['[INST] X [/INST]'])
    expect(resolve('llm2vec', { attention: 'causal' }).attention).toBe('causal')
  })

  it.each([
    ['e5', 'Instruct: T\nQuery: X<|im_end|>', 'X<|im_end|>', 'model'],
    ['qwen3', 'Instruct: T\nQuery:X<|endoftext|>', 'X<|endoftext|>', 'model'],
    ['gte', 'Instruct: T\nQuery: X<|im_end|>', 'X<|im_end|>', 'bidirectional'],
    ['bge-code', '<instruct>T\n<query>X<|im_end|>', 'X<|im_end|>', 'model'],
  ])('instruct, layout %s', (layout, query, document, attention) => {
    const recipe = resolve('instruct', { layout })
    expect(recipe).toMatchObject({ ...COMMON, attention, pooling: ['lasttoken'] })
    expect([texts(recipe, 'query'), texts(recipe, 'document')]).toEqual([[query], [document]])
    expect(recipe.prompts.query[0]!.parts).toContainEqual({ kind: 'task' })
  })

  it('instruct refuses other layouts, and tells a server what it needs to know', () => {
    expect(() => resolve('instruct', { layout: 'qwen' })).toThrow(invalid(/no layout "qwen"/, /qwen3/))
    expect(instructPrompts({ layout: 'bge-code' })).toEqual({ query: '<instruct>{task}\n<query>{text}', document: '' })
  })
})

describe('recipes for models that see', () => {
  const VL = chatModel('qwen2.5-vl-instruct')

  it('e5v: text and image summarised in one word', () => {
    const recipe = resolve('e5v', { system: 'none' }, VL)
    expect(recipe).toMatchObject({ ...COMMON, pooling: ['lasttoken'] })
    const turn = (user: string) => `<|im_start|>user\n${user}<|im_end|>\n<|im_start|>assistant\n`
    expect(texts(recipe, 'query')).toEqual([turn('X\nSummary above sentence in one word: ')])
    expect(recipe.imagePrompts?.query[0]?.parts.map(({ kind }) => kind)).toEqual(['literal', 'image', 'literal'])
    expect(resolve('e5v').imagePrompts).toBeNull()
  })

  it('ask about an image with its text, too', () => {
    const kinds = (id: string) =>
      resolve(id, {}, VL).mixedPrompts?.document[0]?.parts.map((part) =>
        part.kind === 'literal' ? part.text : part.kind,
      )
    expect(kinds('e5v')!.slice(1, 3)).toEqual(['image', 'contents'])
    expect(kinds('e5v')!.at(-1)).toContain('Summarize above image and sentence in one word: ')
    expect(kinds('promptreps')!.slice(1, 4)).toEqual(['image', 'Passage: "', 'contents'])
    for (const id of ['e5v', 'promptreps']) expect(resolve(id).mixedPrompts).toBeUndefined()
    const [text, image, both] = [{ text: 'a' }, { text: ' ', image: 1 }, { text: 'a', image: 1 }]
    const recipe = resolve('e5v', {}, VL)
    expect(promptsOf(recipe, 'query', text)).toBe(recipe.prompts.query)
    expect(promptsOf(recipe, 'query', image)).toBe(recipe.imagePrompts!.query)
    expect(promptsOf(recipe, 'query', both)).toBe(recipe.mixedPrompts!.query)
    const chat = resolve('vision-chat', {}, VL)
    expect(promptsOf(chat, 'document', both)).toBe(chat.imagePrompts!.document)
    expect(() => promptsOf(resolve('last-token', {}, VL), 'document', image)).toThrow(
      invalid(/last-token takes no images/),
    )
  })

  it('dual-encoder: two towers, and the tokenizer’s own habits', () => {
    expect(resolve('dual-encoder', {}, CLIP)).toMatchObject({
      contents: 'as-is',
      maxLength: { query: 77, document: 77 },
      imagePrompts: { query: [{ parts: [{ kind: 'image' }] }] },
      layer: null,
    })
    const prompted = resolve('dual-encoder', { prompts: { query: 'a photo of {text}' } }, CLIP)
    expect([texts(prompted, 'query')[0], texts(prompted, 'document')[0]]).toEqual(['a photo of X', 'X'])
    const siglip = (tokenizer_class: string) => ({
      ...CLIP,
      architecture: 'siglip',
      files: { ...CLIP.files, tokenizerConfig: { tokenizer_class } },
    })
    expect(resolve('dual-encoder', {}, siglip('SiglipTokenizer')).contents).toBe('bare-words')
    expect(resolve('dual-encoder', {}, siglip('GemmaTokenizer')).contents).toBe('lower-case')
    expect(resolve('dual-encoder', {}, siglip('SiglipTokenizer')).prompts.query[0]!.end).toBe(CLIP.tokens.eos)
    // Without a recipe of its own in the study, a dual encoder is itself.
    expect(resolve('sentence-transformers', {}, CLIP).id).toBe('dual-encoder')
    expect(() => resolve('dual-encoder')).toThrow(invalid(/for CLIP and SigLIP; .* of the type qwen2/))
  })

  it('vision-chat: as each was trained', () => {
    const system = (text: string) => `<|im_start|>system\n${text}<|im_end|>\n`
    const user = '<|im_start|>user\nX<|im_end|>\n'
    const of = (layout: string) => {
      const recipe = resolve('vision-chat', { layout }, VL)
      return [texts(recipe, 'query')[0], texts(recipe, 'document')[0]]
    }
    const open = '<|im_start|>assistant\n'
    expect(of('gme')).toEqual([
      `${system('T')}${user}${open}<|endoftext|>`,
      `${system('You are a helpful assistant.')}${user}${open}<|endoftext|>`,
    ])
    expect(of('dse')[1]).toBe(`${system('You are a helpful assistant.')}${user}<|endoftext|>`)
    expect(of('qwen3-vl')).toEqual([
      `${system('T')}${user}${open}`,
      `${system("Represent the user's input.")}${user}${open}`,
    ])
  })
})

it('lets pooling, attention and normalisation be set', () => {
  expect(resolve('mean', { pooling: ['max', 'mean'], attention: 'bidirectional', normalize: false })).toMatchObject({
    pooling: ['max', 'mean'],
    attention: 'bidirectional',
    normalize: false,
    similarity: 'dot',
  })
})

describe('describePrompt', () => {
  it('is one line with marks for what is filled in', () => {
    expect(describePrompt(resolve('instruct').prompts.query[0]!)).toBe('"Instruct: ‹task›\\nQuery: ‹text›<|im_end|>"')
    expect(describePrompt({ parts: [{ kind: 'image' }], join: 'text', addSpecialTokens: true, end: null })).toBe(
      '"‹image›"',
    )
  })
})
