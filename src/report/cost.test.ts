import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { studyFixture } from '../../test/support/study-fixture.ts'
import { paretoFront, tokensPerSecond } from './cost.ts'

describe('Pareto front', () => {
  it('holds exactly the points that none beats', () => {
    const point = fc.record({ x: fc.integer({ min: 0, max: 9 }), y: fc.integer({ min: 0, max: 9 }) })
    fc.assert(
      fc.property(fc.array(point, { maxLength: 30 }), (points) => {
        const beaten = (p: { x: number; y: number }) =>
          points.some((q) => q.x <= p.x && q.y >= p.y && (q.x < p.x || q.y > p.y))
        const front = paretoFront(points)
        expect(new Set(front)).toEqual(new Set(points.filter((p) => !beaten(p))))
        expect(front.map((p) => p.x)).toEqual(front.map((p) => p.x).sort((a, b) => a - b))
      }),
    )
  })
})

describe('tokens per second', () => {
  const { cost } = studyFixture({ queries: 10 }).results.trials.find((trial) => trial.retriever === 'minilm')!

  it('are the documents over the time that encoding took, and unknown where one is or no time passed', () => {
    expect(tokensPerSecond({ ...cost, documentTokens: 1200, encodeDocumentsSeconds: 8 })).toBe(150)
    expect(tokensPerSecond({ ...cost, documentTokens: null })).toBeNull()
    expect(tokensPerSecond({ ...cost, encodeDocumentsSeconds: null })).toBeNull()
    expect(tokensPerSecond({ ...cost, encodeDocumentsSeconds: 0 })).toBeNull()
  })
})
