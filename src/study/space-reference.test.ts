import { describe, expect, it } from 'vitest'
import { modelGroups } from '../data/models/index.ts'
import { parseStudy } from './parse.ts'
import { referenceOf } from './space-reference.ts'
import type { DenseSpec } from './study.ts'

const specsOf = (models: string) =>
  parseStudy(`collections: [./a]\nmodels: ${models}\n`, 'study.yaml').retrievers as DenseSpec[]

describe('referenceOf', () => {
  it('takes the nearest ancestor that is in the study, wherever it stands', () => {
    const names = modelGroups['specialized-llms']!
    const all = specsOf(`[${names.join(', ')}]\nrecipes: [promptreps]`)
    const references = Object.fromEntries(all.map((spec) => [spec.model.given, referenceOf(spec, all)?.id ?? null]))
    expect(references['qwen2.5-7b']).toBeNull()
    expect(references['qwen2.5-math-7b']).toBe('qwen2.5-7b')
    expect(references['qwen2.5-math-7b-instruct']).toBe('qwen2.5-math-7b')
    expect(references['qwen2.5-coder-7b-instruct']).toBe('qwen2.5-coder-7b')
    expect(references['deepseek-r1-distill-qwen-7b']).toBe('qwen2.5-math-7b')
    const without = all.filter((spec) => spec.model.given !== 'qwen2.5-math-7b')
    expect(referenceOf(without.find((s) => s.model.given.startsWith('deepseek'))!, without)?.id).toBe('qwen2.5-7b')
  })

  it('else the model’s first recipe, else the first model with the same one', () => {
    const all = specsOf('[{id: a, model: ./a}, {id: b, model: ./b}]\nrecipes: [promptreps, mean]')
    expect(all.map((spec) => referenceOf(spec, all))).toEqual([
      null,
      { id: 'a+promptreps', why: 'recipe' },
      { id: 'a+promptreps', why: 'model' },
      { id: 'b+promptreps', why: 'recipe' },
    ])
  })
})
