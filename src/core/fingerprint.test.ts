import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, differingFields, fingerprint, type Json } from './fingerprint.ts'

describe('fingerprints', () => {
  it('do not depend on the order of keys, and leave out undefined', () => {
    expect(canonicalJson({ b: 1, a: [true, null, 'ü'], c: undefined })).toBe('{"a":[true,null,"ü"],"b":1}')
    expect(fingerprint({ a: 1, b: 2 })).toBe(fingerprint({ b: 2, a: 1 }))
    expect(fingerprint({ a: 1 })).not.toBe(fingerprint({ a: '1' }))
  })

  it('are the SHA-256 of the canonical JSON', () => {
    // printf '{"a":1}' | sha256sum
    expect(fingerprint({ a: 1 })).toBe('015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862')
  })

  it('refuse numbers that JSON would turn into null', () => {
    expect(() => canonicalJson({ a: Number.NaN })).toThrow(TypeError)
  })

  it('survive a round trip through JSON for any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(JSON.parse(JSON.stringify(value)) as Json)).toBe(
          canonicalJson(JSON.parse(canonicalJson(value as Json)) as Json),
        )
      }),
    )
  })
})

describe('differingFields', () => {
  it('names the members that differ, deep inside', () => {
    const a = { recipe: { prefix: { query: 'query: ' }, pooling: ['mean'] }, dtype: 'float32' }
    const b = { recipe: { prefix: { query: '' }, pooling: ['cls'] }, dtype: 'float32', layer: 3 }
    expect(differingFields(a, b)).toEqual(['layer', 'recipe.pooling', 'recipe.prefix.query'])
    expect(differingFields(a, a)).toEqual([])
  })
})
