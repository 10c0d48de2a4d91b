import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../test/support/files.ts'
import type { Recipe } from '../recipes/types.ts'
import { parseStudy } from './parse.ts'
import type { TrialResult } from './results.ts'
import { compareSupervised, supervisedPairs } from './supervised.ts'
import {
  isAdapterFolder,
  readTrained,
  type StudyEncoder,
  type TrainedModel,
  trainedRecipe,
  withTraining,
} from './trained.ts'

const recipe = (changes: Partial<Recipe> = {}) =>
  ({ id: 'mean', pooling: ['mean'], maxLength: {}, ...changes }) as Recipe
const encoder = (identity: object, trained?: Partial<TrainedModel>) =>
  ({ info: { identity, recipe: recipe(), warnings: [] }, ...(trained ? { trained } : {}) }) as unknown as StudyEncoder

describe('pairs of a trained model and its base', () => {
  it('are found by the hashes of weights', () => {
    const pairs = supervisedPairs([
      { id: 'zero', output: 'dense', encoder: encoder({ weights: ['a'] }) },
      { id: 'zero-onnx', output: 'dense', encoder: encoder({ weights: ['a'], engine: 'onnx' }) },
      { id: 'other', output: 'dense', encoder: encoder({ weights: ['b'] }) },
      { id: 'sparse', output: 'sparse', encoder: encoder({ weights: ['a'] }) },
      { id: 'lora', output: 'dense', encoder: encoder({ weights: ['a'], adapter: ['x'] }) },
      { id: 'whole', output: 'dense', encoder: encoder({ weights: ['c'] }, { kind: 'whole', baseWeights: ['b'] }) },
      { id: 'served', output: 'dense', encoder: encoder({ url: 'http://x' }) },
    ])
    expect(pairs).toEqual([
      { supervised: 'lora', zeroShot: 'zero' },
      { supervised: 'lora', zeroShot: 'zero-onnx' },
      { supervised: 'whole', zeroShot: 'other' },
    ])
  })

  it('are tested paired, and corrected over the pairs of a collection and measure', () => {
    const trial = (retriever: string, values: readonly number[]): TrialResult =>
      ({
        retriever,
        collection: 'c',
        status: 'done',
        mean: { m: values.reduce((a, b) => a + b, 0) / values.length },
        perQuery: { m: Object.fromEntries(values.map((value, i) => [`q${i}`, value])) },
      }) as unknown as TrialResult
    const low = Array.from({ length: 40 }, (_, i) => (i % 5) / 10)
    const high = low.map((value, i) => value + 0.2 + (i % 3) / 20)
    const trials = [trial('a', low), trial('a+', high), trial('b', low), trial('b+', low)]
    const settings = {
      baseline: 'a',
      test: 'randomisation',
      correction: 'holm',
      alpha: 0.05,
      resamples: 2000,
      seed: 1,
    } as const
    const pairs = [
      { supervised: 'a+', zeroShot: 'a' },
      { supervised: 'b+', zeroShot: 'b' },
      { supervised: 'gone', zeroShot: 'a' },
    ]
    const [first, second, ...none] = compareSupervised(pairs, trials, ['m'], settings)
    expect(none).toEqual([])
    expect(first).toMatchObject({ zeroShot: 'a', supervised: 'a+', significant: true, wins: 40, queries: 40 })
    expect(first!.difference).toBeCloseTo(first!.after! - first!.before!, 12)
    expect(first!.pAdjusted).toBeCloseTo(2 * first!.p, 12)
    expect(second).toMatchObject({ difference: 0, significant: false, p: 1 })
  })
})

describe('how a model was trained', () => {
  const trained = {
    name: 't',
    recipe: { recipe: 'mean', maxLength: 32 },
    resolved: recipe(),
  } as unknown as TrainedModel

  it('gives its recipe where nobody chose one', () => {
    const byDefault = { recipe: 'sentence-transformers', parameters: { normalize: true }, byDefault: true }
    expect(trainedRecipe(byDefault, trained)).toEqual({
      recipe: 'mean',
      parameters: { maxLength: 32, normalize: true },
    })
    expect(trainedRecipe({ ...byDefault, byDefault: false }, trained).recipe).toBe('sentence-transformers')
    expect(trainedRecipe(byDefault, null)).toBe(byDefault)
  })

  it('is held against the recipe that is used', () => {
    expect(withTraining(encoder({}), trained).info.warnings).toEqual([])
    const other = { ...trained, resolved: recipe({ pooling: ['cls'], maxLength: { query: 1, document: 2 } }) }
    expect(withTraining(encoder({}), other).info.warnings).toEqual([
      't was trained with the recipe mean, and is used with another one (pooling differs)',
    ])
  })

  it('is read from its file, if it is sound', async () => {
    const folder = await temporaryFolder()
    expect(await readTrained(folder)).toBeNull()
    await writeFile(join(folder, 'fieldtrial.json'), '{"version": 1')
    await expect(readTrained(folder)).rejects.toThrow(/is not JSON/)
    await writeFile(join(folder, 'fieldtrial.json'), '{"version": 2}')
    await expect(readTrained(folder)).rejects.toThrow(/version 2/)
    await writeFile(join(folder, 'fieldtrial.json'), '{"version": 1, "base": "b", "recipe": {"recipe": "mean"}}')
    expect((await readTrained(folder))!.base).toBe('b')
    expect(isAdapterFolder(folder)).toBe(false)
    await writeFile(join(folder, 'adapter_config.json'), '{}')
    expect(isAdapterFolder(folder)).toBe(true)
  })

  it('names what it wrote by its folder', async () => {
    const folder = await temporaryFolder()
    for (const [name, file] of [
      ['docs/model', 'fieldtrial.json'],
      ['code/model', 'fieldtrial.json'],
      ['code/merged', 'fieldtrial.json'],
      ['docs/merged', 'fieldtrial.json'],
      ['other/model', 'config.json'],
    ] as const) {
      await mkdir(join(folder, name), { recursive: true })
      await writeFile(join(folder, name, file), '{}')
    }
    await writeFile(join(folder, 'docs/model/adapter_config.json'), '{}')
    const models = ['./docs/model', './code/model', './code/merged', './other/model']
    const ids = (given: readonly string[]) =>
      parseStudy(`collections: [./c]\nmodels: [${given.join(', ')}]\n`, join(folder, 'study.yaml')).retrievers.map(
        ({ id }) => id,
      )
    expect(ids([models[0]!, models[1]!, models[3]!])).toEqual(['docs-torch', 'code', 'model'])
    // Both that one training has written, in either engine.
    expect(ids([models[1]!, models[2]!])).toEqual(['code', 'code-merged'])
    const merged = parseStudy(
      'collections: [./c]\nmodels: [{ model: ./docs/model }, { model: ./docs/merged, engine: torch }]\n',
      join(folder, 'study.yaml'),
    )
    expect(merged.retrievers.map(({ id }) => id)).toEqual(['docs-torch', 'docs-merged-torch'])
  })
})
