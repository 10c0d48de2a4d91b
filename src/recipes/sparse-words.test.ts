import { describe, expect, it } from 'vitest'
import { sparseVector, sparseWords, wordTokenize } from './sparse-words.ts'

/** PromptReps' own. */
const PROMPTREPS_SPARSE = { terms: 128, fallbackTerms: 10, scale: 100 }

describe('wordTokenize', () => {
  it.each([
    ['The dog runs. It barks!', ['the', 'dog', 'runs', '.', 'it', 'barks', '!']],
    ["It's the U.S. that can't.", ['it', "'s", 'the', 'u.s.', 'that', 'ca', "n't", '.']],
    ['at 3.5 or 5,000, "quoted"', ['at', '3.5', 'or', '5,000', ',', '``', 'quoted', "''"]],
    ['def f(x): return x[0]', ['def', 'f', '(', 'x', ')', ':', 'return', 'x', '[', '0', ']']],
    ['', []],
  ])('%j', (text, words) => {
    expect(wordTokenize(text)).toEqual(words)
  })
})

describe('sparseWords', () => {
  it('leaves stop words and single punctuation marks out, and repeats nothing', () => {
    expect(sparseWords('The quick fox and the lazy fox, are they -- "quick"?')).toEqual([
      'quick',
      'fox',
      'lazy',
      '--',
      '``',
      "''",
    ])
    expect(sparseWords('It was not, of course!')).toEqual(['course'])
    expect(sparseWords('to be or not to be?')).toEqual([])
  })
})

describe('sparseVector', () => {
  const logits = Float32Array.of(3, -1, 0, 20, 7, 7, 1e-3, 12)
  const weigh = (words: number[], changes = {}) => {
    const { terms, weights } = sparseVector(logits, words, { ...PROMPTREPS_SPARSE, ...changes })
    return Object.fromEntries(Array.from(terms, (term, i) => [term, weights[i]]))
  }

  it('weighs the text’s own tokens by 100 · log(1 + relu(logit)), without those that weigh nothing', () => {
    // log 4 = 1.386294, log 21 = 3.044522; log(1.001) × 100 = 0.09995 rounds to 0.
    expect(weigh([3, 0, 1, 2, 6, 3])).toEqual({ 0: 139, 3: 304 })
  })

  it('keeps the largest, of equal ones the first', () => {
    expect(weigh([5, 4, 0, 3], { terms: 2 })).toEqual({ 3: 304, 4: 208 })
  })

  it('takes the largest of the whole vocabulary for a text without words', () => {
    expect(weigh([], { fallbackTerms: 2 })).toEqual({ 3: 304, 7: 256 })
  })

  it('knows no ids beyond the tokenizer’s', () => {
    expect(weigh([8, 900, 3])).toEqual({ 3: 304 })
  })

  it('gives ids in order, and the same whatever the order of the words', () => {
    expect([...sparseVector(logits, [7, 3, 0], PROMPTREPS_SPARSE).terms]).toEqual([0, 3, 7])
    expect(sparseVector(logits, [0, 7, 3], PROMPTREPS_SPARSE)).toEqual(
      sparseVector(logits, [7, 3, 0], PROMPTREPS_SPARSE),
    )
  })

  it('rounds halves to even, as numpy does', () => {
    const z = Float32Array.from([0.5, 1.5, 2.5, 3.5], (value) => Math.expm1(value))
    expect([...sparseVector(z, [0, 1, 2, 3], { ...PROMPTREPS_SPARSE, scale: 1 }).weights]).toEqual([2, 2, 4])
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses a score of %d', (score) => {
    const vector = (words: number[]) => sparseVector(Float32Array.of(1, score, -Infinity), words, PROMPTREPS_SPARSE)
    const refusal = expect.objectContaining({ code: 'ENGINE_FAILED', message: expect.stringContaining('token 1 ') })
    expect(() => vector([0, 1])).toThrow(refusal)
    expect(() => vector([])).toThrow(refusal)
    expect([...vector([0, 2]).terms]).toEqual([0])
  })
})
