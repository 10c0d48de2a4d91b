import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { folderOf, jsonl, SMALL_BEIR, SMALL_ROWS, temporaryFolder } from '../../../test/support/files.ts'
import { type RepoFiles, TestHub } from '../../../test/support/hub-server.ts'
import { nestedParquetOf, parquetOf } from '../../../test/support/parquet.ts'
import type { Notice } from '../../core/progress.ts'
import { openCollection } from '../open.ts'
import { findDataset } from '../registry/index.ts'
import type { CollectionContext, CollectionSpec } from '../spec.ts'
import { summarise } from '../summary.ts'

// Small files of exactly the layout that each family has on the hub, at the commits that the registry pins.

const { documents: DOCUMENTS, queries: QUERIES, judgments: JUDGMENTS } = SMALL_ROWS
const README = { 'README.md': '---\nlicense: mit\n---\n', '.gitattributes': '' }

async function setUp(id: string, main: RepoFiles, qrels: RepoFiles | undefined = undefined) {
  const server = await TestHub.start()
  const { hub } = findDataset(id)!
  server.push(`datasets/${hub!.repo}`, main, 'main', hub!.revision ?? undefined)
  if (qrels) server.push(`datasets/${hub!.qrels!.repo}`, qrels, 'main', hub!.qrels!.revision ?? undefined)
  const home = await temporaryFolder()
  const notices: Notice[] = []
  const context: CollectionContext = {
    cacheDir: join(home, 'own'),
    env: { HF_ENDPOINT: server.endpoint, HF_HOME: join(home, 'hf') },
    retryDelayMs: 1,
    onNotice: (notice) => void notices.push(notice),
  }
  return { server, context, notices, open: (spec: CollectionSpec) => openCollection(spec, context) }
}

async function hashes(titles: 'keep' | 'omit' = 'keep') {
  const collection = await openCollection({ source: await folderOf(SMALL_BEIR), titles }, { cacheDir: '/nonexistent' })
  const { corpusHash, queriesHash, qrelsHash } = await summarise(collection)
  return { documents: 3, queries: 2, judgments: 3, corpusHash, queriesHash, qrelsHash }
}

const gz = (name: keyof typeof SMALL_BEIR) => gzipSync(SMALL_BEIR[name])

describe('BEIR', () => {
  const qrels = {
    ...README,
    'test.tsv': SMALL_BEIR['qrels/test.tsv'],
    'train.tsv': 'query-id\tcorpus-id\tscore\nother\td1\t1\n',
  }

  test.each<[string, string, RepoFiles]>([
    [
      'as parquet, as today',
      'beir/scifact',
      {
        ...README,
        'corpus/corpus-00000-of-00001.parquet': parquetOf(DOCUMENTS),
        'queries/queries-00000-of-00001.parquet': parquetOf(QUERIES.map((query) => ({ ...query, title: '' }))),
      },
    ],
    [
      'as compressed JSONL, as it was until 2024',
      'beir/scidocs',
      {
        ...README,
        'corpus.jsonl.gz': gz('corpus.jsonl'),
        'queries.jsonl.gz': gz('queries.jsonl'),
        'scidocs.py': 'print()',
      },
    ],
  ])('%s, with judgments in a repository of their own', async (_, id, main) => {
    const { open, server } = await setUp(id, main, qrels)
    const collection = await open({ source: id })
    expect(await summarise(collection)).toMatchObject(await hashes())
    const { hub, name } = findDataset(id)!
    expect(collection).toMatchObject({ name, split: 'test', splits: ['test', 'train'] })
    expect(collection.repositories).toEqual([
      `${hub!.repo}@${hub!.revision}`,
      `${hub!.qrels!.repo}@${hub!.qrels!.revision}`,
    ])
    // Pinned commits need no look at where a branch stands.
    expect(server.requests.some(({ path }) => path.includes('/revision/'))).toBe(false)
  })

  test('MTEB’s copies: JSONL with float grades, and queries that are documents', async () => {
    const { open } = await setUp('beir/quora', {
      ...README,
      'corpus.jsonl': SMALL_BEIR['corpus.jsonl'],
      'queries.jsonl': SMALL_BEIR['queries.jsonl'],
      'qrels/test.jsonl': jsonl(...JUDGMENTS.map((row) => ({ ...row, score: Number(row.score) }))),
      'qrels/dev.jsonl': jsonl({ 'query-id': 'other', 'corpus-id': 'd1', score: 1 }),
    })
    const collection = await open({ source: 'BEIR/quora' })
    expect(await summarise(collection)).toMatchObject(await hashes())
    expect(collection.removeSelf).toBe(true)
  })

  test('what no commit pins is said, with what it came to', async () => {
    const { open, notices } = await setUp(
      'beir/climate-fever',
      { 'corpus.jsonl': SMALL_BEIR['corpus.jsonl'], 'queries.jsonl': SMALL_BEIR['queries.jsonl'] },
      qrels,
    )
    await open({ source: 'beir/climate-fever' })
    expect(notices).toMatchObject([
      { code: 'collection.unpinned', message: expect.stringMatching(/BeIR\/climate-fever@[0-9a-f]{40}/) },
    ])
  })

  test('a revision of the user’s own goes first', async () => {
    const { open, server } = await setUp(
      'beir/scifact',
      { 'corpus.jsonl': SMALL_BEIR['corpus.jsonl'], 'queries.jsonl': SMALL_BEIR['queries.jsonl'] },
      qrels,
    )
    const other = server.push('datasets/BeIR/scifact', {
      'corpus.jsonl': jsonl(DOCUMENTS[0], DOCUMENTS[1]),
      'queries.jsonl': SMALL_BEIR['queries.jsonl'],
    })
    expect((await summarise(await open({ source: 'beir/scifact', revision: other }))).documents).toBe(2)
    expect((await summarise(await open({ source: 'beir/scifact' }))).documents).toBe(3)
  })
})

describe('MS MARCO', () => {
  const main = {
    'corpus/corpus-00000-of-00001.parquet': parquetOf(DOCUMENTS),
    'queries/queries-00000-of-00001.parquet': parquetOf(QUERIES),
  }
  const qrels = {
    'dev.tsv': SMALL_BEIR['qrels/test.tsv'],
    'test.tsv': 'query-id\tcorpus-id\tscore\nother\td1\t3\nother\td2\t0\n',
    'train.tsv': 'query-id\tcorpus-id\tscore\nq1\td1\t1\n',
  }

  test('dev small and TREC DL 2019 are splits of one package', async () => {
    const { open } = await setUp('msmarco/dev', main, qrels)
    const dev = await open({ source: 'msmarco/dev' })
    expect(dev).toMatchObject({ name: 'msmarco-dev', split: 'dev' })
    expect(await summarise(dev)).toMatchObject(await hashes())
    const dl19 = await open({ source: 'msmarco/dl19' })
    expect(dl19).toMatchObject({ name: 'msmarco-dl19', split: 'test' })
    expect(await dl19.qrels()).toEqual(
      new Map([
        [
          'other',
          new Map([
            ['d1', 3],
            ['d2', 0],
          ]),
        ],
      ]),
    )
  })

  test('TREC DL 2020 is a package of its own, in MTEB’s layout', async () => {
    const { open, notices } = await setUp('msmarco/dl20', {
      ...README,
      'corpus/corpus-00000-of-00002.parquet': parquetOf(DOCUMENTS.slice(0, 2)),
      'corpus/corpus-00001-of-00002.parquet': parquetOf(DOCUMENTS.slice(2)),
      'queries/queries-00000-of-00001.parquet': parquetOf(QUERIES),
      'data/test-00000-of-00001.parquet': parquetOf(JUDGMENTS),
    })
    const dl20 = await open({ source: 'msmarco/dl20' })
    expect(dl20).toMatchObject({ name: 'msmarco-dl20', split: 'test' })
    expect(await summarise(dl20)).toMatchObject(await hashes())
    expect(notices).toEqual([])
  })

  test('the training sets say what to do', async () => {
    const { open } = await setUp('msmarco/dev', main, qrels)
    await expect(open({ source: 'msmarco/train' })).rejects.toMatchObject({
      message: expect.stringContaining('a training set'),
    })
  })
})

describe('CoIR', () => {
  const documents = DOCUMENTS.map((document) => ({
    ...document,
    language: 'python',
    meta_information: '{}',
    partition: 'test',
  }))

  test('parquet, one repository, judgments as the default config', async () => {
    const { open, notices } = await setUp('coir/apps', {
      ...README,
      'corpus/corpus-00000-of-00001.parquet': parquetOf(documents),
      'queries/queries-00000-of-00001.parquet': parquetOf(QUERIES),
      'data/test-00000-of-00001.parquet': parquetOf(JUDGMENTS),
      'data/train-00000-of-00001.parquet': parquetOf([{ 'query-id': 'other', 'corpus-id': 'd1', score: 1n }]),
    })
    expect(await summarise(await open({ source: 'coir/apps' }))).toMatchObject(await hashes('omit'))
    expect(notices).toMatchObject([{ code: 'collection.titles' }])
    expect(await summarise(await open({ source: 'coir/apps', titles: 'keep' }))).toMatchObject(await hashes())
  })

  test('a repository with a corpus, queries and judgments for each language', async () => {
    const of = (language: string, rows: typeof documents) => ({
      [`${language}-corpus/corpus-00000-of-00001.parquet`]: parquetOf(rows),
      [`${language}-queries/queries-00000-of-00001.parquet`]: parquetOf(QUERIES),
      [`${language}-qrels/test-00000-of-00001.parquet`]: parquetOf(JUDGMENTS),
      [`${language}-qrels/valid-00000-of-00001.parquet`]: parquetOf(JUDGMENTS),
    })
    // The completion task's repository has the remains of an upload beside its languages.
    const { open, server } = await setUp('coir/codesearchnet-ccr-go', {
      ...of('go', documents),
      ...of('php', documents.slice(0, 2)),
      'corpus/corpus-00000-of-00001.parquet': parquetOf(documents.slice(0, 1)),
    })
    const collection = await open({ source: 'coir/codesearchnet-ccr-go' })
    expect(await summarise(collection)).toMatchObject(await hashes('omit'))
    expect(collection).toMatchObject({ name: 'codesearchnet-ccr-go', splits: ['test', 'valid'] })
    expect(server.requests.some(({ path }) => path.includes('resolve') && path.includes('php'))).toBe(false)
  })
})

describe('sets with images', () => {
  const PICTURES = ['first', 'second', 'third'].map((text) => Buffer.from(`\x89PNG ${text} \xff\xfe`, 'latin1'))
  const picture = (i: number) => ({ bytes: PICTURES[i]!, path: `${i}.png` })
  const captions = ['a bird flies', 'fish swim', 'dogs run']

  /** The same collection as a folder with pictures beside the corpus: other names, equal content. */
  async function expected(ids: readonly string[], queryIds: readonly string[]) {
    const source = await folderOf({
      'corpus.jsonl': jsonl(...ids.map((_id, i) => ({ _id, title: '', text: '', image: `images/${i}.jpg` }))),
      'queries.jsonl': jsonl(...queryIds.map((_id, i) => ({ _id, text: captions[i] }))),
      'qrels/test.tsv': queryIds.map((id, i) => `${id}\t${ids[i]}\t1\n`).join(''),
      ...Object.fromEntries(PICTURES.map((bytes, i) => [`images/${i}.jpg`, bytes])),
    })
    const { corpusHash, queriesHash, qrelsHash } = await summarise(
      await openCollection({ source }, { cacheDir: source }),
    )
    return { documents: ids.length, corpusHash, queriesHash, qrelsHash }
  }

  test('ViDoRe: numbers for ids, columns of its own names', async () => {
    const { open } = await setUp('vidore/docvqa', {
      ...README,
      'corpus/test-00000-of-00001.parquet': nestedParquetOf(
        PICTURES.map((_, i) => ({ 'corpus-id': BigInt(i), image: picture(i) })),
        { rowGroupSize: 2 },
      ),
      'queries/test-00000-of-00001.parquet': nestedParquetOf(
        captions.map((query, i) => ({ 'query-id': BigInt(i), query })),
      ),
      'qrels/test-00000-of-00001.parquet': nestedParquetOf(
        captions.map((_, i) => ({ 'query-id': BigInt(i), 'corpus-id': BigInt(i), score: 1n })),
      ),
    })
    const collection = await open({ source: 'vidore/docvqa' })
    const summary = await summarise(collection)
    expect(summary).toMatchObject(await expected(['0', '1', '2'], ['0', '1', '2']))
    expect(summary.modalities).toEqual({
      documents: { text: 0, image: 3, both: 0, empty: 0 },
      queries: { text: 3, image: 0, both: 0, empty: 0 },
    })
    let i = 0
    for await (const { image } of collection.documents()) {
      expect(image!.path).toBe(`${i}.png`)
      expect(Buffer.from(await image!.bytes())).toEqual(PICTURES[i++])
    }
  })

  const rows = (texts: readonly string[], prefix: string) =>
    texts.map((text, i) => ({ id: `${prefix}${i}`, modality: 'text', text, image: null }))
  const images = (prefix: string) =>
    PICTURES.map((_, i) => ({ id: `${prefix}${i}`, modality: 'image', text: null, image: picture(i) }))
  const qrels = captions.map((_, i) => ({ 'query-id': `q${i}`, Q0: '0', 'corpus-id': `d${i}`, score: 1 }))

  test.each<[string, string, (part: string) => string]>([
    ['M-BEIR: files at the top', 'mbeir/visualnews-t2i', (part) => `${part}-00000-of-00001.parquet`],
    [
      'MTEB: a folder for each part',
      'image/flickr30k-t2i',
      (part) => `${part}/${part === 'corpus' ? 'corpus' : 'test'}-00000-of-00001.parquet`,
    ],
  ])('%s, text to image', async (_, id, path) => {
    const { open } = await setUp(id, {
      ...README,
      [path('corpus')]: nestedParquetOf(images('d')),
      [path('query')]: nestedParquetOf(rows(captions, 'q')),
      [path('qrels')]: nestedParquetOf(qrels),
    })
    const collection = await open({ source: id })
    expect(await summarise(collection)).toMatchObject(await expected(['d0', 'd1', 'd2'], ['q0', 'q1', 'q2']))
    expect(collection.name).toBe(findDataset(id)!.name)
  })

  test('image to text: queries are pictures, which are not kept in memory', async () => {
    const { open } = await setUp('image/coco-i2t', {
      ...README,
      'corpus-00000-of-00001.parquet': nestedParquetOf(rows(captions, 'd')),
      'query-00000-of-00001.parquet': nestedParquetOf(images('q'), { rowGroupSize: 2 }),
      'qrels-00000-of-00001.parquet': nestedParquetOf(qrels),
    })
    const collection = await open({ source: 'image/coco-i2t' })
    const { modalities, findings } = await summarise(collection)
    expect(modalities.queries).toEqual({ text: 0, image: 3, both: 0, empty: 0 })
    expect(findings.map(({ code }) => code)).toContain('queries.image-only')
    const queries = await collection.queries()
    for (const i of [2, 0, 1, 2]) expect(Buffer.from(await queries[i]!.image!.bytes())).toEqual(PICTURES[i])
  })

  test('MMEB is listed, not opened: it has no corpus', async () => {
    const { open } = await setUp('image/coco-i2t', README)
    await expect(open({ source: 'mmeb/mscoco-t2i' })).rejects.toMatchObject({
      message: expect.stringContaining('image/coco-t2i'),
    })
  })
})

describe('names', () => {
  test('that cannot be fetched, or that nobody knows, ask nothing of the network', async () => {
    const { open, server } = await setUp('beir/scifact', README, README)
    await expect(open({ source: 'beir/bioasq' })).rejects.toMatchObject({
      message: expect.stringContaining('registration'),
    })
    await expect(open({ source: 'beir/scifcat' })).rejects.toMatchObject({ hint: 'Did you mean beir/scifact?' })
    await expect(open({ source: 'beir-13' })).rejects.toMatchObject({
      code: 'USAGE',
      message: 'beir-13 names 13 collections; one is wanted here.',
    })
    expect(server.requests).toEqual([])
  })
})

describe('the way of the bytes', () => {
  const large = parquetOf(
    Array.from({ length: 3_000 }, (_, i) => ({ _id: `d${i}`, title: `${i}`, text: `document ${i * 7919}` })),
    { codec: 'UNCOMPRESSED' },
  )
  const main = {
    ...README,
    'corpus/corpus-00000-of-00001.parquet': large,
    'queries/queries-00000-of-00001.parquet': parquetOf(QUERIES),
    ...Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`notes/${i}.md`, ''])),
  }
  const qrels = { 'test.tsv': SMALL_BEIR['qrels/test.tsv'] }
  const withToken = (context: CollectionContext): CollectionContext => ({
    ...context,
    env: { ...context.env, HF_TOKEN: 'good-token' },
  })

  test('lists of files in pages, redirects to another host without the token, a gated repository', async () => {
    const { server, context } = await setUp('beir/scifact', main, qrels)
    server.gate('datasets/BeIR/scifact')
    await expect(openCollection({ source: 'beir/scifact' }, context)).rejects.toMatchObject({
      code: 'DATA_MISSING',
      message: expect.stringContaining('is gated'),
    })
    server.takePaths()
    const collection = await openCollection({ source: 'beir/scifact' }, withToken(context))
    expect((await summarise(collection)).documents).toBe(3_000)
    const pages = server.requests.filter(({ path }) => path.includes('/tree/'))
    expect(pages.filter(({ path }) => path.includes('cursor=')).length).toBeGreaterThanOrEqual(3)
    const { hub, cdn } = Object.groupBy(server.requests, ({ host }) => host)
    expect(hub!.every(({ authorization }) => authorization === 'Bearer good-token')).toBe(true)
    expect(cdn).toHaveLength(2)
    expect(cdn!.every(({ authorization }) => authorization === undefined)).toBe(true)
  })

  test('goes on where a cut connection stopped', async () => {
    const { server, context } = await setUp('beir/scifact', main, qrels)
    const corpus = createHash('sha256').update(large).digest('hex')
    server.faults.push({ match: new RegExp(corpus), cutAfter: 20_000 })
    const collection = await openCollection({ source: 'beir/scifact' }, context)
    expect((await summarise(collection)).documents).toBe(3_000)
    const asked = server.requests.filter(({ host, path }) => host === 'cdn' && path.includes(corpus))
    expect(asked.map(({ range }) => range)).toEqual([undefined, 'bytes=20000-'])
  })

  test.each([
    ['large files', /\/lfs\//],
    ['small ones', /test\.tsv/],
  ])('bytes that do not match their hash never enter the cache: %s', async (_, match) => {
    const { server, context } = await setUp('beir/scifact', main, qrels)
    server.faults.push({ match, garble: true, times: 1_000 })
    await expect(openCollection({ source: 'beir/scifact' }, context)).rejects.toMatchObject({
      code: 'NETWORK',
      message: expect.stringContaining('arrives damaged'),
    })
    server.faults.length = 0
    const collection = await openCollection({ source: 'beir/scifact' }, context)
    expect(await summarise(collection)).toMatchObject({ documents: 3_000, queries: 2, judgments: 3 })
  })
})
