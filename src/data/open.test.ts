import { rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32, deflateRawSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { folderOf, jsonl, SMALL_BEIR } from '../../test/support/files.ts'
import type { FieldtrialError } from '../core/errors.ts'
import type { Notice } from '../core/progress.ts'
import { openCollection } from './open.ts'
import type { CollectionSpec } from './spec.ts'
import type { Document } from './types.ts'

const context = { cacheDir: '/nonexistent' }

async function open(files: Record<string, string | Uint8Array>, spec: Partial<CollectionSpec> = {}) {
  const source = await folderOf(files)
  const notices: Notice[] = []
  const collection = await openCollection(
    { source, ...spec },
    { ...context, onNotice: (notice) => void notices.push(notice) },
  )
  return { collection, notices, source }
}

async function documentsOf(collection: { documents(): AsyncIterable<Document> }): Promise<Document[]> {
  const all: Document[] = []
  for await (const document of collection.documents()) all.push(document)
  return all
}

async function failure(work: Promise<unknown>): Promise<FieldtrialError> {
  return work.then(
    () => {
      throw new Error('it did not fail')
    },
    (error) => error as FieldtrialError,
  )
}

/** The error that reading a folder's documents, queries and judgments gives. */
async function readFailure(files: Record<string, string | Uint8Array>) {
  return failure(
    (async () => {
      const { collection } = await open({ ...SMALL_BEIR, ...files })
      await collection.queries()
      await documentsOf(collection)
    })(),
  )
}

const SMALL_DOCUMENTS = [
  { id: 'd1', title: 'Wings', text: 'Birds fly.' },
  { id: 'd2', title: '', text: 'Fish swim.' },
  { id: '3', title: '', text: 'Dogs run.' },
]

test('reads a BEIR folder: judged queries in file order, ids of numbers as text, titles optional', async () => {
  const { collection, source } = await open(SMALL_BEIR, { name: 'small' })
  expect(await documentsOf(collection)).toEqual(SMALL_DOCUMENTS)
  expect(await documentsOf(collection)).toEqual(SMALL_DOCUMENTS)
  expect(await collection.queries()).toEqual([
    { id: 'q1', text: 'what flies' },
    { id: 'q2', text: 'what swims' },
  ])
  expect(await collection.qrels()).toEqual(
    new Map([
      ['q1', new Map([['d1', 1]])],
      [
        'q2',
        new Map([
          ['d2', 2],
          ['3', 0],
        ]),
      ],
    ]),
  )
  expect(collection).toMatchObject({ name: 'small', source, split: 'test', removeSelf: false, limit: null })
  expect(collection.sourceFiles()).toHaveLength(3)
})

test('reads the same out of compressed files, and out of files with a byte order mark and CRLF', async () => {
  const gz = Object.fromEntries(Object.entries(SMALL_BEIR).map(([name, content]) => [`${name}.gz`, content]))
  const crlf = Object.fromEntries(
    Object.entries(SMALL_BEIR).map(([name, content]) => [name, `\uFEFF${content.replaceAll('\n', '\r\n')}\r\n`]),
  )
  for (const files of [gz, crlf]) {
    const { collection } = await open(files)
    expect(await documentsOf(collection)).toEqual(SMALL_DOCUMENTS)
    expect((await collection.qrels()).get('q2')).toEqual(
      new Map([
        ['d2', 2],
        ['3', 0],
      ]),
    )
  }
})

test('takes one of two formats of the same part', async () => {
  const { collection } = await open({ ...SMALL_BEIR, 'corpus.jsonl.gz': SMALL_BEIR['corpus.jsonl'] })
  expect(await documentsOf(collection)).toHaveLength(3)
})

test('does without the header of qrels that BEIR itself would lose a line to, and follows its order', async () => {
  const bare = await open({ ...SMALL_BEIR, 'qrels/test.tsv': 'q1\td1\t1\nq2\td2\t2\n' })
  expect((await bare.collection.qrels()).get('q1')).toEqual(new Map([['d1', 1]]))
  const turned = await open({ ...SMALL_BEIR, 'qrels/test.tsv': 'corpus-id\tscore\tquery-id\nd1\t1\tq1\n' })
  expect(await turned.collection.qrels()).toEqual(new Map([['q1', new Map([['d1', 1]])]]))
})

test('uses the only split and says so; lists the splits otherwise', async () => {
  const { 'qrels/test.tsv': qrels, ...rest } = SMALL_BEIR
  const only = await open({ ...rest, 'qrels/dev.tsv': qrels })
  expect(only.collection.split).toBe('dev')
  expect(only.notices).toMatchObject([{ code: 'collection.split' }])
  const validation = await open({ ...SMALL_BEIR, 'qrels/validation.tsv': qrels }, { split: 'dev' })
  expect(validation.collection.split).toBe('validation')
  const error = await failure(open({ ...SMALL_BEIR, 'qrels/train.tsv': qrels }, { split: 'tarin' }))
  expect(error.code).toBe('DATA_MISSING')
  expect(error.message).toContain('it has test, train')
  expect(error.hint).toContain('Did you mean train?')
})

test('finds the collection in a zip, with a folder around it', async () => {
  const source = await folderOf({ 'small.zip': zipOf({ ...prefixed('small/', SMALL_BEIR) }) })
  const collection = await openCollection({ source: join(source, 'small.zip') }, context)
  expect(collection.name).toBe('small')
  expect(await documentsOf(collection)).toEqual(SMALL_DOCUMENTS)
  expect(await collection.queries()).toHaveLength(2)
  await writeFile(join(source, 'bad.zip'), 'PK no zip at all')
  expect(await failure(openCollection({ source: join(source, 'bad.zip') }, context))).toMatchObject({
    code: 'DATA_INVALID',
  })
  const bytes = zipOf(SMALL_BEIR)
  // The content of the first entry, corpus.jsonl, begins after its header and name.
  bytes.fill(0xff, 30 + 'corpus.jsonl'.length, 30 + 'corpus.jsonl'.length + 20)
  await writeFile(join(source, 'damaged.zip'), bytes)
  const damaged = await openCollection({ source: join(source, 'damaged.zip') }, context)
  const error = await failure(documentsOf(damaged))
  expect(error.code).toBe('DATA_INVALID')
  expect(error.message).toContain('damaged.zip/corpus.jsonl is damaged')
})

test('asks which of several collections is meant', async () => {
  const files = { ...prefixed('forums/android/', SMALL_BEIR), ...prefixed('forums/unix/', SMALL_BEIR) }
  const error = await failure(open(files))
  expect(error.hint).toContain('android, unix')
  const { collection } = await open(files, { subset: 'unix' })
  expect(collection.sourceFiles().every((file) => file.includes('unix'))).toBe(true)
  expect((await failure(open(files, { subset: 'unx' }))).hint).toContain('Did you mean unix?')
})

test.each<[string, Record<string, string | Uint8Array>, string | RegExp]>([
  [
    'broken JSON',
    { 'corpus.jsonl': `{"_id": "a", "text": "x"}\n\n{"_id": "b", "text": nothing}\n` },
    /corpus\.jsonl:3:22: broken JSON: \{"_id": "b"/,
  ],
  ['a cut line', { 'corpus.jsonl': `{"_id": "a", "text": "x"}\n{"_id": "b", "te` }, /corpus\.jsonl:2:\d+: broken JSON/],
  ['an array', { 'corpus.jsonl': '[1]\n' }, 'corpus.jsonl:1: a JSON object was expected'],
  [
    'no id',
    { 'corpus.jsonl': '{"text": "x"}\n' },
    'corpus.jsonl:1: the field "_id" or "id" is missing (the record has "text")',
  ],
  [
    'no text',
    { 'corpus.jsonl': '{"_id": "1", "contents": "x"}\n' },
    'the field "text" is missing (the record has "_id", "contents")',
  ],
  [
    'text of another type',
    { 'corpus.jsonl': '{"_id": "1", "text": ["x"]}\n' },
    'the field "text" is not text but an array: ["x"]',
  ],
  ['null text', { 'corpus.jsonl': '{"_id": "1", "text": null}\n' }, 'the field "text" is null'],
  [
    'an id that lost digits',
    { 'corpus.jsonl': '{"_id": 12345678901234567890, "text": "x"}\n' },
    'the field "_id" is no id',
  ],
  [
    'Latin-1 bytes',
    { 'corpus.jsonl': Buffer.from('{"_id": "1", "text": "x"}\n{"_id": "2", "text": "caf\xe9"}\n', 'latin1') },
    'corpus.jsonl:2: the line is not valid UTF-8',
  ],
  ['UTF-16', { 'corpus.jsonl': Buffer.from('\uFEFF{"_id": "1"}\n', 'utf16le') }, 'is UTF-16 text'],
  [
    'the same query id twice',
    { 'queries.jsonl': jsonl({ _id: 'q1', text: 'a' }, { _id: 'q1', text: 'b' }) },
    'the query id "q1" stands already at',
  ],
  ['no judged query', { 'queries.jsonl': jsonl({ _id: 'x', text: 'a' }) }, 'None of the 2 judged queries'],
  ['no judgments', { 'qrels/test.tsv': 'query-id\tcorpus-id\tscore\n' }, 'The split test of'],
  ['TREC qrels in BEIR layout', { 'qrels/test.tsv': 'q1 0 d1 1\n' }, 'qrels/test.tsv:1: three cells'],
  [
    'a grade that is no number',
    { 'qrels/test.tsv': 'q1\td1\t1\nq1\td2\thigh\n' },
    'test.tsv:2: the relevance grade is not a whole number: high',
  ],
  ['half a grade', { 'qrels/test.tsv': 'q1\td1\t0.5\n' }, 'not a whole number: 0.5'],
  [
    'contradicting judgments',
    { 'qrels/test.tsv': 'q1\td1\t1\nq1\td1\t0\n' },
    'test.tsv:2: query "q1" and document "d1" were judged 1 before and 0 here',
  ],
])('refuses %s', async (_, files, message) => {
  const error = await readFailure(files)
  expect(error.code).toBe('DATA_INVALID')
  expect(error.message).toMatch(message)
  expect(error.hint).toBeTruthy()
})

test('refuses a compressed file that is cut short', async () => {
  const whole = gzipSync(SMALL_BEIR['corpus.jsonl'].repeat(100))
  const { 'corpus.jsonl': _, ...rest } = SMALL_BEIR
  const { collection } = await open({ ...rest, 'corpus.jsonl.gz': whole.subarray(0, whole.length - 20) })
  expect((await failure(documentsOf(collection))).message).toContain('cut short')
})

test('names what is missing of a collection', async () => {
  const { 'qrels/test.tsv': _, ...withoutQrels } = SMALL_BEIR
  expect((await failure(open(withoutQrels))).message).toContain('holds no qrels')
  expect((await failure(open({ 'queries.jsonl': '' }))).message).toContain('holds no corpus')
  expect(await failure(openCollection({ source: '/no/such/folder' }, context))).toMatchObject({ code: 'DATA_MISSING' })
})

test('leaves judged queries without text out, as a finding', async () => {
  const { collection } = await open({ ...SMALL_BEIR, 'qrels/test.tsv': 'q1\td1\t1\ngone\td1\t1\nq1\td1\t1\n' })
  expect([...(await collection.qrels()).keys()]).toEqual(['q1'])
  expect(await collection.readFindings()).toMatchObject([
    { code: 'queries.absent', count: 1, of: 2, examples: ['gone'] },
    { code: 'qrels.repeated', count: 1, of: 3 },
  ])
})

test('a folder called like ArguAna drops a query’s own document unless told otherwise', async () => {
  const source = join(await folderOf(prefixed('arguana/', SMALL_BEIR)), 'arguana')
  expect((await openCollection({ source }, context)).removeSelf).toBe(true)
  expect((await openCollection({ source, removeSelf: false }, context)).removeSelf).toBe(false)
})

test('a smoke run keeps the first queries, their documents and some others, the same every time', async () => {
  const ids = Array.from({ length: 3000 }, (_, i) => i)
  const source = await folderOf({
    'corpus.jsonl': jsonl(...ids.map((i) => ({ _id: `d${i}`, text: `text ${i}` }))),
    'queries.jsonl': jsonl(...ids.map((i) => ({ _id: `q${i}`, text: `query ${i}` }))),
    'qrels/test.tsv': ids.map((i) => `q${i}\td${2999 - i}\t1\n`).join(''),
  })
  const collection = await openCollection({ source }, { ...context, limit: 3 })
  const kept = (await documentsOf(collection)).map(({ id }) => id)
  expect(await collection.queries()).toHaveLength(3)
  expect([...(await collection.qrels()).keys()]).toEqual(['q0', 'q1', 'q2'])
  expect(kept).toHaveLength(1000)
  expect(kept.slice(-4)).toEqual(['d996', 'd2997', 'd2998', 'd2999'])
  expect(collection.limit).toBe(3)
  await expect(openCollection({ source }, { ...context, limit: 0 })).rejects.toMatchObject({ code: 'USAGE' })
})

function prefixed(prefix: string, files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [prefix + name, content]))
}

/** A zip archive: local headers, deflated contents, central directory, end record. */
function zipOf(files: Readonly<Record<string, string>>): Uint8Array {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [name, content] of Object.entries(files)) {
    const [nameBytes, whole] = [Buffer.from(name), Buffer.from(content)]
    const data = deflateRawSync(whole)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(crc32(whole), 10)
    common.writeUInt32LE(data.length, 14)
    common.writeUInt32LE(whole.length, 18)
    common.writeUInt16LE(nameBytes.length, 22)
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(offset, 10)
    parts.push(Buffer.from('PK\x03\x04', 'latin1'), common, nameBytes, data)
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, tail, nameBytes)
    offset += 30 + nameBytes.length + data.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  const count = Object.keys(files).length
  end.writeUInt16LE(count, 8)
  end.writeUInt16LE(count, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, central, end])
}

test('a file that cannot be read is named', async () => {
  const { collection, source } = await open(SMALL_BEIR)
  const corpus = join(source, 'corpus.jsonl')
  await rm(corpus)
  await symlink(corpus, corpus)
  expect(await failure(documentsOf(collection))).toMatchObject({
    code: 'DATA_MISSING',
    message: `${corpus} cannot be read (ELOOP).`,
  })
})
