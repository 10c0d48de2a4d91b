import { describe, expect, test } from 'vitest'
import { parseExpectations } from './expectation.ts'
import { parseManifest } from './manifest.ts'

const HEAD = '| folder | docs | test queries / judgments | other splits | notes |\n|---|---|---|---|---|\n'
const parse = (...rows: string[]) =>
  parseManifest(`# Data\n\nSome words.\n\n${HEAD}${rows.join('\n')}\n\nMore.\n`, 'M.md')

describe('parseManifest', () => {
  test.each([
    ['| a | 5,183 | 300 / 339 | train 809 q | yes, 7 q |', 5183, { test: [300, 339], train: [809] }],
    [
      '| a | 3,633 | 323 / 12,334 | train 2,590 q, dev 324 q | |',
      3633,
      { test: [323, 12334], train: [2590], dev: [324] },
    ],
    [
      '| a | 30,005 | 97 / 9,490 (dl19 43 q, dl20 54 q; grades 0–3) | | |',
      30005,
      { test: [97, 9490], dl19: [43], dl20: [54] },
    ],
    [
      '| a | 1,000 images | 625 / 625 captions of 125 images (`all.tsv` 5,000) | dev 565 q | |',
      1000,
      { test: [625, 625], all: [5000], dev: [565] },
    ],
    [
      '| a | 1,644 images | 1,644 names / 1,644 (`keywords.tsv` 3,573 q) | | |',
      1644,
      { test: [1644, 1644], keywords: [3573] },
    ],
    ['| a | 60 | 20 / 20-odd | | |', 60, { test: [20, null] }],
    ['| a | 11,283 | 1,000 / 1,000 (Java method to C# method) | | |', 11283, { test: [1000, 1000] }],
  ])('%s', (row, documents, splits) => {
    const stated = parse(row).get('a')!
    expect(stated.documents).toBe(documents)
    expect(stated.against).toBe('M.md')
    const got = Object.entries(stated.splits).map(([split, { queries, judgments }]) => [
      split,
      judgments === undefined ? [queries] : [queries, judgments],
    ])
    expect(Object.fromEntries(got)).toEqual(splits)
  })

  test('a dash for the documents is no collection', () => {
    const stated = parse('| text | – | – | | |', '| more | - | | | |', '| a | 1 | 1 / 1 | | |')
    expect([...stated].map(([name, expectation]) => [name, expectation === null])).toEqual([
      ['text', true],
      ['more', true],
      ['a', false],
    ])
  })

  test.each([
    ['no table', 'just words', undefined],
    ['a missing column', '| folder | docs |\n|---|---|\n', 1],
    ['no number of documents', `${HEAD}| a | many | 1 / 1 | | |`, 3],
    ['no judgments', `${HEAD}| a | 1 | 1 | | |`, 3],
  ])('refuses %s, with the line', (_, text, line) => {
    expect(() => parseManifest(text, 'M.md')).toThrow(
      expect.objectContaining({
        code: 'DATA_INVALID',
        where: line === undefined ? { file: 'M.md' } : { file: 'M.md', line },
      }),
    )
  })
})

describe('parseExpectations', () => {
  const hash = 'a'.repeat(64)

  test('reads what --pin prints, and tables by the ending .md', () => {
    const pinned = [{ name: 'a', source: './a', documents: 3, corpusHash: hash, splits: { test: { queries: 1 } } }]
    expect(parseExpectations(JSON.stringify(pinned), 'a.json').get('a')).toMatchObject({
      against: 'a.json',
      documents: 3,
      corpusHash: hash,
      splits: { test: { queries: 1 } },
    })
    expect(parseExpectations(`${HEAD}| b | 1 | 1 / 1 | | |`, 'x.md').has('b')).toBe(true)
  })

  test.each([
    ['{', 'it is not JSON'],
    ['{}', 'the whole: '],
    ['[{"name":"a","splits":{},"documents":-1}]', '0.documents: '],
    ['[{"name":"a","splits":{},"corpusHash":"abc"}]', '0.corpusHash: must be a SHA-256'],
  ])('refuses %s', (text, message) => {
    expect(() => parseExpectations(text, 'a.json')).toThrow(
      expect.objectContaining({ code: 'DATA_INVALID', message: expect.stringContaining(message) }),
    )
  })
})
