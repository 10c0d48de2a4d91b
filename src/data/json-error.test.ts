import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonErrorOffset } from './json-error.ts'

const isJson = (text: string) => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

test.each([
  ['{"a": bc}', 6],
  ['{"a":1', 6],
  ['{"a":"b', 5],
  ['{"a":1,}', 7],
  ['{"x":"x","y":x}', 13],
  ['{"a":1}x', 7],
  ['{"a":"\\x"}', 5],
  ['', 0],
])('finds the place in %j', (text, offset) => {
  expect(jsonErrorOffset(text)).toBe(offset)
})

test('agrees with JSON.parse on what is JSON, whatever one edit does to it', () => {
  const edited = fc.tuple(
    fc.json(),
    fc.nat(),
    fc.nat(2),
    fc.constantFrom('', '"', '{', ']', ',', ':', '\\', '1', 'e', ' ', '\n'),
  )
  fc.assert(
    fc.property(edited, ([json, at, removed, put]) => {
      const place = at % (json.length + 1)
      const text = json.slice(0, place) + put + json.slice(place + removed)
      const offset = jsonErrorOffset(text)
      expect(offset === undefined).toBe(isJson(text))
      if (offset !== undefined) expect(offset).toBeLessThanOrEqual(text.length)
    }),
    { numRuns: 500 },
  )
})

test('gives up rather than overflow on what is nested without end', () => {
  expect(jsonErrorOffset('['.repeat(1_000_000))).toBeUndefined()
})
