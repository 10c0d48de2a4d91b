import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/files.ts'
import type { Item } from '../item.ts'
import { type CollectionOptions, writeCollection } from './beir.ts'

const item = (id: string, text: string, query?: string, group = id): Item => ({
  id,
  title: '',
  text,
  queries: query === undefined ? [] : [{ text: query, group }],
})

async function write(items: readonly Item[], options: CollectionOptions = {}, out?: string) {
  const folder = out ?? join(await temporaryFolder(), 'made')
  const made = { what: 'test', source: 'here', options: {} }
  const card = await writeCollection(folder, made, options, async function* () {
    yield* items
    return { items: items.length }
  })
  const records = async (name: string) =>
    (await readFile(join(folder, name), 'utf8'))
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  const qrels = Object.fromEntries(
    await Promise.all(
      (await readdir(join(folder, 'qrels')).catch(() => [])).map(async (name) => [
        name,
        (await readFile(join(folder, 'qrels', name), 'utf8')).split('\n').slice(1, -1),
      ]),
    ),
  )
  return { card, folder, documents: await records('corpus.jsonl'), queries: await records('queries.jsonl'), qrels }
}

/** Names of groups that go to these splits under the default options. */
const TRAIN = ['g0', 'g2'] as const
const ALL_TEST = { test: 1, dev: 0 }

test('identical documents are one, and every query of theirs asks for it', async () => {
  const { documents, queries, qrels, card } = await write(
    [
      item('a b#f', 'same', 'one query'),
      item('c', 'same', 'another query'),
      item('d', ' ', 'of nothing'),
      item('a b#f', 'other text', 'One  Query.'),
    ],
    ALL_TEST,
  )
  expect(documents.map((document) => document._id)).toEqual(['a%20b#f', 'a%20b#f~2'])
  expect(queries.map((query) => query.text)).toEqual(['one query', 'another query'])
  const [one, another] = queries.map((query) => query._id)
  expect(qrels['test.tsv']).toEqual([`${one}\ta%20b#f\t1`, `${one}\ta%20b#f~2\t1`, `${another}\ta%20b#f\t1`])
  expect(card.counts).toEqual({
    documents: 2,
    queries: { train: 0, dev: 0, test: 2 },
    judgments: { train: 0, dev: 0, test: 3 },
  })
  expect(Object.keys(card.skipped)).toEqual(['document identical to another', 'empty document'])
})

test('what would leak from split to split is left out, whichever comes first', async () => {
  const groups = Array.from({ length: 40 }, (_, i) => item(`g${i}`, `text ${i}`, `query number ${i}`))
  const { qrels, queries } = await write(groups)
  const ofSplit = (name: string) =>
    queries
      .filter(({ _id }) => qrels[name].some((line: string) => line.startsWith(_id)))
      .map(({ text }) => Number(text.slice(13)))
  const [train, tests] = [ofSplit('train.tsv'), ofSplit('test.tsv')]
  const [a, b, c] = [`g${train[0]}`, `g${tests[0]}`, `g${train[1]}`]
  const leaking = await write([
    item('1', 'same text', 'asks for it', a),
    item('2', 'same text', 'asks otherwise', b),
    item('3', 'text three', 'same question', a),
    item('4', 'text four', 'Same question', b),
    item('5', 'text five', 'stays here', c),
  ])
  expect(leaking.queries.map((query) => query.text)).toEqual(['stays here'])
  expect(leaking.documents).toHaveLength(4)
  expect(
    Object.fromEntries(Object.entries(leaking.card.skipped).map(([reason, { count }]) => [reason, count])),
  ).toEqual({
    'document identical to another': 1,
    'document in files of several splits': 2,
    'query in files of several splits': 1,
  })
})

test('queries with too many answers go; parts of one thing are one answer', async () => {
  const many = Array.from({ length: 4 }, (_, i) => item(`d${i}`, `text ${i}`, 'returns the value'))
  const { queries, card } = await write(many, { ...ALL_TEST, maxRelevant: 3 })
  expect(queries).toEqual([])
  expect(card.skipped['query with too many answers']?.count).toBe(1)
  const parts = Array.from({ length: 4 }, (_, i) => ({
    ...item(`d${i}`, `text ${i}`),
    queries: [{ text: 'heading', group: 'g', target: 'section' }],
  }))
  expect((await write(parts, { ...ALL_TEST, maxRelevant: 3 })).qrels['test.tsv']).toHaveLength(4)
})

test('long documents are cut at a line, and counted', async () => {
  const text = Array.from({ length: 30 }, (_, i) => `line ${i}`).join('\n')
  const { documents, card } = await write([item('d', text)], { maxChars: 100 })
  expect(documents[0].text).toMatch(/^line 0\n[\s\S]*line 12$/)
  expect(card.skipped['end of a long document']).toEqual({ count: 1, examples: ['d'] })
})

test('the same items give the same bytes, and one more item moves no query', async () => {
  const items = Array.from({ length: 50 }, (_, i) => item(`g${i}`, `text ${i}`, `query number ${i}`))
  const [first, second, more] = [
    await write(items),
    await write(items),
    await write([item('new', 'new', 'new one'), ...items]),
  ]
  for (const name of ['corpus.jsonl', 'queries.jsonl', 'qrels/train.tsv', 'qrels/test.tsv', 'collection.json'])
    expect(await readFile(join(first.folder, name), 'utf8')).toBe(await readFile(join(second.folder, name), 'utf8'))
  for (const [name, lines] of Object.entries(first.qrels))
    expect(more.qrels[name]).toEqual(expect.arrayContaining(lines as string[]))
})

test('only what this tool made is replaced, and a failure leaves everything as it was', async () => {
  const { folder } = await write([item(TRAIN[0], 'old text')])
  const again = await write([item(TRAIN[1], 'new text')], {}, folder)
  expect(again.documents[0].text).toBe('new text')
  const fails = writeCollection(folder, { what: 'test', source: '', options: {} }, {}, async function* () {
    yield item('x', 'half')
    throw new Error('stop')
  })
  await expect(fails).rejects.toThrow('stop')
  expect(await readFile(join(folder, 'corpus.jsonl'), 'utf8')).toContain('new text')
  expect(await readdir(dirname(folder))).toEqual(['made'])

  const foreign = join(await temporaryFolder(), 'mine')
  await mkdir(foreign)
  await writeFile(join(foreign, 'thesis.txt'), 'years of work')
  await expect(write([], {}, foreign)).rejects.toMatchObject({ code: 'USAGE' })
  await writeFile(join(foreign, 'collection.json'), '{"madeBy": "someone else"}')
  await expect(write([], {}, foreign)).rejects.toMatchObject({ code: 'USAGE' })
  expect(await readdir(foreign)).toEqual(['collection.json', 'thesis.txt'])
})

test('a source that cannot be read is told as such, not as an output that cannot be written', async () => {
  const at = await temporaryFolder()
  const lost = join(at, 'source', 'lost.csv')
  const reading = writeCollection(join(at, 'made'), { what: 'test', source: at, options: {} }, {}, async function* () {
    yield item('a', await readFile(lost, 'utf8'))
    return {}
  })
  await expect(reading).rejects.toMatchObject({ code: 'DATA_MISSING', message: `${lost} cannot be read (ENOENT).` })
  await writeFile(join(at, 'file'), '')
  const writing = writeCollection(
    join(at, 'file', 'made'),
    { what: 'test', source: at, options: {} },
    {},
    async function* () {
      yield item('a', 'text')
      return {}
    },
  )
  await expect(writing).rejects.toMatchObject({ code: expect.stringMatching(/NOT_WRITABLE|USAGE/) })
})

test('a file that somebody put into a collection is not lost when it is made again', async () => {
  const { folder } = await write([item('a', 'text', 'a query')], ALL_TEST)
  await write([item('b', 'other text', 'a query')], ALL_TEST, folder)
  await writeFile(join(folder, 'notes.txt'), 'mine')
  await expect(write([item('c', 'third text', 'a query')], ALL_TEST, folder)).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('holds notes.txt that'),
  })
  expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe('mine')
  expect(await readFile(join(folder, 'corpus.jsonl'), 'utf8')).toContain('other text')
})
