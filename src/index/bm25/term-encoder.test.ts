import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createAnalyzer } from '../text/index.ts'
import { TermEncoder } from './term-encoder.ts'
import { Vocabulary } from './vocabulary.ts'

test.each(['lucene-english', 'code', 'unicode'] as const)(
  '%s: the terms are the analyzer’s, also when more words come than are remembered',
  (name) => {
    const analyzer = createAnalyzer(name)
    const words = fc.array(
      fc.constantFrom('the', 'camelCaseName', 'Running', 'x_1', '漢字', '日本語', 'plain', 'A', 'b2'),
    )
    const texts = fc.array(
      fc.tuple(words, fc.string({ unit: 'binary' })).map(([some, any]) => `${some.join(' ')} ${any}`),
    )
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 6 }), (all, mostWords) => {
        const vocabulary = new Vocabulary()
        const encoder = new TermEncoder(analyzer, vocabulary, mostWords)
        for (const text of all) {
          const terms = Array.from(encoder.encode(text, true), (number) => vocabulary.terms[number]!)
          expect(terms).toEqual(analyzer.tokens(text))
        }
      }),
    )
  },
)

test('a word that is unknown in a query is known once a document has it', () => {
  const vocabulary = new Vocabulary()
  const encoder = new TermEncoder(createAnalyzer('code'), vocabulary)
  encoder.encode('old', true)
  expect([...encoder.encode('old newName', false)]).toEqual([0])
  encoder.encode('newName', true)
  expect(Array.from(encoder.encode('old newName', false), (n) => vocabulary.terms[n])).toEqual([
    'old',
    'new',
    'name',
    'newname',
  ])
})
