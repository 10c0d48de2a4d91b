import { describe, expect, it } from 'vitest'
import { checkUpdate, type PlannedUpdate } from './check-update.ts'

const SOUND: PlannedUpdate = {
  batch: { queries: 8, accumulate: 1 },
  loss: { inBatch: true, crossDevice: true, matryoshka: null },
  negatives: 0,
  counts: { groups: 40, withNegatives: 0 },
  devices: 1,
  dimension: 256,
}
const problem = (change: Partial<PlannedUpdate>) => {
  try {
    checkUpdate({ ...SOUND, ...change })
    return null
  } catch (error) {
    return (error as Error).message
  }
}

describe('a batch', () => {
  it('is refused where each positive is alone among its candidates', () => {
    const mined = { negatives: 7, counts: { groups: 40, withNegatives: 40 } }
    const alone = { batch: { queries: 8, accumulate: 8 } }
    expect(problem({})).toBeNull()
    expect(problem(alone)).toMatch(/one query is encoded at a time/)
    expect(problem({ batch: { queries: 1, accumulate: 1 } })).toMatch(/one query is encoded at a time/)
    expect(problem({ ...alone, negatives: 7 })).toMatch(/no hard negatives/)
    expect(problem({ ...alone, ...mined })).toBeNull()
    // Devices that see their own queries alone.
    const apart = { ...SOUND.loss, crossDevice: false }
    expect(problem({ devices: 8 })).toBeNull()
    expect(problem({ devices: 8, loss: apart })).toMatch(/one query is encoded at a time/)
    const own = { ...SOUND.loss, inBatch: false }
    expect(problem({ loss: own })).toMatch(/neither in-batch nor hard negatives/)
    expect(problem({ loss: own, ...mined })).toBeNull()
  })

  it('must fit the data, the devices and the vectors', () => {
    expect(problem({ batch: { queries: 41, accumulate: 1 } })).toMatch(/takes 41 queries, and there are 40/)
    expect(problem({ devices: 3 })).toMatch(/cannot be dealt out to 3 devices in 1 passes/)
    const lengths = (...dimensions: number[]) => ({
      loss: { ...SOUND.loss, matryoshka: { dimensions, weights: dimensions.map(() => 1) } },
    })
    expect(problem(lengths(256, 64))).toBeNull()
    expect(problem(lengths(5000, 64))).toMatch(/have 256 numbers, and cannot be cut to 5000/)
  })
})
