import { describe, expect, it } from 'vitest'
import { onlyPart } from './only.ts'
import { parseStudy } from './parse.ts'

const study = parseStudy(
  "collections: [./scifact, ./nfcorpus]\nbaselines: [bm25, 'bm25:analyzer=code']\nmodels: [./minilm]\nfusion: ['rrf:bm25-code,minilm', {id: deep, method: rrf, of: [rrf-bm25-code+minilm, bm25]}]\n",
  'study.yaml',
)

describe('onlyPart', () => {
  it('keeps what a pattern names, with the members of a fusion', () => {
    const part = onlyPart(study, ['rrf-*'])
    expect(part.retrievers.map((r) => r.id)).toEqual(['bm25-code', 'minilm', 'rrf-bm25-code+minilm'])
    expect(part.comparison.baseline).toBe('bm25-code')
    expect(part.collections).toHaveLength(2)
    expect(onlyPart(study, ['deep']).retrievers).toHaveLength(5)
  })

  it('cuts collections without touching retrievers', () => {
    const part = onlyPart(study, ['scifact'])
    expect(part.collections.map((c) => c.name)).toEqual(['scifact'])
    expect(part.retrievers).toHaveLength(5)
    expect(part.comparison.baseline).toBe('bm25')
  })

  it('refuses a pattern that names nothing, and takes it literally but for *', () => {
    expect(() => onlyPart(study, ['scifcat'])).toThrowError(
      expect.objectContaining({ code: 'USAGE', hint: 'Did you mean scifact?' }),
    )
    expect(() => onlyPart(study, ['b.25'])).toThrow()
  })
})
