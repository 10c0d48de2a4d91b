import { expect, it } from 'vitest'
import { pooledRange } from './pooled-range.ts'

/** Three tokens of prompt by itself, whose last is a blank; in the whole, the blank belongs to the text's first token. */
const prompt = {
  ids: [1, 2, 30, 31, 9],
  contents: { start: 2, end: 4 },
  fromContents: 3,
  truncated: false,
  cutTokens: 0,
}

it('is all, or begins with the token that reaches over the seam, or behind as many tokens as the prompt takes alone', () => {
  expect(pooledRange('all', prompt)).toEqual({ start: 0, end: 5 })
  expect(pooledRange('from-contents', prompt)).toEqual({ start: 2, end: 5 })
  expect(pooledRange('after-prompt', prompt)).toEqual({ start: 3, end: 5 })
})

it('is never empty', () => {
  const empty = { ...prompt, ids: [1, 2, 3], contents: { start: 3, end: 3 } }
  expect(pooledRange('from-contents', empty)).toEqual({ start: 2, end: 3 })
  expect(pooledRange('after-prompt', empty)).toEqual({ start: 2, end: 3 })
})
