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
    ['lower-case', 'A Cat, 2!', 'a cat, 2!'],
    ['bare-words', ' A  Cat: "2"\n[DOGS]~', 'a cat 2 dogs'],
    ['bare-words', 'Straße – 漢字', 'straße – 漢字'],
  ] as const)('%s: %j becomes %j', (rule, text, want) => {
    expect(prepareContents(rule, text)).toBe(want)
  })
})
