import { describe, expect, it } from 'vitest'
import {
  bytesPerDocument,
  describeSteps,
  dimensionAfter,
  needsQueryMean,
  type PostprocessStep,
  slugOfSteps,
  stepProblems,
  thenNormalized,
  validateSteps,
} from './steps.ts'

const ALL: readonly PostprocessStep[] = [
  { kind: 'center' },
  { kind: 'abtt', components: 3 },
  { kind: 'whiten', power: 0.5 },
  { kind: 'whiten', power: 1, shrinkage: 0.1 },
  { kind: 'pca', dimensions: 64 },
  { kind: 'truncate', dimensions: 20 },
  { kind: 'normalize' },
  { kind: 'int8' },
]

describe('steps of post-processing', () => {
  it('have names that fit into ids', () => {
    expect(slugOfSteps(ALL)).toBe('center+abtt_3+whiten_0.5+whiten_1@0.1+pca_64+truncate_20+normalize+int8')
    expect(slugOfSteps([])).toBe('none')
    for (const step of ALL) expect(slugOfSteps([step])).toMatch(/^[A-Za-z0-9._+@-]+$/)
  })

  it('are described for people', () => {
    expect(describeSteps([{ kind: 'center' }, { kind: 'whiten', power: 0.5 }, { kind: 'binary' }])).toBe(
      'each side centred by its own mean, then whitened with power 0.5, then documents reduced to signs',
    )
    expect(describeSteps([])).toBe('none')
  })

  it('tell the size of what comes out', () => {
    expect(dimensionAfter(ALL, 896)).toBe(20)
    expect(bytesPerDocument([], 896)).toBe(3584)
    expect(bytesPerDocument(ALL, 896)).toBe(20)
    expect(bytesPerDocument([{ kind: 'pca', dimensions: 100 }, { kind: 'binary' }], 896)).toBe(13)
  })

  it('tell whether the query side needs a mean of its own', () => {
    expect(needsQueryMean([{ kind: 'truncate', dimensions: 2 }, { kind: 'normalize' }, { kind: 'int8' }])).toBe(false)
    for (const step of ALL.slice(0, 5)) expect(needsQueryMean([step])).toBe(true)
  })

  it('are normalised once in the end', () => {
    expect(thenNormalized([{ kind: 'center' }])).toEqual([{ kind: 'center' }, { kind: 'normalize' }])
    expect(thenNormalized([{ kind: 'normalize' }])).toEqual([{ kind: 'normalize' }])
    expect(thenNormalized([])).toEqual([])
  })

  it('are found wrong before any document is read', () => {
    const wrong = (step: object, dimension: number | null = 8) =>
      stepProblems([step as PostprocessStep], dimension).map(({ problem }) => problem)
    expect(wrong({ kind: 'abtt', components: 0 })).toHaveLength(1)
    expect(wrong({ kind: 'abtt', components: 8 })).toEqual(['8 components cannot be removed from 8 dimensions'])
    expect(wrong({ kind: 'abtt', components: 8 }, null)).toEqual([])
    expect(wrong({ kind: 'whiten', power: 0 })).toHaveLength(1)
    expect(wrong({ kind: 'whiten', power: 1.5, shrinkage: 2 })).toHaveLength(2)
    expect(wrong({ kind: 'pca', dimensions: 9 })).toEqual(['9 dimensions cannot be kept of 8'])
    expect(wrong({ kind: 'truncate', dimensions: 2.5 })).toHaveLength(1)
    expect(wrong({ kind: 'polish' })).toEqual(['`polish` is not known'])
    expect(stepProblems(ALL, 896)).toEqual([])
    expect(
      stepProblems(
        [{ kind: 'truncate', dimensions: 4 }, { kind: 'pca', dimensions: 5 }, { kind: 'int8' }, { kind: 'center' }],
        8,
      ),
    ).toEqual([
      { step: 1, problem: '5 dimensions cannot be kept of 4' },
      { step: 3, problem: 'nothing but `normalize` can follow `int8`' },
    ])
    const steps: PostprocessStep[] = [
      { kind: 'whiten', power: 2 },
      { kind: 'pca', dimensions: 9 },
    ]
    expect(() => validateSteps(steps, 8)).toThrow(/Step 1 .*power.* Step 2 .*9 dimensions/)
  })
})
