import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { folderOf, jsonl, SMALL_BEIR, SMALL_ROWS, temporaryFolder } from '../../../test/support/files.ts'
import { type RepoFiles, TestHub } from '../../../test/support/hub-server.ts'
import { parquetOf } from '../../../test/support/parquet.ts'
import type { Notice } from '../../core/progress.ts'
import { openCollection } from '../open.ts'
import type { CollectionContext, CollectionSpec } from '../spec.ts'
import { summarise } from '../summary.ts'

const { documents: DOCUMENTS, queries: QUERIES, judgments: JUDGMENTS } = SMALL_ROWS
const floats = JUDGMENTS.map((row) => ({ ...row, score: Number(row.score) + 0 }))
const corpus = parquetOf(DOCUMENTS, { rowGroupSize: 2 })
const queries = parquetOf(QUERIES)
const qrels = parquetOf(JUDGMENTS)
const train = parquetOf([{ 'query-id': 'other', 'corpus-id': 'd1', score: 1n }])

async function setUp(repos: Record<string, RepoFiles>, ref?: string) {
  const hub = await TestHub.start()
  for (const [id, files] of Object.entries(repos)) hub.push(`datasets/${id}`, files, ref)
  const home = await temporaryFolder()
  const notices: Notice[] = []
  const context: CollectionContext = {
    cacheDir: join(home, 'own'),
    env: { HF_ENDPOINT: hub.endpoint, HF_HOME: join(home, 'hf') },
    retryDelayMs: 1,
    onNotice: (notice) => void notices.push(notice),
  }
  return { hub, context, notices, open: (spec: CollectionSpec) => openCollection(spec, context) }
}

/** What every layout of the small collection must come to. */
async function expected(): Promise<object> {
  const { corpusHash, queriesHash, qrelsHash } = await summarise(
    await openCollection({ source: await folderOf(SMALL_BEIR) }, { cacheDir: '/nonexistent' }),
  )
  return { documents: 3, queries: 2, judgments: 3, corpusHash, queriesHash, qrelsHash }
}

const gz = (name: keyof typeof SMALL_BEIR) => gzipSync(SMALL_BEIR[name])
const README = { 'README.md': '---\nlicense: mit\n---\n', '.gitattributes': '' }

test.each<[string, string, Record<string, RepoFiles>]>([
  [
    'BEIR: compressed JSONL, judgments in a repository of their own',
    'hf:BeIR/small',
    {
      'BeIR/small': {
        ...README,
        'corpus.jsonl.gz': gz('corpus.jsonl'),
        'queries.jsonl.gz': gz('queries.jsonl'),
        'small.py': '',
      },
      'BeIR/small-qrels': {
        ...README,
        'test.tsv': SMALL_BEIR['qrels/test.tsv'],
        'train.tsv': 'query-id\tcorpus-id\tscore\nother\td1\t1\n',
      },
    },
  ],
  [
    'MTEB: JSONL with judgments as JSONL',
    'hf:mteb/small',
    {
      'mteb/small': {
        ...README,
        'corpus.jsonl': SMALL_BEIR['corpus.jsonl'],
        'queries.jsonl': SMALL_BEIR['queries.jsonl'],
        'qrels/test.jsonl': jsonl(...floats),
        'qrels/train.jsonl': jsonl({ 'query-id': 'other', 'corpus-id': 'd1', score: 1 }),
      },
    },
  ],
  [
    'CoIR: parquet, one repository, configs corpus, queries and default',
    'hf:mteb/new',
    {
      'mteb/new': {
        ...README,
        'corpus/corpus-00000-of-00001.parquet': corpus,
        'queries/queries-00000-of-00001.parquet': queries,
        'data/test-00000-of-00001.parquet': qrels,
        'data/train-00000-of-00001.parquet': train,
      },
    },
  ],
  [
    'CoIR: parquet, queries and corpus as splits, judgments beside them',
    'hf:Code/old',
    {
      'Code/old-queries-corpus': {
        ...README,
        'data/corpus-00000-of-00002-6ab5c5eda798a0f9.parquet': parquetOf(DOCUMENTS.slice(0, 2)),
        'data/corpus-00001-of-00002-6ab5c5eda798a0f9.parquet': parquetOf(DOCUMENTS.slice(2)),
        'data/queries-00000-of-00001-0123456789abcdef.parquet': queries,
      },
      'Code/old-qrels': {
        ...README,
        'data/test-00000-of-00001.parquet': parquetOf(floats),
        'data/train-00000-of-00001.parquet': train,
      },
    },
  ],
  [
    'several collections in one repository',
    'hf:Code/net#go',
    {
      'Code/net': {
        ...README,
        'go-corpus/corpus-00000-of-00001.parquet': corpus,
        'go-queries/queries-00000-of-00001.parquet': queries,
        'go-qrels/test-00000-of-00001.parquet': qrels,
        'php-corpus/corpus-00000-of-00001.parquet': train,
        'php-queries/queries-00000-of-00001.parquet': train,
        'php-qrels/test-00000-of-00001.parquet': train,
      },
    },
  ],
])('reads %s', async (_, source, repos) => {
  const { open, hub } = await setUp(repos)
  const collection = await open({ source })
  expect(await summarise(collection)).toMatchObject(await expected())
  expect(collection.split).toBe('test')
  expect(hub.requests.some(({ path }) => /small\.py|php-/.test(path) && path.includes('resolve'))).toBe(false)
  hub.stop()
  expect(await summarise(await open({ source }))).toMatchObject(await expected())
})

test('takes the hub’s own parquet conversion where the main branch has no tables', async () => {
  const { hub, open } = await setUp({ 'some/script': { ...README, 'script.py': 'print()' } })
  hub.push(
    'datasets/some/script',
    {
      'corpus/corpus/0000.parquet': corpus,
      'queries/queries/0000.parquet': queries,
      'default/test/0000.parquet': qrels,
    },
    'refs/convert/parquet',
  )
  expect(await summarise(await open({ source: 'hf:some/script' }))).toMatchObject(await expected())
})

test('the same parquet layout in a local folder', async () => {
  const source = await folderOf({
    'corpus/corpus-00000-of-00001.parquet': corpus,
    'queries/queries-00000-of-00001.parquet': queries,
    'qrels/test-00000-of-00001.parquet': qrels,
  })
  expect(await summarise(await openCollection({ source }, { cacheDir: source }))).toMatchObject(await expected())
  const broken = await folderOf({ ...SMALL_BEIR, 'corpus.jsonl': '', 'corpus.parquet': corpus.subarray(0, 100) })
  const { 'corpus.jsonl': _, ...rest } = SMALL_BEIR
  const cut = await openCollection(
    { source: await folderOf({ ...rest, 'corpus.parquet': corpus.subarray(0, 100) }) },
    { cacheDir: broken },
  )
  await expect(summarise(cut)).rejects.toMatchObject({ code: 'DATA_INVALID', message: expect.stringContaining('no') })
})

test('a revision, given in the name or beside it', async () => {
  const repo = {
    'corpus.jsonl': SMALL_BEIR['corpus.jsonl'],
    'queries.jsonl': SMALL_BEIR['queries.jsonl'],
    'qrels/test.tsv': SMALL_BEIR['qrels/test.tsv'],
  }
  const { hub, open } = await setUp({ 'my/set': repo })
  const first = hub.takePaths().length === 0 && hub.push('datasets/my/set', repo)
  hub.push('datasets/my/set', { ...repo, 'corpus.jsonl': jsonl({ _id: 'd1', text: 'changed' }) })
  expect((await summarise(await open({ source: `hf:my/set@${first}` }))).documents).toBe(3)
  expect((await summarise(await open({ source: 'hf:my/set', revision: String(first) }))).documents).toBe(3)
  expect((await summarise(await open({ source: 'hf:my/set' }))).documents).toBe(1)
})

test('what is not there is said plainly', async () => {
  const { open, context } = await setUp({
    'my/empty': README,
    'my/corpus-only': { 'corpus.jsonl': SMALL_BEIR['corpus.jsonl'] },
  })
  await expect(open({ source: 'hf:my/nothing' })).rejects.toMatchObject({
    code: 'DATA_MISSING',
    message: expect.stringContaining('no data set my/nothing'),
  })
  await expect(open({ source: 'hf:my/empty' })).rejects.toMatchObject({
    code: 'DATA_MISSING',
    message: expect.stringContaining('holds no corpus'),
  })
  await expect(open({ source: 'hf:my/corpus-only' })).rejects.toMatchObject({
    message: expect.stringContaining('holds no queries'),
  })
  await expect(openCollection({ source: 'hf:my/nothing' }, { ...context, offline: true })).rejects.toMatchObject({
    code: 'OFFLINE',
  })
  // A pinned commit needs no request to be known; its repository is named, not one beside it.
  await expect(openCollection({ source: 'beir/fiqa' }, { ...context, offline: true })).rejects.toMatchObject({
    code: 'OFFLINE',
    message: expect.stringContaining('BeIR/fiqa@979c07a7'),
  })
})
