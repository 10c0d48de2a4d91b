import { appendFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderOf, jsonl, SMALL_BEIR, temporaryFolder } from '../../test/support/files.ts'
import { describeShared, sharedPath } from '../../test/support/shared.ts'
import { openCollection } from './open.ts'
import { summarise } from './summary.ts'
import { summariseCached } from './summary-cache.ts'

const context = { cacheDir: '/nonexistent' }
const open = async (files: Record<string, string>) => openCollection({ source: await folderOf(files) }, context)
const codes = (summary: { findings: readonly { code: string }[] }) => summary.findings.map(({ code }) => code)

test('counts, and hashes the content rather than the file', async () => {
  const summary = await summarise(await open(SMALL_BEIR))
  expect(summary).toMatchObject({ documents: 3, queries: 2, judgments: 3, documentCharacters: 34, queryCharacters: 20 })
  const table = await openCollection(
    {
      source: await folderOf({
        'd.csv': 'key,name,body\nd1,Wings,Birds fly.\nd2,,Fish swim.\n3,,Dogs run.\n',
        'q.csv': 'key,body\nq1,what flies\nq2,what swims\n',
        'r.tsv': 'q2\t3\t0\nq2\td2\t2\nq1\td1\t1\n',
      }),
      files: { documents: 'd.csv', queries: 'q.csv', qrels: 'r.tsv' },
      columns: { id: 'key', title: 'name', text: 'body' },
    },
    context,
  )
  expect(await summarise(table)).toEqual(summary)
  const changed = await summarise(
    await open({ ...SMALL_BEIR, 'corpus.jsonl': SMALL_BEIR['corpus.jsonl'].replace('Wings', 'wings') }),
  )
  expect(changed.corpusHash).not.toBe(summary.corpusHash)
  expect(changed.queriesHash).toBe(summary.queriesHash)
  expect(changed.qrelsHash).toBe(summary.qrelsHash)
})

test('finds what the reader of a number must know', async () => {
  const summary = await summarise(
    await open({
      'corpus.jsonl': jsonl(
        { _id: 'a', text: 'same' },
        { _id: 'b', text: 'same' },
        { _id: 'c', title: 'same', text: '' },
        { _id: 'e', text: '  ' },
        { _id: 'has space', text: 'x'.repeat(100_001) },
        { _id: 'q1', text: 'the text of the query, and more' },
      ),
      'queries.jsonl': jsonl(
        { _id: 'q1', text: 'text of the query' },
        { _id: 'q2', text: 'twice' },
        { _id: 'q3', text: 'twice' },
      ),
      'qrels/test.tsv': 'q1\ta\t1\nq1\tgone\t2\nq2\tb\t0\nq3\tb\t-2\n',
    }),
  )
  expect(summary.findings).toMatchObject([
    { code: 'qrels.absent-documents', count: 1, of: 3, examples: ['gone'] },
    { code: 'documents.empty', count: 1, of: 6, examples: ['e'] },
    { code: 'documents.duplicate-text', count: 3, of: 6, examples: ['b', 'c'] },
    { code: 'documents.very-long', count: 1 },
    { code: 'documents.id-white-space', count: 1, examples: ['has space'] },
    { code: 'queries.document-ids', level: 'warning', count: 1, of: 3, examples: ['q1'] },
    { code: 'queries.duplicate-text', count: 2, examples: ['q2', 'q3'] },
    { code: 'queries.no-relevant', count: 2, of: 3, examples: ['q2', 'q3'] },
    { code: 'qrels.negative-grades', count: 1, of: 4 },
    { code: 'qrels.grades', message: 'Judgments by grade: -2: 1, 0: 1, 1: 1, 2: 1.' },
  ])
})

test('refuses document ids that stand there twice, an empty corpus, and judgments of another corpus', async () => {
  const twice = await open({
    ...SMALL_BEIR,
    'corpus.jsonl': jsonl({ _id: 'd1', text: 'a' }, { _id: 'x', text: 'b' }, { _id: 'd1', text: 'c' }),
  })
  await expect(summarise(twice)).rejects.toMatchObject({
    code: 'DATA_INVALID',
    message: expect.stringContaining('"d1" (records 1 and 3)'),
  })
  await expect(summarise(await open({ ...SMALL_BEIR, 'corpus.jsonl': '\n' }))).rejects.toMatchObject({
    message: expect.stringContaining('holds no documents'),
  })
  await expect(
    summarise(await open({ ...SMALL_BEIR, 'corpus.jsonl': '{"_id": "x", "text": "y"}\n' })),
  ).rejects.toMatchObject({
    message: expect.stringContaining('None of the 3 judged documents is in the corpus'),
  })
})

test('stops when told to', async () => {
  const many = {
    ...SMALL_BEIR,
    'corpus.jsonl':
      SMALL_BEIR['corpus.jsonl'] + jsonl(...Array.from({ length: 600 }, (_, i) => ({ _id: `x${i}`, text: 'y' }))),
  }
  await expect(summarise(await open(many), { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'CANCELLED',
  })
})

test('a smoke run is marked', async () => {
  const collection = await openCollection({ source: await folderOf(SMALL_BEIR) }, { ...context, limit: 1 })
  const summary = await summarise(collection)
  expect(summary).toMatchObject({ queries: 1, judgments: 1, documents: 3 })
  expect(codes(summary)).toContain('collection.limited')
})

test('remembers a summary until a file changes, even with its size and time kept', async () => {
  const source = await folderOf(SMALL_BEIR)
  const cacheDir = await temporaryFolder()
  let reads = 0
  const run = async (limit?: number) => {
    const collection = await openCollection({ source }, { cacheDir, ...(limit === undefined ? {} : { limit }) })
    const documents = () => {
      reads++
      return collection.documents()
    }
    return summariseCached({ ...collection, documents }, cacheDir)
  }
  const first = await run()
  expect(await run()).toEqual(first)
  expect(reads).toBe(1)
  expect((await run(1)).queries).toBe(1)
  expect(reads).toBe(2)
  const path = join(source, 'corpus.jsonl')
  const { atime, mtime } = await stat(path)
  await writeFile(path, SMALL_BEIR['corpus.jsonl'].replace('Birds', 'Bords'))
  await utimes(path, atime, mtime)
  expect((await run()).corpusHash).not.toBe(first.corpusHash)
  await appendFile(path, jsonl({ _id: 'new', text: 'one more' }))
  expect((await run()).documents).toBe(4)
  expect(reads).toBe(4)
})

describeShared('real collections', ['data/scifact', 'data/nfcorpus', 'data/cranfield'], () => {
  test.each([
    ['scifact', { documents: 5183, queries: 300, judgments: 339 }, []],
    ['nfcorpus', { documents: 3633, queries: 323, judgments: 12334 }, [['documents.duplicate-text', 80]]],
    ['cranfield', { documents: 1400, queries: 225, judgments: 1837 }, [['documents.empty', 2]]],
  ])('%s has its known counts and oddities', async (name, counts, warnings) => {
    const summary = await summarise(await openCollection({ source: sharedPath(`data/${name}`) }, context))
    expect(summary).toMatchObject(counts)
    expect(summary.findings.filter(({ level }) => level === 'warning').map(({ code, count }) => [code, count])).toEqual(
      warnings,
    )
  })
})
