import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { describeShared, sharedPath } from '../../../test/support/shared.ts'
import { type AnalyzerSpec, createAnalyzer, LUCENE_ENGLISH_STOP_WORDS } from './index.ts'
import { porterStem } from './porter.ts'
import { snowballEnglishStem } from './snowball-english.ts'

const lines = (file: string): string[] =>
  readFileSync(sharedPath(`golden/tokens/${file}`), 'utf8')
    .split('\n')
    .filter((line) => line !== '')

describeShared("Lucene's analyzers", ['golden/tokens/lucene_english.jsonl'], () => {
  // Krovetz' stemmer is not covered: it rests on a word list of its own, which fieldtrial does not carry.
  const variants: Record<string, AnalyzerSpec> = {
    porter: 'lucene-english',
    porter_nostop: { name: 'lucene-english', stopwords: false },
    nostem: { name: 'lucene-english', stemmer: 'none' },
    nostem_nostop: { name: 'lucene-english', stemmer: 'none', stopwords: false },
  }
  const records = lines('lucene_english.jsonl').map((line) => JSON.parse(line))

  test('the file is the one that the tests were written for', () => {
    expect(records).toHaveLength(1042)
  })

  test.each(Object.entries(variants))('%s, token for token', (field, spec) => {
    const analyzer = createAnalyzer(spec)
    for (const record of records) expect(analyzer.tokens(record.text), record.text).toEqual(record[field])
  })

  test('stop words', () => {
    expect([...LUCENE_ENGLISH_STOP_WORDS].sort()).toEqual(JSON.parse(lines('lucene_stopwords.json')[0]!).sort())
  })

  test("Porter stems of SciFact's vocabulary", () => {
    const pairs = lines('porter_stems_scifact_vocab.tsv').map((line) => line.split('\t'))
    expect(pairs).toHaveLength(38437)
    expect(pairs.filter(([word, stem]) => porterStem(word!) !== stem)).toEqual([])
  })
})

describeShared("PyStemmer's stems", ['golden/tokens/pystemmer_scifact_vocab.tsv'], () => {
  const rows = lines('pystemmer_scifact_vocab.tsv').map((line) => line.split('\t') as [string, string, string])

  test('Snowball English', () => {
    expect(rows).toHaveLength(38437)
    expect(rows.filter(([word, , english]) => snowballEnglishStem(word) !== english)).toEqual([])
  })

  test("Snowball's Porter differs from Lucene's only where the rules are known to", () => {
    const different = rows.filter(([word, porter]) => porterStem(word) !== porter)
    expect(different).toHaveLength(131)
    expect(different.map(([word]) => word)).toEqual(expect.arrayContaining(['1s', 'aetiology']))
    for (const [word, porter] of different) {
      const short = word.length < 3 // Lucene leaves words of one and two letters alone.
      const departure = /(?:logy|logies|bly|blies)$/.test(word) // -logi and -bli instead of the paper's rules.
      expect(short || departure, `${word}: ${porterStem(word)} and ${porter}`).toBe(true)
    }
  })
})

describeShared("bm25s' tokens", ['golden/tokens/bm25s_default.jsonl'], () => {
  const records = lines('bm25s_default.jsonl').map((line) => JSON.parse(line))

  test.each([
    ['tokens', 'none'],
    ['snowball', 'snowball-english'],
  ] as const)('%s', (field, stemmer) => {
    const analyzer = createAnalyzer({ name: 'bm25s', stemmer })
    expect(records).toHaveLength(1042)
    for (const record of records) expect(analyzer.tokens(record.text), record.text).toEqual(record[field])
  })
})
