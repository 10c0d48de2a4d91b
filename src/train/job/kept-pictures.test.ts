import { expect, it } from 'vitest'
import type { JobSize } from './estimate.ts'
import { keptPictures } from './kept-pictures.ts'

const GIB = 2 ** 30
const TOWER: NonNullable<JobSize['tower']> = {
  trained: false,
  linear: 6e8,
  layers: 32,
  hidden: 1280,
  inner: 3420,
  patches: 4000,
}
const kept = (
  size: Partial<Parameters<typeof keptPictures>[0]> = {},
  job: Partial<Parameters<typeof keptPictures>[1]> = {},
  available = 12 * GIB,
) =>
  keptPictures(
    { tower: TOWER, onProcessor: false, chunk: null, ...size },
    { epochs: 2, watched: false, devices: 1, memoryBytes: 4 * GIB, ...job },
    available,
  )

it('states of pictures are kept where a frozen tower would look at them again', () => {
  expect(kept()).toBe(6 * GIB)
  expect(kept({}, { epochs: 1 })).toBe(0)
  expect(kept({ chunk: 16 }, { epochs: 1 })).toBe(6 * GIB)
  expect(kept({}, { epochs: 1, watched: true })).toBe(6 * GIB)
  expect(kept({ tower: { ...TOWER, trained: true } })).toBe(0)
  const texts = { epochs: 2, watched: false, devices: 1, memoryBytes: GIB }
  expect(keptPictures({ onProcessor: false, chunk: null }, texts)).toBe(0)
})

it('in half of the memory that the job leaves, 8 GiB at most, shared by the devices', () => {
  expect(kept({ onProcessor: true })).toBe(4 * GIB)
  expect(kept({ onProcessor: true }, { memoryBytes: 20 * GIB })).toBe(0)
  expect(kept({}, { devices: 4 }, 512 * GIB)).toBe(2 * GIB)
})
