import { describe, expect, it } from 'vitest'
import { diagnosticsFixture } from '../../../test/support/space-fixture.ts'
import { describeSpace } from '../../measure/space/index.ts'
import { absentByChance, anyPairDistance, highestRank, relativeShift } from './figures.ts'

/** Unit vectors around a direction; the same ones every time. */
function cloud(count: number, dimension: number, towards: number, seed: number): number[][] {
  let state = seed
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32 - 0.5
  }
  return Array.from({ length: count }, () => {
    const vector = Array.from({ length: dimension }, (_, i) => next() + (i === towards ? 1 : 0))
    const length = Math.hypot(...vector)
    return vector.map((x) => x / length)
  })
}

const mean = (vectors: number[][]) => vectors[0]!.map((_, i) => vectors.reduce((s, v) => s + v[i]!, 0) / vectors.length)
const squared = (a: number[], b: number[]) => a.reduce((s, x, i) => s + (x - b[i]!) ** 2, 0)

describe('figures derived from diagnostics', () => {
  const [documents, queries] = [cloud(60, 8, 0, 1), cloud(25, 8, 3, 2)]

  it('are those that the vectors themselves give', async () => {
    const space = await describeSpace({
      dimension: 8,
      documents: Float32Array.from(documents.flat()),
      queries: Float32Array.from(queries.flat()),
    })
    const [d, q] = [mean(documents), mean(queries)]
    const within = (vectors: number[][], centre: number[]) =>
      vectors.reduce((s, v) => s + squared(v, centre), 0) / vectors.length
    const spread = Math.sqrt((within(documents, d) + within(queries, q)) / 2)
    expect(relativeShift(space)).toBeCloseTo(Math.sqrt(squared(d, q)) / spread, 5)
    const pairs = queries.flatMap((x) => documents.map((y) => squared(x, y)))
    expect(anyPairDistance(space)).toBeCloseTo(pairs.reduce((s, x) => s + x, 0) / pairs.length, 5)
  })

  it('are absent where vectors are not of length 1, all equal, or of one side only', () => {
    for (const space of [
      diagnosticsFixture({ normalised: false }),
      { ...diagnosticsFixture(), queries: null, shift: null },
    ]) {
      expect(relativeShift(space)).toBeNull()
      expect(anyPairDistance(space)).toBeNull()
    }
    expect(relativeShift(diagnosticsFixture({ cosine: 1, shift: 0 }))).toBeNull()
  })

  it('take the highest rank from the dimension or from the vectors that are sound', () => {
    expect(highestRank(diagnosticsFixture())).toBe(384)
    expect(highestRank(diagnosticsFixture({ documents: 100, notFinite: 3, zeros: 2 }))).toBe(94)
  })

  it('say how many documents chance leaves out', () => {
    expect(absentByChance(10, 1000, 100)).toBeCloseTo(0.366, 3)
    expect(absentByChance(10, 10, 1)).toBe(0)
    expect(absentByChance(10, 5, 0)).toBe(1)
    expect(absentByChance(10, 0, 3)).toBe(0)
  })
})
