import { expect, test } from 'vitest'
import { findLayout } from './layout.ts'

const plain = (paths: string[], subset?: string) => {
  const { documents, queries, qrels } = findLayout(paths, subset, 'here')
  return { documents, queries, qrels: Object.fromEntries(qrels) }
}

test('a qrels folder goes before files that only look like splits', () => {
  expect(
    plain([
      'corpus.jsonl',
      'queries.jsonl',
      'qrels/test.tsv',
      'qrels/dl19.official.tsv',
      'test.tsv',
      'keywords.tsv',
      'data/x.csv',
    ]),
  ).toEqual({
    documents: ['corpus.jsonl'],
    queries: ['queries.jsonl'],
    qrels: { test: ['qrels/test.tsv'], 'dl19.official': ['qrels/dl19.official.tsv'] },
  })
})

test('shards of one part stay together and in order', () => {
  const shards = ['corpus/corpus-00001-of-00002.parquet', 'corpus/corpus-00000-of-00002.parquet']
  expect(
    plain([...shards, 'default/test/0001.parquet', 'default/test/0000.parquet', 'default/dev/0000.parquet']),
  ).toEqual({
    documents: [shards[1], shards[0]],
    queries: [],
    qrels: { test: ['default/test/0000.parquet', 'default/test/0001.parquet'], dev: ['default/dev/0000.parquet'] },
  })
})

test('a folder that holds a collection of its own and others below it is taken for its own', () => {
  const paths = [
    'corpus.jsonl',
    'queries.jsonl',
    'qrels/test.tsv',
    'old/corpus.jsonl',
    'old/queries.jsonl',
    'old/qrels/test.tsv',
  ]
  expect(plain(paths).documents).toEqual(['corpus.jsonl'])
  expect(plain(paths).qrels).toEqual({ test: ['qrels/test.tsv'] })
  expect(plain(paths, 'old')).toEqual({
    documents: ['old/corpus.jsonl'],
    queries: ['old/queries.jsonl'],
    qrels: { test: ['old/qrels/test.tsv'] },
  })
})

test('a subset may share queries with the others, but not be unknown', () => {
  const paths = [
    'en-corpus/test.jsonl',
    'de-corpus/test.jsonl',
    'queries.jsonl',
    'en-qrels/test.tsv',
    'de-qrels/test.tsv',
  ]
  expect(plain(paths, 'de')).toEqual({
    documents: ['de-corpus/test.jsonl'],
    queries: ['queries.jsonl'],
    qrels: { test: ['de-qrels/test.tsv'] },
  })
  expect(() => plain(paths)).toThrow('here holds 2 collections')
  expect(() => plain(paths, 'fr')).toThrow('no subset "fr"')
  expect(() => plain(['corpus.jsonl'], 'fr')).toThrow('no subset "fr"')
})
