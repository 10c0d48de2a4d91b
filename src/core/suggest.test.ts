import { describe, expect, it } from 'vitest'
import { didYouMean, editDistance, nearest } from './suggest.ts'

describe('near misses', () => {
  it('counts a swap of neighbours as one edit', () => {
    expect(editDistance('retreiver', 'retriever')).toBe(1)
    expect(editDistance('', 'abc')).toBe(3)
    expect(editDistance('same', 'same')).toBe(0)
  })

  it('finds the name that was meant, whatever its case and dashes', () => {
    expect(nearest('LuceneEnglish', ['whitespace', 'lucene-english'])).toBe('lucene-english')
    expect(nearest('colections', ['collections', 'models'])).toBe('collections')
  })

  it('suggests nothing for something else altogether, and lists what there is', () => {
    expect(nearest('zebra', ['collections', 'models'])).toBeUndefined()
    expect(didYouMean('zebra', ['collections', 'models'])).toBe('Known: collections, models.')
  })
})
