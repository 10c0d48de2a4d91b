import { describe, expect, it } from 'vitest'
import type { Recipe } from '../../recipes/types.ts'
import { type Handling, padded, rightHandling, sequenceOf } from './handling.ts'

const recipe = { span: 'all', finalNorm: true } as Recipe
const END = 99
const special = { eos: END, isSpecial: (id: number) => id >= 90 }
/** Two tokens of prompt, four of contents, one of suffix, the end token. */
const tokens = {
  ids: [90, 1, 10, 11, 12, 13, 2, END],
  contents: { start: 2, end: 6 },
  fromContents: 2,
  truncated: false,
  cutTokens: 0,
}
const sequence = (changes: Partial<Handling>, span: Recipe['span'] = 'all') =>
  sequenceOf(tokens, { ...rightHandling({ ...recipe, span }), ...changes }, special)

describe('sequenceOf', () => {
  it('leaves tokens as they are where nothing is done beside the recipe', () => {
    expect(sequence({})).toEqual({ ids: tokens.ids, range: { start: 0, end: 8 } })
    expect(sequence({}, 'from-contents').range).toEqual({ start: 2, end: 8 })
    expect(
      sequenceOf({ ...tokens, fromContents: 3 }, rightHandling({ ...recipe, span: 'after-prompt' }), special).range,
    ).toEqual({ start: 3, end: 8 })
  })

  it('drops the end token only where it is special, and adds one', () => {
    expect(sequence({ end: 'dropped' }).ids).toEqual([90, 1, 10, 11, 12, 13, 2])
    const plain = { ...tokens, ids: tokens.ids.slice(0, -1) }
    expect(sequenceOf(plain, { ...rightHandling(recipe), end: 'dropped' }, special).ids).toEqual(plain.ids)
    expect(sequence({ end: 'added' }).ids).toEqual([...tokens.ids, END])
  })

  it('cuts the whole prompt at either end, spans included', () => {
    const cut = (at: 'end' | 'start', count: number, span: Recipe['span']) =>
      sequence({ cut: { at, tokens: count } }, span)
    expect(cut('end', 4, 'from-contents')).toEqual({ ids: [90, 1, 10, 11], range: { start: 2, end: 4 } })
    expect(cut('start', 4, 'from-contents')).toEqual({ ids: [12, 13, 2, END], range: { start: 0, end: 4 } })
    expect(cut('end', 1, 'from-contents')).toEqual({ ids: [90], range: { start: 0, end: 1 } })
    expect(cut('end', 20, 'all').ids).toEqual(tokens.ids)
  })
})

describe('padded', () => {
  const plain = { ids: [1, 2, 3], range: { start: 0, end: 3 } }

  it('puts padding behind, pooled or not', () => {
    expect(padded(plain, { side: 'behind', token: 7, pooled: true }, 5)).toEqual({
      ids: [1, 2, 3, 7, 7],
      range: { start: 0, end: 5 },
    })
    expect(padded(plain, { side: 'behind', token: 7, pooled: false }, 5).range).toEqual(plain.range)
  })

  it('puts padding before, and moves what is pooled', () => {
    expect(padded(plain, { side: 'before', token: 7, pooled: false }, 5)).toEqual({
      ids: [7, 7, 1, 2, 3],
      range: { start: 2, end: 5 },
    })
    expect(padded(plain, { side: 'before', token: 7, pooled: true }, 5).range).toEqual({ start: 0, end: 5 })
    // What is pooled only in part is never widened.
    const part = { ids: [1, 2, 3], range: { start: 1, end: 2 } }
    expect(padded(part, { side: 'before', token: 7, pooled: true }, 4).range).toEqual({ start: 2, end: 3 })
    expect(padded(part, { side: 'behind', token: 7, pooled: true }, 4).range).toEqual({ start: 1, end: 2 })
  })
})
