import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseNumber } from './trec-number.ts'

const parse = (text: string) => {
  const bytes = Buffer.from(`x${text}y`)
  return parseNumber(bytes, 1, bytes.length - 1)
}

describe('numbers read from bytes', () => {
  it('are the doubles that Number() gives', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
        for (const text of [String(x), x.toFixed(6), x.toExponential(17), x.toPrecision(9)])
          expect(parse(text)).toBe(Number(text))
      }),
      { numRuns: 3000 },
    )
    fc.assert(
      fc.property(fc.stringMatching(/^[+-]?[0-9]{0,25}\.?[0-9]{1,25}([eE][+-]?[0-9]{1,4})?$/), (text) => {
        expect(parse(text)).toBe(Number(text))
      }),
      { numRuns: 3000 },
    )
  })

  it.each([
    '0.1',
    '9007199254740993',
    '9007199254740992e1',
    '1e23',
    '1e22',
    '5e-324',
    '1e400',
    '-0',
    '.5',
    '5.',
    '0.000000000000000000000001',
  ])('reads %s', (text) => expect(parse(text)).toBe(Number(text)))

  it('reads what C prints for the values beyond numbers', () => {
    expect(parse('inf')).toBe(Infinity)
    expect(parse('-Infinity')).toBe(-Infinity)
    expect(parse('nan')).toBeNaN()
  })

  it.each(['', '-', '.', 'e5', '1e', '1e+', '1.2.3', '0x10', '1_000', '12a', 'a12', '1,5', '--1'])(
    'refuses %j',
    (text) => expect(parse(text)).toBeUndefined(),
  )
})
