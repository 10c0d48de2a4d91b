import { describe, expect, it } from 'vitest'
import { prepareContents } from './contents.ts'

describe('prepareContents', () => {
  it.each([
    ['as-is', ' a "b"? ', ' a "b"? '],
    ['trim', '\n a b \t', 'a b'],
    ['sentence', 'a b', 'a b.'],
    ['sentence', 'a b.', 'a b.'],
    ['sentence', 'is it?', 'is it.'],
    ['sentence', 'Stop!', 'Stop!.'],
    ['sentence', 'he said "no"', "he said 'no'"],
    ['sentence', '', ''],
  ] as const)('%s: %j becomes %j', (rule, text, want) => {
    expect(prepareContents(rule, text)).toBe(want)
  })
})
