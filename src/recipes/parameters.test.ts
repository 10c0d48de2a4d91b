import { describe, expect, it } from 'vitest'
import { chatModel } from '../../test/support/chat-models.ts'
import { resolveRecipe } from './index.ts'
import type { ModelFacts, RecipeParameters } from './types.ts'

const QWEN = chatModel('qwen2.5-instruct')
const ENCODER: ModelFacts = { ...QWEN, name: 'mini', architecture: 'bert', decoder: false, chatTemplate: null }
const resolve = (id: string, parameters: RecipeParameters = {}, facts = QWEN) =>
  resolveRecipe(id, parameters, facts).recipe
const invalid = (message: RegExp, hint = /./) =>
  expect.objectContaining({
    code: 'RECIPE_INVALID',
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  })

describe('the layer', () => {
  const layerOf = (parameters: RecipeParameters, facts = QWEN) => {
    const { layer, finalNorm } = resolve('prompteol', parameters, facts)
    return [layer, finalNorm]
  }

  it.each([
    ['none: the last, with the norm', {}, 28, true],
    ['the last by its number', { layer: 28 }, 28, true],
    ['the last from the end', { layer: -1 }, 28, true],
    ['the last without the norm', { layer: -1, finalNorm: false }, 28, false],
    ['one before', { layer: -2 }, 27, false],
    ['one before, normed', { layer: 27, finalNorm: true }, 27, true],
    ['the embeddings', { layer: 0 }, 0, false],
    ['the embeddings from the end', { layer: -29 }, 0, false],
    ['a share of the depth', { layer: 0.94 }, 26, false],
    ['so large a share that it is the last', { layer: 0.99 }, 28, true],
  ])('%s', (_, parameters, layer, finalNorm) => {
    expect(layerOf(parameters)).toEqual([layer, finalNorm])
  })

  it.each([29, -30, 1.5, -0.5, Number.NaN])('refuses %d', (layer) => {
    expect(() => layerOf({ layer })).toThrow(invalid(/has no layer/, /0 \(embeddings\) to 28/))
  })

  it('can be chosen for decoders only', () => {
    expect(() => resolve('mean', { layer: 3 }, ENCODER)).toThrow(invalid(/for decoders only/))
  })
})

describe('the maximum length', () => {
  const lengths = (maxLength: RecipeParameters['maxLength'], facts = QWEN) =>
    resolve('last-token', maxLength === undefined ? {} : { maxLength }, facts).maxLength

  it('is 512, less where the model takes less, else what is asked for on each side', () => {
    expect(lengths(undefined)).toEqual({ query: 512, document: 512 })
    expect(lengths(undefined, { ...QWEN, context: 128 })).toEqual({ query: 128, document: 128 })
    expect(lengths(4096)).toEqual({ query: 4096, document: 4096 })
    expect(lengths({ query: 32 })).toEqual({ query: 32, document: 512 })
    expect(lengths(100_000, { ...QWEN, context: null })).toEqual({ query: 100_000, document: 100_000 })
  })

  it.each([4097, 0, -1, 1.5])('refuses %d', (maxLength) => {
    expect(() => lengths(maxLength)).toThrow(invalid(/cannot be used; .* takes 1 to 4096/))
  })
})
