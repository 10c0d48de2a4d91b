import { describe, expect, it } from 'vitest'
import {
  formatBytes,
  formatCount,
  formatDifference,
  formatP,
  formatScore,
  formatSeconds,
  formatShare,
  formatTime,
  list,
} from './format.ts'

describe('numbers', () => {
  it('prints scores with four digits and a true minus, never a negative zero', () => {
    expect(formatScore(0.67890942)).toBe('0.6789')
    expect(formatScore(-0.5)).toBe('−0.5000')
    expect(formatScore(-0.00001)).toBe('0.0000')
    expect(formatScore(null)).toBe('–')
  })

  it('keeps the sign of a difference that rounds to zero, and gives none to zero', () => {
    expect(formatDifference(0.0223)).toBe('+0.0223')
    expect(formatDifference(-0.0338)).toBe('−0.0338')
    expect(formatDifference(0.00001)).toBe('+0.0000')
    expect(formatDifference(-0.00001)).toBe('−0.0000')
    expect(formatDifference(0)).toBe('0.0000')
  })

  it('bounds small p-values', () => {
    expect(formatP(0.00005)).toBe('<0.0001')
    expect(formatP(0.0001)).toBe('0.0001')
    expect(formatP(1)).toBe('1.0000')
  })

  it('prints counts, bytes, times and shares', () => {
    expect(formatCount(1234567)).toBe('1,234,567')
    expect(formatBytes(999)).toBe('999 B')
    expect(formatBytes(8_020_000)).toBe('8.02 MB')
    expect(formatBytes(999_600)).toBe('1.00 MB')
    expect(formatSeconds(0.42)).toBe('0.420 s')
    expect(formatSeconds(185)).toBe('3 min 05 s')
    expect(formatSeconds(59.96)).toBe('60.0 s')
    expect(formatSeconds(7620)).toBe('2 h 07 min')
    expect(formatShare(0.217)).toBe('21.7 %')
    expect(formatShare(0.00001)).toBe('<0.1 %')
    expect(formatShare(0.99999)).toBe('>99.9 %')
    expect(formatShare(0)).toBe('0 %')
    expect(formatTime('2026-05-04T10:12:30Z')).toBe('2026-05-04 10:12 UTC')
    expect(list(['a', 'b', 'c'])).toBe('a, b and c')
  })
})
