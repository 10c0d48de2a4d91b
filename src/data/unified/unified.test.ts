import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TINY, writeCollection } from '../../../test/support/collections.ts'
import { type CollectionSpec, openCollection, summarise } from '../index.ts'
import { domainOf, unifiedCollection } from './index.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fieldtrial-unified-'))
  await writeCollection(join(root, 'tiny'), TINY)
  // The same ids as in the other, and queries that are documents.
  await writeCollection(join(root, 'own'), {
    documents: [
      { _id: 'd1', title: '', text: 'a:b one' },
      { _id: 'q1', title: '', text: 'a question' },
    ],
    queries: [{ _id: 'q1', text: 'a question' }],
    qrels: ['q1\td1\t1'],
  })
  await mkdir(join(root, 'pictures'))
  await writeFile(join(root, 'pictures', 'cat.png'), 'not looked at here')
  await writeCollection(join(root, 'pictures'), {
    documents: [{ _id: 'p1', image: 'cat.png' }],
    queries: [{ _id: 'c1', text: 'a cat' }],
    qrels: ['c1\tp1\t1'],
  })
})
afterAll(() => rm(root, { recursive: true, force: true }))

async function open(name: string, more: Partial<CollectionSpec> = {}, limit?: number) {
  const context = { cacheDir: join(root, 'cache'), ...(limit === undefined ? {} : { limit }) }
  return { name, collection: await openCollection({ source: join(root, name), ...more }, context) }
}

async function idsOf(items: AsyncIterable<{ readonly id: string }>): Promise<string[]> {
  const ids: string[] = []
  for await (const { id } of items) ids.push(id)
  return ids
}

describe('unifiedCollection', () => {
  it('joins documents, queries and judgments under ids that tell their domain', async () => {
    const all = unifiedCollection('all', 'x', [await open('tiny'), await open('pictures')])
    const ids = await idsOf(all.documents())
    expect(ids).toHaveLength(13)
    expect([ids[0], ids[12]]).toEqual(['tiny:d1', 'pictures:p1'])
    expect(ids.map(domainOf)).toEqual([...Array(12).fill('tiny'), 'pictures'])
    expect((await all.queries()).map(({ id }) => id)).toEqual(['tiny:q1', 'tiny:q2', 'tiny:q3', 'pictures:c1'])
    expect((await all.qrels()).get('pictures:c1')).toEqual(new Map([['pictures:p1', 1]]))
    expect((await all.qrels()).get('tiny:q1')).toEqual(
      new Map([
        ['tiny:d1', 2],
        ['tiny:d2', 1],
      ]),
    )
    const summary = await summarise(all)
    expect(summary).toMatchObject({ documents: 13, queries: 4, judgments: 6 })
    expect(summary.modalities.documents).toEqual({ text: 12, image: 1, both: 0, empty: 0 })
    expect(summary.findings.find(({ code }) => code === 'documents.image-only')).toMatchObject({ count: 1, of: 13 })
    expect(all.sourceFiles()).toContain(join(root, 'pictures', 'cat.png'))
  })

  it('drops own documents in the domains that want it, and nowhere else', async () => {
    const both = unifiedCollection('all', 'x', [await open('own', { removeSelf: true }), await open('tiny')])
    expect(both.removeSelf).toBe(true)
    // The query's own document has its id; no document has that of a query of the other domain.
    expect((await both.queries()).map(({ id }) => id)).toEqual([
      'own:q1',
      'tiny:query:q1',
      'tiny:query:q2',
      'tiny:query:q3',
    ])
    expect([...(await both.qrels()).keys()]).toEqual((await both.queries()).map(({ id }) => id))
    expect((await both.queries()).map(({ id }) => domainOf(id))).toEqual(['own', 'tiny', 'tiny', 'tiny'])
    expect(unifiedCollection('all', 'x', [await open('own'), await open('tiny')]).removeSelf).toBe(false)
  })

  it('is limited domain by domain, so that none is left out', async () => {
    const all = unifiedCollection('all', 'x', [await open('tiny', {}, 1), await open('pictures', {}, 1)])
    expect((await all.queries()).map(({ id }) => id)).toEqual(['tiny:q1', 'pictures:c1'])
    expect(all.limit).toBe(1)
  })

  it('has another identity for other names, splits or ways of reading', async () => {
    const reading = async (...domains: Awaited<ReturnType<typeof open>>[]) =>
      JSON.stringify(unifiedCollection('all', 'x', domains).reading)
    const [tiny, own] = [await open('tiny'), await open('own')]
    const plain = await reading(tiny, own)
    expect(await reading(tiny, own)).toBe(plain)
    for (const other of [
      reading({ ...tiny, name: 'other' }, own),
      reading(await open('tiny', { titles: 'omit' }), own),
      reading(tiny, await open('own', { removeSelf: true })),
    ])
      expect(await other).not.toBe(plain)
  })

  it('refuses one domain, and two of one name', async () => {
    const tiny = await open('tiny')
    expect(() => unifiedCollection('all', 'x', [tiny])).toThrow(/all unifies 1 collection/)
    expect(() => unifiedCollection('all', 'x', [tiny, tiny])).toThrow(/two domains called tiny/)
    expect(() => unifiedCollection('all', 'x', [tiny, { ...tiny, name: 'a:b' }])).toThrow(/cannot be called "a:b"/)
  })
})
