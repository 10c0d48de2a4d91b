import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folderOf, jsonl, temporaryFolder } from '../../../../test/support/files.ts'
import { openCollection } from '../../open.ts'
import type { Document } from '../../types.ts'
import { collectPairs } from './pairs.ts'
import { collectTable } from './table.ts'

async function contentOf(folder: string) {
  const collection = await openCollection({ source: folder }, { cacheDir: folder })
  const documents: Document[] = []
  for await (const document of collection.documents()) documents.push(document)
  const qrels = await collection.qrels()
  const texts = new Map(documents.map(({ id, text }) => [id, text]))
  const answers = Object.fromEntries(
    (await collection.queries()).map(({ id, text }) => [
      text,
      Object.fromEntries([...qrels.get(id)!].map(([document, grade]) => [texts.get(document), grade])),
    ]),
  )
  return { documents, answers }
}

const ALL = { test: 1, dev: 0 }
const out = async () => join(await temporaryFolder(), 'out')

describe('a table', () => {
  test('columns are found out; rows without a query are documents', async () => {
    const folder = await folderOf({
      'faq.csv': 'Question,Answer,Other\nWhat is it?,A pump.,x\n,A valve.,y\nAnd this?,"A hose,\nlong.",z\n',
    })
    const target = await out()
    const card = await collectTable(join(folder, 'faq.csv'), target, ALL)
    const { documents, answers } = await contentOf(target)
    expect(documents.map(({ id }) => id)).toEqual(['faq.csv:1', 'faq.csv:2', 'faq.csv:3'])
    expect(answers).toEqual({ 'What is it?': { 'A pump.': 1 }, 'And this?': { 'A hose,\nlong.': 1 } })
    expect(card.contents).toEqual({ rows: 3, columns: { query: 'Question', text: ['Answer'], id: null } })
  })

  test('equal texts under different titles are two documents; a query is no part of its document', async () => {
    const folder = await folderOf({
      'p.csv':
        'name,maker,text\nThe red one,A,See the manual.\nThe blue one,B,See the manual.\nAgain,B,See the manual.\n',
    })
    const target = await out()
    const file = join(folder, 'p.csv')
    await collectTable(file, target, { ...ALL, query: 'name', text: ['text'], title: 'maker' })
    expect((await contentOf(target)).documents.map(({ title }) => title)).toEqual(['A', 'B'])
    for (const options of [
      { query: 'name', text: ['text', 'name'] },
      { query: 'name', title: 'name', text: ['text'] },
    ])
      await expect(collectTable(file, await out(), options)).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining('"name" is query and document at once'),
      })
    await expect(collectPairs(file, await out(), { query: 'name', text: 'name' })).rejects.toMatchObject({
      code: 'USAGE',
    })
  })

  test('columns are named; several make one text; rows of a group stay together', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => ({
      sku: i,
      name: `Part number ${i}`,
      a: `text ${i}`,
      b: ['x', 'y'],
      maker: `m${i % 3}`,
    }))
    const folder = await folderOf({ 'parts.jsonl': jsonl(...rows) })
    const target = await out()
    await collectTable(join(folder, 'parts.jsonl'), target, {
      query: 'name',
      text: ['a', 'b'],
      title: 'maker',
      id: 'sku',
      splitBy: 'maker',
      test: 0.5,
      dev: 0,
    })
    for (const split of ['test', 'train']) {
      const collection = await openCollection({ source: target, split }, { cacheDir: target })
      const makers = new Set((await collection.queries()).map(({ text }) => Number(text.slice(12)) % 3))
      expect(await collection.queries()).toHaveLength(makers.size * 20)
    }
    expect((await contentOf(target)).documents[7]).toEqual({ id: '7', title: 'm1', text: 'text 7\nx\ny' })
  })

  test('what cannot be: unknown columns, none to be found, no rows, no text', async () => {
    const folder = await folderOf({
      'a.csv': 'x,y\n1,2\n',
      'empty.csv': 'query,text\n',
      'o.jsonl': '{"query":"a b","text":{"c":1}}\n',
    })
    const make = async (name: string, options = {}) => collectTable(join(folder, name), await out(), options)
    await expect(make('a.csv')).rejects.toMatchObject({ code: 'USAGE', hint: 'Name it with --query; there are x, y.' })
    await expect(make('a.csv', { query: 'z' })).rejects.toMatchObject({ code: 'USAGE' })
    await expect(make('empty.csv')).rejects.toMatchObject({ code: 'DATA_INVALID' })
    await expect(make('o.jsonl')).rejects.toMatchObject({ code: 'DATA_INVALID', where: { line: 1, field: 'text' } })
    await expect(make('gone.csv')).rejects.toMatchObject({ code: 'DATA_MISSING' })
  })
})

describe('pairs', () => {
  test('equal queries and documents are one; grades; lists of positives', async () => {
    const folder = await folderOf({
      'p.tsv':
        'anchor\tpositive\tlabel\nq one\tdoc a\t1\nQ one\tdoc b\t2\nq two\tdoc a\t1\nq two\tdoc c\t0\nq three\tdoc d\t0\n',
      'l.jsonl': jsonl({ query: 'q one', pos: ['doc a', 'doc b'] }),
    })
    const [tsv, list] = [await out(), await out()]
    const card = await collectPairs(join(folder, 'p.tsv'), tsv, ALL)
    expect((await contentOf(tsv)).answers).toEqual({
      'q one': { 'doc a': 1, 'doc b': 2 },
      'q two': { 'doc a': 1, 'doc c': 0 },
    })
    expect(card.skipped['query without a relevant document']).toEqual({ count: 1, examples: ['q three'] })
    await collectPairs(join(folder, 'l.jsonl'), list, ALL)
    expect((await contentOf(list)).answers).toEqual({ 'q one': { 'doc a': 1, 'doc b': 1 } })
  })

  test('splits are by query: none is in two, and documents may be', async () => {
    const rows = Array.from({ length: 200 }, (_, i) => ({ query: `query ${i % 100}`, text: `document ${i % 7}` }))
    const folder = await folderOf({ 'p.jsonl': jsonl(...rows) })
    const target = await out()
    const { counts } = await collectPairs(join(folder, 'p.jsonl'), target, { test: 0.4, dev: 0.2 })
    expect(counts.documents).toBe(7)
    expect(counts.queries.train + counts.queries.dev + counts.queries.test).toBe(100)
    expect(Math.min(...Object.values(counts.queries))).toBeGreaterThan(5)
  })
})
