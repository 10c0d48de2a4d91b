import { expect, test } from 'vitest'
import { HashSet, textHash } from './hash-set.ts'

test('tells how often a text came before, through many growths', () => {
  const set = new HashSet()
  const texts = Array.from({ length: 50_000 }, (_, i) => `text ${i}`)
  expect(texts.every((text) => set.add(textHash(text)) === 0)).toBe(true)
  expect(texts.every((text) => set.add(textHash(text)) === 1)).toBe(true)
  expect(set.add(textHash('text 7'))).toBe(2)
  expect(set.add(textHash('text 7'))).toBe(2)
  expect(set.add(textHash('another'))).toBe(0)
})

test('keeps hashes apart that share a half, and the hash of zero bits', () => {
  const set = new HashSet()
  const keys = [
    { high: 0, low: 0 },
    { high: 0, low: 1 },
    { high: 1, low: 0 },
    { high: -1, low: 0 },
  ]
  expect(keys.map((key) => set.add(key))).toEqual([0, 0, 0, 0])
  expect(keys.map((key) => set.add(key))).toEqual([1, 1, 1, 1])
})
