import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FieldtrialError } from '../../core/errors.ts'
import { ANALYZERS, type AnalyzerSpec, createAnalyzer } from './index.ts'
import { Spans } from './spans.ts'

const tokens = (spec: AnalyzerSpec, text: string): string[] => createAnalyzer(spec).tokens(text)

describe('createAnalyzer', () => {
  test('refuses unknown names and options by name', () => {
    const bad: [unknown, RegExp][] = [
      ['english', /no analyzer "english"/],
      [{ name: 'lucene-english', stemmer: 'krovetz' }, /no stemmer "krovetz"/],
      [{ name: 'whitespace', stopwords: true }, /takes no options/],
      [{ name: 'unicode', wholeNames: true }, /no option wholeNames/],
    ]
    for (const [spec, message] of bad) {
      expect(() => createAnalyzer(spec as AnalyzerSpec)).toThrow(message)
      expect(() => createAnalyzer(spec as AnalyzerSpec)).toThrow(FieldtrialError)
    }
  })

  test('the identity tells all options apart and not how they were written', () => {
    const identity = (spec: AnalyzerSpec) => JSON.stringify(createAnalyzer(spec).identity)
    expect(identity('lucene-english')).toBe(identity({ name: 'lucene-english', stopwords: true, stemmer: 'porter' }))
    expect(identity({ name: 'unicode', stopwords: ['B', 'a'] })).toBe(
      identity({ name: 'unicode', stopwords: ['a', 'b'] }),
    )
    const all: AnalyzerSpec[] = [
      ...ANALYZERS,
      { name: 'lucene-english', stopwords: false },
      { name: 'lucene-english', stopwords: ['the'] },
      { name: 'lucene-english', stemmer: 'none' },
      { name: 'lucene-english', stemmer: 'snowball-english' },
      { name: 'code', wholeNames: false },
    ]
    expect(new Set(all.map(identity)).size).toBe(all.length)
  })

  test('own stop words replace the list and match in any case', () => {
    expect(tokens({ name: 'lucene-english', stopwords: ['Gene'] }, 'The GENE of genes')).toEqual(['the', 'of', 'gene'])
  })
})

describe('every analyzer', () => {
  test.each(ANALYZERS)('%s gives the same tokens by its two halves, for any text', (name) => {
    const analyzer = createAnalyzer(name)
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const spans = new Spans()
        analyzer.split(text, spans)
        const parts: string[] = []
        for (let i = 0; i < spans.length; i += 3) {
          expect(spans.data[i + 1]!).toBeGreaterThan(spans.data[i]!)
          parts.push(...analyzer.terms(text.slice(spans.data[i]!, spans.data[i + 1]!)))
        }
        expect(analyzer.tokens(text)).toEqual(parts)
        expect(parts).not.toContain('')
      }),
    )
  })

  test.each(ANALYZERS)('%s takes half surrogate pairs, empty text and very long words', (name) => {
    const analyzer = createAnalyzer(name)
    expect(analyzer.tokens('')).toEqual([])
    expect(() => analyzer.tokens('\ud800 a\udc00b \ud83d')).not.toThrow()
    expect(analyzer.tokens('x'.repeat(100_000)).join('')).toBe('x'.repeat(100_000))
  })
})

describe('lucene-english', () => {
  const plain = { name: 'lucene-english', stopwords: false, stemmer: 'none' } as const

  test.each([
    ['Hebrew quotes', "צה\"ל ג'ירפה ד'", ['צה"ל', "ג'ירפה", "ד'"]],
    ['key caps and tags', '#️⃣ 1️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿', ['#️⃣', '1️⃣', '🏴󠁧󠁢󠁥󠁮󠁧󠁿']],
    ['one regional indicator alone is nothing', '🇺 🇺🇸🇩🇪', ['🇺🇸', '🇩🇪']],
    ['marks stay with their letters', 'e\u0301t\u00e9 क्षि', ['e\u0301t\u00e9', 'क्षि']],
    ['letters beyond the basic plane', '𐐀𐐁 x𐐀', ['𐐨𐐩', 'x𐐨']],
    ['joined emoji, with and without selector', '❤️‍🔥 👩🏽‍🚀', ['❤️‍🔥', '👩🏽‍🚀']],
  ])('%s', (_, text, expected) => {
    expect(tokens(plain, text)).toEqual(expected)
  })

  test('a token ends after 255 code units and no pair is cut in half', () => {
    expect(tokens(plain, 'a'.repeat(600)).map((token) => token.length)).toEqual([255, 255, 90])
    expect(tokens(plain, '𐐀'.repeat(200)).map((token) => token.length)).toEqual([254, 146])
    // The period cannot look beyond the limit, so that it holds nothing together there.
    expect(tokens(plain, `${'a'.repeat(254)}.bc`)).toEqual(['a'.repeat(254), 'bc'])
  })
})

describe('unicode', () => {
  test('pairs of characters where a script has no spaces, words elsewhere', () => {
    expect(tokens('unicode', '東京タワーへ行く')).toEqual(['東京', 'タワー', 'へ行', '行く'])
    expect(tokens('unicode', '中 ABC中文')).toEqual(['中', 'abc', '中文'])
    expect(tokens('unicode', '한국어 말')).toEqual(['한국', '국어', '말'])
    expect(tokens('unicode', '𠀀𠀁𠀂')).toEqual(['𠀀𠀁', '𠀁𠀂'])
    expect(tokens('unicode', 'ΟΔΟΣ Straße İzmir')).toEqual(['οδοσ', 'straße', 'izmir'])
  })

  test('Thai marks stay with their letters', () => {
    expect(tokens('unicode', 'ที่นี่')).toEqual(['ที่นี่'])
    expect(tokens('unicode', 'ภาษา')).toEqual(['ภา', 'าษ', 'ษา'])
  })
})

describe('code', () => {
  const parts = { name: 'code', stopwords: false, stemmer: 'none', wholeNames: false } as const

  test.each([
    ['parseHTTPResponse2', ['parse', 'http', 'response', '2']],
    ['__init__(self, snake_case_name)', ['init', 'self', 'snake', 'case', 'name']],
    [
      'x += foo.barBaz[0x1F] && !done; // über-schnell',
      ['x', 'foo', 'bar', 'baz', '0', 'x', '1', 'f', 'done', 'über', 'schnell'],
    ],
    ['System.out.println("it\'s");', ['system', 'out', 'println', 'it', 's']],
    ['IOException utf8Decode SHA256sum', ['io', 'exception', 'utf', '8', 'decode', 'sha', '256', 'sum']],
    ['== != <<= {} -> ::', []],
    ['# 設定を読む', ['設定', '定を', 'を読', '読む']],
  ])('%s', (text, expected) => {
    expect(tokens(parts, text)).toEqual(expected)
  })

  test('by default: whole names too, once, only where they have parts; stems; no stop words', () => {
    expect(tokens('code', 'if not getUserNames(x): self.max_len is running')).toEqual([
      'get',
      'user',
      'name',
      'getusernames',
      'x',
      'self',
      'max',
      'len',
      'max_len',
      'run',
    ])
  })
})

test('whitespace keeps everything but white space', () => {
  expect(tokens('whitespace', '\tA,b\u00a0 c\u3000d\u2028e\n')).toEqual(['A,b', 'c', 'd', 'e'])
})
