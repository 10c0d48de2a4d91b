import { createHash } from 'node:crypto'
import { appendFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folderOf, jsonl, temporaryFolder } from '../../test/support/files.ts'
import { openCollection } from './open.ts'
import { summarise } from './summary.ts'
import { collectionState, summariseCached } from './summary-cache.ts'
import type { Document } from './types.ts'

const PICTURE = Buffer.from('\x89PNG\r\n not really \xff', 'latin1')
const OTHER = Buffer.from('another picture')
const FILES = {
  'corpus.jsonl': jsonl(
    { _id: 'a', title: '', text: '', image: 'images/a.png' },
    { _id: 'b', text: 'a caption', image: './images/b.png' },
    { _id: 'c', text: 'words only' },
  ),
  'queries.jsonl': jsonl({ _id: 'q', text: 'which' }),
  'qrels/test.tsv': 'q\ta\t1\n',
  'images/a.png': PICTURE,
  'images/b.png': OTHER,
}

const open = (source: string) => openCollection({ source }, { cacheDir: source })

async function documentsOf(source: string): Promise<Document[]> {
  const documents: Document[] = []
  for await (const document of (await open(source)).documents()) documents.push(document)
  return documents
}

describe('a folder with pictures', () => {
  test('gives them by path, and reads them when asked', async () => {
    const [a, b, c] = await documentsOf(await folderOf(FILES))
    expect(a).toMatchObject({ id: 'a', title: '', text: '', image: { path: 'images/a.png' } })
    expect(Buffer.from(await a!.image!.bytes())).toEqual(PICTURE)
    expect(b).toMatchObject({ text: 'a caption' })
    expect(Buffer.from(await b!.image!.bytes())).toEqual(OTHER)
    expect(c).toEqual({ id: 'c', title: '', text: 'words only' })
  })

  test('counts what the documents are, and hashes the pictures’ content', async () => {
    const summary = await summarise(await open(await folderOf(FILES)))
    expect(summary.modalities).toEqual({
      documents: { text: 1, image: 1, both: 1, empty: 0 },
      queries: { text: 1, image: 0, both: 0, empty: 0 },
    })
    const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
    const lines = [
      ['a', '', '', hash(PICTURE)],
      ['b', '', 'a caption', hash(OTHER)],
      ['c', '', 'words only'],
    ]
    const whole = createHash('sha256').update(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    expect(summary.corpusHash).toBe(whole.digest('hex'))
    expect(summary.findings).toContainEqual(
      expect.objectContaining({ code: 'documents.image-only', level: 'warning', count: 1, of: 3, examples: ['a'] }),
    )
    const codes = summary.findings.map(({ code }) => code)
    expect(codes).not.toContain('documents.empty')
    expect(codes).not.toContain('documents.duplicate-text')
  })

  test('tells pictures apart that have no words, and finds those that are the same', async () => {
    const corpus = (second: string) =>
      jsonl({ _id: 'a', text: '', image: 'images/a.png' }, { _id: 'b', text: '', image: second })
    const codes = async (second: string) => {
      const files = { ...FILES, 'corpus.jsonl': corpus(second), 'images/again.png': PICTURE }
      return (await summarise(await open(await folderOf(files)))).findings.map(({ code }) => code)
    }
    expect(await codes('images/b.png')).not.toContain('documents.duplicate-text')
    expect(await codes('images/again.png')).toContain('documents.duplicate-text')
  })

  test('a picture that changes changes the state of the collection, so its summary is made anew', async () => {
    const source = await folderOf(FILES)
    const cache = await temporaryFolder()
    const before = await summariseCached(await open(source), cache)
    const state = await collectionState(await open(source))
    await appendFile(join(source, 'images/a.png'), 'x')
    expect(await collectionState(await open(source))).not.toBe(state)
    expect((await summariseCached(await open(source), cache)).corpusHash).not.toBe(before.corpusHash)
  })

  test('a picture at a web address is none', async () => {
    const files = { ...FILES, 'corpus.jsonl': jsonl({ _id: 'a', text: 'x', image: 'https://example.org/a.png' }) }
    expect(await documentsOf(await folderOf(files))).toEqual([{ id: 'a', title: '', text: 'x' }])
  })

  test('one that is not there, or is empty, is told with its place where it is read, and no other record with it', async () => {
    const source = await folderOf(FILES)
    const shown = async () => (await documentsOf(source)).find(({ image }) => image?.path === './images/b.png')!.image!
    const whole = await summarise(await open(source))
    await rm(join(source, 'images/b.png'))
    await expect((await shown()).bytes()).rejects.toMatchObject({
      code: 'DATA_MISSING',
      message: expect.stringMatching(/no picture \.\/images\/b\.png .*corpus\.jsonl:2/),
    })
    // Retrievers of text can do without it.
    const without = await summarise(await open(source))
    expect(without.documents).toBe(3)
    expect(without.findings).toContainEqual({
      code: 'documents.picture-missing',
      level: 'warning',
      count: 1,
      of: 3,
      message: '1 of 3 documents name a picture that is not there.',
      examples: ['b'],
    })
    expect(whole.findings.map(({ code }) => code)).not.toContain('documents.picture-missing')
    await writeFile(join(source, 'images/b.png'), '')
    await expect((await shown()).bytes()).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: expect.stringContaining('corpus.jsonl:2: the picture is empty'),
    })
    const empty = await summarise(await open(source))
    expect(empty.findings.map(({ code }) => code)).not.toContain('documents.picture-missing')
    expect(new Set([whole, without, empty].map(({ corpusHash }) => corpusHash)).size).toBe(3)
  })

  test('two that are not there are not the same picture', async () => {
    const gone = (name: string) => ({ _id: name, text: '', image: `images/${name}.png` })
    const files = { ...FILES, 'corpus.jsonl': jsonl(gone('a'), gone('x'), gone('y')) }
    const { findings } = await summarise(await open(await folderOf(files)))
    expect(findings.map(({ code }) => code)).not.toContain('documents.duplicate-text')
    expect(findings).toContainEqual(
      expect.objectContaining({ code: 'documents.picture-missing', examples: ['x', 'y'] }),
    )
  })

  test.each(['../secret.png', '/etc/passwd', 'C:\\a.png', 'images/../../a.png', 'file:///a.png'])(
    'refuses %s, which lies elsewhere',
    async (image) => {
      const source = await folderOf({ ...FILES, 'corpus.jsonl': jsonl({ _id: 'a', text: '', image }) })
      await expect(documentsOf(source)).rejects.toMatchObject({
        code: 'DATA_INVALID',
        message: expect.stringContaining('does not lie in the folder'),
      })
    },
  )

  test('refuses what is no picture', async () => {
    const source = await folderOf({ ...FILES, 'corpus.jsonl': jsonl({ _id: 'a', text: '', image: { url: 'x' } }) })
    await expect(documentsOf(source)).rejects.toMatchObject({
      code: 'DATA_INVALID',
      where: expect.objectContaining({ field: 'image', line: 1 }),
    })
  })
})

test('queries may be pictures too, there or not', async () => {
  const source = await folderOf({
    ...FILES,
    'queries.jsonl': jsonl({ _id: 'q', image: 'images/a.png' }),
    'qrels/test.tsv': 'q\tc\t1\n',
  })
  const collection = await open(source)
  const [query] = await collection.queries()
  expect(query).toMatchObject({ id: 'q', text: '', image: { path: 'images/a.png' } })
  const { modalities, findings, queriesHash } = await summarise(collection)
  expect(modalities.queries).toEqual({ text: 0, image: 1, both: 0, empty: 0 })
  expect(findings.map(({ code }) => code)).toContain('queries.image-only')
  await rm(join(source, 'images/a.png'))
  const gone = await summarise(await open(source))
  expect(gone.findings).toContainEqual(expect.objectContaining({ code: 'queries.picture-missing', examples: ['q'] }))
  expect(gone.queriesHash).not.toBe(queriesHash)
})
