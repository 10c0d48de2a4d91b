import { describe, expect, it } from 'vitest'
import { formatBytes, formatCount, formatSeconds } from './format.ts'
import { alignTable } from './table.ts'
import { wantsColor } from './terminal.ts'

describe('numbers for people', () => {
  it('keep three digits', () => {
    expect([0.5, 12, 950, 9999, 12_345, 123_456, 4_200_000, 123e6, 5e9].map(formatCount)).toEqual([
      '0.5',
      '12',
      '950',
      '9999',
      '12.3k',
      '123k',
      '4.2M',
      '123M',
      '5.0G',
    ])
    expect([0.42, 12.4, 60, 185, 7800].map(formatSeconds)).toEqual([
      '0.4 s',
      '12 s',
      '1 min',
      '3 min 5 s',
      '2 h 10 min',
    ])
    expect([0, 999, 12_000, 3_400_000, 123_000_000, 5e12].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '12.0 kB',
      '3.4 MB',
      '123 MB',
      '5.0 TB',
    ])
    expect(formatSeconds(Number.POSITIVE_INFINITY)).toBe('?')
  })

  it('stand to the right in tables', () => {
    expect(
      alignTable([
        ['run', 'nDCG@10'],
        ['a.trec', '0.5'],
        ['long-name.trec', '-'],
      ]),
    ).toBe('run             nDCG@10\na.trec              0.5\nlong-name.trec        -\n')
  })
})

describe('colours', () => {
  it('follow NO_COLOR, FORCE_COLOR and the terminal, in this order', () => {
    expect(wantsColor({ isTTY: true }, {})).toBe(true)
    expect(wantsColor({ isTTY: true }, { NO_COLOR: '1', FORCE_COLOR: '1' })).toBe(false)
    expect(wantsColor({ isTTY: true }, { NO_COLOR: '' })).toBe(true)
    expect(wantsColor({}, {})).toBe(false)
    expect(wantsColor({}, { FORCE_COLOR: '1' })).toBe(true)
    expect(wantsColor({ isTTY: true }, { TERM: 'dumb' })).toBe(false)
  })
})
