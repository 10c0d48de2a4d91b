import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { paretoFront } from './cost.ts'

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
