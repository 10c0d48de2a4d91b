import { describe, expect, test } from 'vitest'
import { baseOf, lineOf, modelByName, modelGroups, namedModels, requireModel, siblingsOf } from './index.ts'

const names = (models: readonly { name: string }[]) => models.map(({ name }) => name)

describe('the records', () => {
  test('have names of their own, in lower case, and whole commits', () => {
    expect(new Set(names(namedModels)).size).toBe(namedModels.length)
    for (const model of namedModels) {
      expect(model.name).toMatch(/^[a-z0-9][a-z0-9.-]*$/)
      expect(model.hub ?? 'comes/with-fieldtrial').toMatch(/^[\w.-]+\/[\w.-]+$/)
      expect(model.revision ?? '0'.repeat(40)).toMatch(/^[0-9a-f]{40}$/)
    }
  })

  test('only adapters of one study share a repository', () => {
    const shared = namedModels.filter((model) =>
      namedModels.some((other) => other !== model && model.hub !== null && other.hub === model.hub),
    )
    expect(new Set(shared.map(({ family }) => family))).toEqual(new Set(['study-checkpoints']))
  })

  test('descend from models that are there, without circles, of the same width and depth', () => {
    for (const model of namedModels.filter(({ descendsFrom }) => descendsFrom !== null)) {
      const base = baseOf(model.name)
      expect(base, model.name).toBeDefined()
      expect([base!.shape.layers, base!.shape.hidden]).toEqual([model.shape.layers, model.shape.hidden])
    }
    for (const { name } of namedModels) expect(lineOf(name).length).toBeLessThan(5)
  })

  test('system turns belong to templates, and every LLM with a template has an end token', () => {
    expect(namedModels.filter((model) => model.systemTurn !== null && !model.chat)).toEqual([])
    expect(namedModels.filter((model) => model.chat && model.eos === null)).toEqual([])
  })

  test('the parameters counted from the shapes are those that others counted', () => {
    // To bge-m3: MTEB's records. The others are totals from memory: that the formulas give them to the last weight speaks for both.
    const counted = Object.fromEntries(namedModels.map(({ name, parameters }) => [name, parameters]))
    expect(counted).toMatchObject({
      'qwen3-embedding-0.6b': 595_776_512,
      'qwen3-embedding-4b': 4_021_774_336,
      'qwen3-embedding-8b': 7_567_295_488,
      'gte-qwen2-1.5b-instruct': 1_543_268_864,
      'gte-qwen2-7b-instruct': 7_069_121_024,
      'e5-mistral-7b-instruct': 7_110_660_096,
      'mistral-7b-v0.1': 7_241_732_096,
      'all-minilm-l6-v2': 22_713_216,
      'all-minilm-l12-v2': 33_360_000,
      'all-mpnet-base-v2': 109_486_464,
      'contriever-msmarco': 109_482_240,
      'bge-m3': 567_754_752,
      'qwen2.5-vl-7b-instruct': 8_292_166_656,
      'qwen2.5-vl-72b-instruct': 73_410_777_344,
      'qwen2.5-7b': 7_615_616_512,
      'deepseek-r1-distill-qwen-1.5b': 1_777_088_000,
      'gemma-3-1b': 999_885_952,
    })
  })
})

describe('names', () => {
  test('in any case, by hub id, with a revision behind', () => {
    for (const name of ['qwen2.5-coder-7b', 'Qwen2.5-Coder-7B', 'Qwen/Qwen2.5-Coder-7B', 'qwen2.5-coder-7b@main'])
      expect(modelByName(name)?.name).toBe('qwen2.5-coder-7b')
    expect(modelByName('qwen2.5-coder-9b')).toBeUndefined()
    expect(modelByName('hengranZhang/Specialized_LLMs_as_Dense_Retrievers')).toBeUndefined()
  })

  test('an unknown one is told with the nearest', () => {
    expect(() => requireModel('qwen2.5-codr-7b')).toThrow(
      expect.objectContaining({
        code: 'MODEL_MISSING',
        hint: expect.stringContaining('Did you mean qwen2.5-coder-7b?'),
      }),
    )
    expect(() => requireModel('zzzz')).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/^`fieldtrial models`/) }),
    )
  })
})

describe('ancestry', () => {
  test('R1-Distill comes from Math, which comes from Qwen2.5', () => {
    expect(names(lineOf('deepseek-r1-distill-qwen-7b'))).toEqual([
      'deepseek-r1-distill-qwen-7b',
      'qwen2.5-math-7b',
      'qwen2.5-7b',
    ])
    expect(baseOf('qwen2.5-7b')).toBeUndefined()
    expect(baseOf('no-such-model')).toBeUndefined()
  })

  test('the siblings of a model of the study are the seven others', () => {
    const study = modelGroups['specialized-llms']!
    expect(study).toHaveLength(8)
    for (const name of study)
      expect(names(siblingsOf(name)).toSorted()).toEqual(study.filter((other) => other !== name).toSorted())
    expect(siblingsOf('all-minilm-l6-v2')).toEqual([])
    expect(names(siblingsOf('mistral-7b-v0.1'))).toContain('e5-mistral-7b-instruct')
  })

  test('groups name models that are there', () => {
    for (const group of Object.values(modelGroups)) for (const name of group) expect(modelByName(name)?.name).toBe(name)
  })

  test('the default system turns of the eight are four different things', () => {
    const turns = modelGroups['specialized-llms']!.map((name) => modelByName(name)!.systemTurn)
    expect(new Set(turns).size).toBe(4)
  })
})
