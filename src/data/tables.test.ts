import { expect, test } from 'vitest'
import { folderOf, jsonl } from '../../test/support/files.ts'
import { openCollection } from './open.ts'
import type { CollectionSpec } from './spec.ts'
import { summarise } from './summary.ts'
import type { Document } from './types.ts'

const context = { cacheDir: '/nonexistent' }

async function read(files: Record<string, string>, spec: Omit<CollectionSpec, 'source'>) {
  const collection = await openCollection({ source: await folderOf(files), ...spec }, context)
  const documents: Document[] = []
  for await (const document of collection.documents()) documents.push(document)
  return { documents, queries: await collection.queries(), qrels: await collection.qrels(), collection }
}

const QRELS = 'q1 0 d1 1\nq2 0 d2 2\nq2 0 d3 -1\n'
const FILES = { documents: 'docs', queries: 'topics', qrels: 'qrels' }

test('CSV with named columns: quotes, line breaks, commas, a byte order mark', async () => {
  const { documents, queries, qrels } = await read(
    {
      'd.csv':
        '\uFEFFurl,heading,body,extra\r\nd1,"A, B","He said ""fly"".\nTwice.",x\r\nd2,,"plain ""inner"" text",y\r\n',
      'q.csv': 'number,question\nq1,what?\n',
      'r.csv': 'topic,url,level\nq1,d1,3\n',
    },
    {
      files: { documents: 'd.csv', queries: 'q.csv', qrels: 'r.csv' },
      columns: {
        id: 'url',
        title: 'heading',
        text: 'body',
        queryId: 'number',
        queryText: 'question',
        judgmentQuery: 'topic',
        judgmentDocument: 'url',
        grade: 'level',
      },
    },
  )
  expect(documents).toEqual([
    { id: 'd1', title: 'A, B', text: 'He said "fly".\nTwice.' },
    { id: 'd2', title: '', text: 'plain "inner" text' },
  ])
  expect(queries).toEqual([{ id: 'q1', text: 'what?' }])
  expect(qrels).toEqual(new Map([['q1', new Map([['d1', 3]])]]))
})

test('MS MARCO’s files: TSV without header and with bare quotes, TREC qrels', async () => {
  const { documents, queries, qrels } = await read(
    {
      'collection.tsv': '0\tThe "Manhattan Project\n1\tcell wall\n',
      'queries.tsv': '7\t"what is it\n8\tnobody judged this\n',
      'qrels.txt': '7 0 1 1\n',
    },
    {
      files: { documents: 'collection.tsv', queries: 'queries.tsv', qrels: 'qrels.txt' },
      columns: { id: '1', text: '2' },
    },
  )
  expect(documents).toEqual([
    { id: '0', title: '', text: 'The "Manhattan Project' },
    { id: '1', title: '', text: 'cell wall' },
  ])
  expect(queries).toEqual([{ id: '7', text: '"what is it' }])
  expect(qrels).toEqual(new Map([['7', new Map([['1', 1]])]]))
})

test('JSONL with fields of other names', async () => {
  const { documents } = await read(
    { 'docs.jsonl': jsonl({ docid: 9, contents: 'x' }), 'q.tsv': 'q1\twhat\n', 'r.txt': 'q1 0 9 1\n' },
    {
      format: 'trec',
      files: { documents: 'docs.jsonl', queries: 'q.tsv', qrels: 'r.txt' },
      columns: { id: 'docid', text: 'contents' },
    },
  )
  expect(documents).toEqual([{ id: '9', title: '', text: 'x' }])
})

test('TREC documents, topics and qrels', async () => {
  const { documents, queries, qrels } = await read(
    {
      docs: [
        '<?xml version="1.0"?>\n<DOC>\n<DOCNO> d1 </DOCNO>\n<HEADLINE>Birds &amp; wings</HEADLINE>',
        '<TEXT>\nThey <i>fly</i>,\n&#8212; 3 < 4.\n</TEXT>\n</DOC>',
        '<doc><docno>d2</docno><dochdr>http://x.y</dochdr>Fish<!-- not\nthis --> swim</doc><DOC><DOCNO>d3</DOCNO></DOC>',
      ].join('\n'),
      topics:
        '<top>\n<num> Number: q1\n<title> what flies\n</top>\n<top>\n<num> Number: q2\n<title> what swims\n</top>\n',
      qrels: QRELS,
    },
    { format: 'trec', files: FILES },
  )
  expect(documents).toEqual([
    { id: 'd1', title: 'Birds & wings', text: 'They fly , — 3 < 4.' },
    { id: 'd2', title: '', text: 'Fish swim' },
    { id: 'd3', title: '', text: '' },
  ])
  expect(queries).toEqual([
    { id: 'q1', text: 'what flies' },
    { id: 'q2', text: 'what swims' },
  ])
  expect(qrels.get('q2')).toEqual(
    new Map([
      ['d2', 2],
      ['d3', -1],
    ]),
  )
})

test.each([
  ['text outside documents', 'hello\n<DOC></DOC>', 'docs:1: text outside'],
  ['a document without number', '<DOC>\n<TEXT>x</TEXT>\n</DOC>', 'docs:1: this document has no <DOCNO>'],
  [
    'a document without end',
    '<DOC>\n<DOCNO>1</DOCNO>\n</DOC>\n<DOC>\n<DOCNO>2</DOCNO>\n',
    'docs:4: this <DOC> has no </DOC>',
  ],
])('refuses %s', async (_, docs, message) => {
  const topics = '<top>\n<num> q1\n<title> x\n</top>\n'
  await expect(read({ docs, topics, qrels: QRELS }, { format: 'trec', files: FILES })).rejects.toMatchObject({
    code: 'DATA_INVALID',
    message: expect.stringContaining(message),
  })
})

test.each([
  ['a row of too many cells', 'id,text\n1,a\n2,b,c\n', 'd.csv:3'],
  ['an open quote', 'id,text\n1,"a\n', 'd.csv'],
  ['a bare quote inside a cell', 'id,text\n1,a "b" c\n', 'd.csv:2'],
  ['a column twice', 'id,text,text\n1,a,b\n', 'd.csv:1: the column "text" stands there twice'],
  ['a missing column', 'id,body\n1,a\n', 'd.csv:2: the field "text" is missing (the record has "id"'],
  ['an empty id', 'id,text\n,a\n', 'd.csv:2: the field "id" is empty'],
])('refuses CSV with %s', async (_, content, message) => {
  const files = { documents: 'd.csv', queries: 'q.csv', qrels: 'r.tsv' }
  await expect(
    read({ 'd.csv': content, 'q.csv': 'id,text\nq1,x\n', 'r.tsv': 'q1\t1\t1\n' }, { files }),
  ).rejects.toMatchObject({ code: 'DATA_INVALID', message: expect.stringContaining(message) })
})

test('asks for the files where the format does not tell them, and for the one that is missing', async () => {
  const source = await folderOf({ docs: '' })
  await expect(openCollection({ source, format: 'trec' }, context)).rejects.toMatchObject({ code: 'USAGE' })
  const collection = await openCollection({ source, format: 'trec', files: FILES }, context)
  await expect(summarise(collection)).rejects.toMatchObject({ code: 'DATA_MISSING' })
})
