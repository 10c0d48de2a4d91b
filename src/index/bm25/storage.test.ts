import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Document } from '../../data/types.ts'
import { Bm25Index, type Bm25Options } from './index.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bm25-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const documents: Document[] = Array.from({ length: 400 }, (_, i) => ({
  id: `dökument-${i}-\u{1f600}`,
  title: i % 3 === 0 ? '' : `title ${i % 13}`,
  text: `word w${i % 7} über 漢字 ${'often '.repeat(i % 300)}x${i}`,
}))
const queries = ['word w3', 'often', 'title 5 über', '漢字 x17', 'nothing-of-it']

function same(a: Bm25Index, b: Bm25Index): void {
  for (const query of queries) expect(a.search(query, 50)).toEqual(b.search(query, 50))
  expect(a.stats).toEqual(b.stats)
  expect(a.identity).toEqual(b.identity)
}

describe('save and load', () => {
  test.each<Bm25Options>([
    {},
    { multifield: true, weights: { title: 3 } },
    { variant: 'bm25l', delta: 0.7, analyzer: 'unicode' },
  ])('keep everything: %o', async (options) => {
    const index = await Bm25Index.build(documents, options)
    const { bytes } = await index.save(folder)
    const sizes = await Promise.all(
      (await readdir(folder)).map(async (name) => (await readFile(join(folder, name))).length),
    )
    expect(bytes).toBe(sizes.reduce((sum, size) => sum + size, 0))
    const loaded = await Bm25Index.load(folder)
    expect(loaded.options).toEqual(index.options)
    same(loaded, index)
    // It goes on as the other does.
    for (const each of [index, loaded]) {
      await each.add([{ id: 'new', title: '', text: 'word w3 new' }])
      each.delete([documents[3]!.id])
    }
    same(loaded, index)
    await expect(loaded.add([documents[5]!])).rejects.toMatchObject({ code: 'DATA_INVALID' })
  })

  test.each([255, 256, 65_535, 65_536])('a term that stands %i times in a document survives', async (n) => {
    const texts = [n, 1, 0].map((times, i) => ({ id: `${i}`, title: '', text: `pad ${'many '.repeat(times)}` }))
    const index = await Bm25Index.build(texts, { analyzer: 'whitespace' })
    await index.save(folder)
    const loaded = await Bm25Index.load(folder)
    expect(loaded.explain('many', '0').terms).toMatchObject([{ frequency: n, length: n + 1 }])
    expect(loaded.explain('many', '1').terms).toMatchObject([{ frequency: 1, length: 2 }])
    expect(loaded.search('many', 5)).toEqual(index.search('many', 5))
    // Changes keep them too.
    await loaded.add([{ id: 'a', title: '', text: 'many' }])
    loaded.delete(['2'])
    expect(loaded.explain('many', '0').terms).toMatchObject([{ frequency: n, documentFrequency: 3 }])
  })

  test('an index without documents', async () => {
    await (await Bm25Index.build([])).save(folder)
    expect((await Bm25Index.load(folder)).stats.documents).toBe(0)
  })

  test('half surrogate pairs in text survive', async () => {
    const index = await Bm25Index.build([{ id: '1', title: '', text: 'a\ud83d \ude00b a\ud800 c' }], {
      analyzer: 'whitespace',
    })
    await index.save(folder)
    const loaded = await Bm25Index.load(folder)
    for (const query of ['a\ud83d', '\ude00b', 'c']) expect(loaded.search(query, 1)).toEqual(index.search(query, 1))
  })

  test('saving again replaces the old files and leaves no others', async () => {
    const index = await Bm25Index.build(documents.slice(0, 10))
    await index.save(folder)
    const before = await readdir(folder)
    await index.add(documents.slice(10, 20))
    await index.save(folder)
    const after = await readdir(folder)
    expect(after).toHaveLength(before.length)
    same(await Bm25Index.load(folder), index)
  })

  test('a save that was cut off leaves the old index whole', async () => {
    const index = await Bm25Index.build(documents.slice(0, 10))
    await index.save(folder)
    const stop = new AbortController()
    stop.abort()
    await index.add(documents.slice(10))
    await expect(index.save(folder, { signal: stop.signal })).rejects.toMatchObject({ code: 'CANCELLED' })
    // As after a kill: data of the next generation, but no header that names them.
    await writeFile(join(folder, 'terms-2.bin'), 'half')
    expect((await Bm25Index.load(folder)).stats.documents).toBe(10)
    await index.save(folder)
    same(await Bm25Index.load(folder), index)
  })
})

describe('damage', () => {
  beforeEach(async () => {
    await (await Bm25Index.build(documents)).save(folder)
  })

  test('one changed byte in any file is found and the file named', async () => {
    for (const name of await readdir(folder)) {
      const path = join(folder, name)
      const bytes = await readFile(path)
      for (const at of [0, bytes.length >> 1, bytes.length - 1]) {
        const broken = Buffer.from(bytes)
        broken[at]! ^= 1
        await writeFile(path, broken)
        await expect(Bm25Index.load(folder), `${name} at ${at}`).rejects.toMatchObject({
          code: 'WORKSPACE_CORRUPT',
          where: { file: path },
        })
      }
      await writeFile(path, bytes)
    }
    await expect(Bm25Index.load(folder)).resolves.toBeDefined()
  })

  test('a file cut short or gone is found and named', async () => {
    for (const name of await readdir(folder)) {
      const path = join(folder, name)
      const bytes = await readFile(path)
      await truncate(path, bytes.length - 3)
      await expect(Bm25Index.load(folder)).rejects.toMatchObject({ code: 'WORKSPACE_CORRUPT', where: { file: path } })
      await rm(path)
      await expect(Bm25Index.load(folder)).rejects.toMatchObject({ code: 'WORKSPACE_CORRUPT', where: { file: path } })
      await writeFile(path, bytes)
    }
  })

  test('an index of a newer version is refused', async () => {
    const path = join(folder, 'index.json')
    const header = JSON.parse(await readFile(path, 'utf8'))
    await writeFile(path, JSON.stringify({ ...header, version: 99 }))
    await expect(Bm25Index.load(folder)).rejects.toMatchObject({ code: 'WORKSPACE_VERSION' })
  })
})
