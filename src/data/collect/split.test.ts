import { expect, test } from 'vitest'
import { groupOf } from './group.ts'
import { SPLITS, splitOf, splitOptions } from './split.ts'

const options = splitOptions({})

test('shares hold, and the choice depends on the name and the seed alone', () => {
  const counts = { train: 0, dev: 0, test: 0 }
  for (let i = 0; i < 10_000; i++) counts[splitOf(`src/file${i}.ts`, options)]++
  expect(counts.test / 10_000).toBeCloseTo(0.3, 1)
  expect(counts.dev / 10_000).toBeCloseTo(0.1, 1)
  expect(splitOf('src/a', options)).toBe(splitOf('src/a', splitOptions({ seed: 1 })))
  const seeds = new Set(Array.from({ length: 40 }, (_, seed) => splitOf('src/a', splitOptions({ seed }))))
  expect([...seeds].sort()).toEqual([...SPLITS].sort())
})

test('more of one split moves nothing out of it', () => {
  for (let i = 0; i < 500; i++)
    if (splitOf(`f${i}`, splitOptions({ test: 0.2, dev: 0 })) === 'test')
      expect(splitOf(`f${i}`, splitOptions({ test: 0.4, dev: 0 }))).toBe('test')
  expect(splitOf('anything', splitOptions({ test: 1, dev: 0 }))).toBe('test')
  expect(splitOf('anything', splitOptions({ test: 0, dev: 0 }))).toBe('train')
})

test('shares that make no sense', () => {
  expect(() => splitOptions({ test: 0.9, dev: 0.2 })).toThrow(/do not fit/)
  expect(() => splitOptions({ test: -1 })).toThrow(/do not fit/)
  expect(() => splitOptions({ dev: Number.NaN })).toThrow(/do not fit/)
})

test('what goes together', () => {
  expect(groupOf('src/a/b.ts', 'file')).toBe('src/a/b')
  expect(groupOf('src/a/b.d.ts', 'file')).toBe('src/a/b')
  expect(groupOf('src/a/b.test.ts', 'file')).toBe('src/a/b.test')
  expect(groupOf('src/a/b.ts', 'folder')).toBe('src/a')
  expect(groupOf('src/a/b.ts', 'top-folder')).toBe('src')
  expect(groupOf('b.ts', 'folder')).toBe('b')
})
