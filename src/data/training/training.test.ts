import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { folderOf, jsonl, temporaryFolder } from '../../../test/support/files.ts'
import { type RepoFiles, TestHub } from '../../../test/support/hub-server.ts'
import type { HubContext } from '../hub/config.ts'
import { openCollection } from '../open.ts'
import { findDataset } from '../registry/index.ts'
import { openTraining, type TrainingExample, type TrainingSpec } from './index.ts'
import { trainingSplits } from './layout.ts'

// As `train.jsonl.gz` and `dev.jsonl.gz` of Tevatron/msmarco-passage have it.
const passage = (docid: string, text: string, title = '-') => ({ docid, title, text })
const TRAIN = [
  {
    query_id: '1',
    query: 'what flies',
    positive_passages: [passage('10', 'Birds fly.', 'Wings')],
    negative_passages: [passage('20', 'Fish swim.'), passage('30', 'Dogs run.')],
  },
  { query_id: '2', query: 'what swims', positive_passages: [passage('20', 'Fish swim.')], negative_passages: [] },
]
const DEV = [{ query_id: '3', query: 'what runs', positive_passages: [], negative_passages: [] }]
const EXPECTED: TrainingExample[] = TRAIN.map((row) => ({
  queryId: row.query_id,
  query: row.query,
  positives: row.positive_passages.map(({ docid: id, ...rest }) => ({ id, ...rest })),
  negatives: row.negative_passages.map(({ docid: id, ...rest }) => ({ id, ...rest })),
}))

const local: HubContext = { cacheDir: '/nonexistent' }

async function examplesOf(spec: TrainingSpec, context = local): Promise<TrainingExample[]> {
  const examples: TrainingExample[] = []
  for await (const example of (await openTraining(spec, context)).examples()) examples.push(example)
  return examples
}

/** The same rows as the hub's conversion to parquet writes them: lists of structs. */
function parquetOfTraining(rows: typeof TRAIN): Uint8Array {
  const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' } as const
  const list = (name: string) =>
    [
      { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', repetition_type: 'OPTIONAL', num_children: 3 },
      { name: 'docid', ...text },
      { name: 'title', ...text },
      { name: 'text', ...text },
    ] as const
  const names = ['query_id', 'query', 'positive_passages', 'negative_passages'] as const
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: names.map((name) => ({ name, data: rows.map((row) => row[name]) })),
      schema: [
        { name: 'schema', num_children: 4 },
        { name: 'query_id', ...text },
        { name: 'query', ...text },
        ...list('positive_passages'),
        ...list('negative_passages'),
      ],
    }),
  )
}

async function serve(repo: string, files: RepoFiles, options: { ref?: string; commit?: string } = {}) {
  const server = await TestHub.start()
  server.push(`datasets/${repo}`, files, options.ref ?? 'main', options.commit)
  const home = await temporaryFolder()
  const env = { HF_ENDPOINT: server.endpoint, HF_HOME: join(home, 'hf') }
  return { server, context: { cacheDir: join(home, 'own'), env, retryDelayMs: 1 } satisfies HubContext }
}

const FILES = {
  'train.jsonl.gz': gzipSync(jsonl(...TRAIN)),
  'dev.jsonl.gz': gzipSync(jsonl(...DEV)),
  'msmarco-passage.py': 'print()',
}

describe('Tevatron’s layout', () => {
  test('in a folder, and as a file', async () => {
    const folder = await folderOf(FILES)
    const set = await openTraining({ source: folder }, local)
    expect(set).toMatchObject({ split: 'train', splits: ['dev', 'train'], repositories: [] })
    expect(await examplesOf({ source: folder })).toEqual(EXPECTED)
    expect(await examplesOf({ source: join(folder, 'train.jsonl.gz') })).toEqual(EXPECTED)
    expect(await examplesOf({ source: folder, split: 'dev' })).toEqual([
      { queryId: '3', query: 'what runs', positives: [], negatives: [] },
    ])
    // The stream may be started again.
    const counts = []
    for (let i = 0; i < 2; i++) {
      let count = 0
      for await (const _ of set.examples()) count++
      counts.push(count)
    }
    expect(counts).toEqual([2, 2])
  })

  test('on the hub by its name in the registry, at its commit; only the split is fetched', async () => {
    const { repo, revision } = findDataset('msmarco/train')!.hub!
    const { server, context } = await serve(repo, FILES, { commit: revision! })
    const set = await openTraining({ source: 'msmarco/train' }, context)
    expect(set.repositories).toEqual([`Tevatron/msmarco-passage@${revision}`])
    expect(await examplesOf({ source: 'msmarco/train' }, context)).toEqual(EXPECTED)
    expect(
      server.requests.filter(({ path }) => path.includes('/resolve/')).map(({ path }) => path.split('/').pop()),
    ).toEqual(['train.jsonl.gz'])
    server.stop()
    expect(await examplesOf({ source: 'msmarco/train' }, { ...context, offline: true })).toEqual(EXPECTED)
  })

  test('as the hub converts it to parquet', async () => {
    const { server, context } = await serve('some/training', { 'training.py': 'print()' })
    server.push(
      'datasets/some/training',
      {
        'default/train/0000.parquet': parquetOfTraining(TRAIN.slice(0, 1)),
        'default/train/0001.parquet': parquetOfTraining(TRAIN.slice(1)),
      },
      'refs/convert/parquet',
    )
    expect(await examplesOf({ source: 'hf:some/training' }, context)).toEqual(EXPECTED)
  })

  test('the corpus beside it is a table of passages that a collection can be made of', async () => {
    const source = await folderOf({
      'corpus.jsonl.gz': jsonl(passage('10', 'Birds fly.', 'Wings'), passage('20', 'Fish swim.')),
      'topics.tsv': '1\twhat flies\n',
      'qrels.txt': '1 0 10 1\n',
    })
    const files = { documents: 'corpus.jsonl.gz', queries: 'topics.tsv', qrels: 'qrels.txt' }
    const collection = await openCollection({ source, format: 'trec', files }, local)
    const documents = []
    for await (const document of collection.documents()) documents.push(document)
    expect(documents).toEqual([
      { id: '10', title: 'Wings', text: 'Birds fly.' },
      { id: '20', title: '-', text: 'Fish swim.' },
    ])
  })
})

test.each([
  [['train.jsonl.gz', 'dev.jsonl.gz', 'x.py'], { dev: 1, train: 1 }],
  [
    ['data/train-00000-of-00002.parquet', 'data/train-00001-of-00002.parquet', 'data/dl19-00000-of-00001.parquet'],
    { dl19: 1, train: 2 },
  ],
  [
    ['default/msmarco-passage-train-00000-of-00010.parquet', 'default/msmarco-passage-dev.parquet'],
    { dev: 1, train: 1 },
  ],
  [['default/train/0000.parquet', 'default/train/0001.parquet'], { train: 2 }],
])('splits of %j', (paths, counts) => {
  const splits = trainingSplits(paths, 'msmarco-passage')
  expect(Object.fromEntries([...splits].map(([split, files]) => [split, files.length]))).toEqual(counts)
})

describe('refuses', () => {
  test.each([
    [
      'no positives',
      { query_id: '1', query: 'x', negative_passages: [] },
      ':1: the field "positive_passages" is missing',
    ],
    [
      'positives that are no list',
      { ...DEV[0], positive_passages: 'x' },
      ':1: the field "positive_passages" is no list: x',
    ],
    ['a passage that is no object', { ...DEV[0], negative_passages: ['x'] }, ':1: a passage is no object: x'],
    ['a passage without text', { ...DEV[0], positive_passages: [{ docid: '1' }] }, ':1: the field "text" is missing'],
    ['no query', { query_id: '1', positive_passages: [], negative_passages: [] }, ':1: the field "query"'],
  ])('%s, with file and line', async (_, row, message) => {
    await expect(examplesOf({ source: await folderOf({ 'train.jsonl': jsonl(row) }) })).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: expect.stringContaining(message),
    })
  })

  test('what is not there', async () => {
    const folder = await folderOf(FILES)
    await expect(openTraining({ source: folder, split: 'trian' }, local)).rejects.toMatchObject({
      code: 'DATA_MISSING',
      hint: 'Did you mean train? Name one of them.',
    })
    await expect(openTraining({ source: await folderOf({ 'notes.md': '' }) }, local)).rejects.toMatchObject({
      message: expect.stringContaining('holds no training files'),
    })
    await expect(openTraining({ source: 'beir/scifact' }, local)).rejects.toMatchObject({
      message: 'beir/scifact is no training set.',
    })
    await expect(openTraining({ source: 'msmarco/trian' }, local)).rejects.toMatchObject({
      hint: 'Did you mean msmarco/train?',
    })
  })
})
