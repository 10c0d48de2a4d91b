import { describe, expect, it } from 'vitest'
import { shortName, shortNames } from './names.ts'

describe('short names', () => {
  it('lose their middle, never half a character', () => {
    expect(shortName('bm25', 10)).toBe('bm25')
    expect(shortName('qwen+promptreps-center+whiten_0.5', 16)).toBe('qwen+…whiten_0.5')
    expect([...shortName('🎉'.repeat(30), 10)]).toHaveLength(10)
  })

  const sweep = [93, 94].map((layer) => `qwen+promptreps-system_none-layer_0.${layer}-center+whiten_0.5`)

  it('are what tells the long ones apart, cut at seams only; short ones stay as they are', () => {
    expect(shortNames(['minilm', ...sweep], 28)).toEqual(['minilm', '…layer_0.93…', '…layer_0.94…'])
    expect(shortNames(['x-system_none-layer_0.5', 'x-system_short-layer_0.5'], 20)).toEqual([
      '…system_none…',
      '…system_short…',
    ])
    expect(shortNames(['abcdefghijkl1', 'abcdefghijkl2'], 10)).toEqual(['abc…hijkl1', 'abc…hijkl2'])
  })

  it('are shortened by themselves where only one is long, or one is the beginning of all', () => {
    expect(shortNames(['a', sweep[0]!], 16)).toEqual(['a', shortName(sweep[0]!, 16)])
    const nested = ['model-name-of-length', 'model-name-of-length-center']
    expect(new Set(shortNames(nested, 14)).size).toBe(2)
    for (const name of shortNames(nested, 14)) expect(name.length).toBeLessThanOrEqual(14)
  })
})
