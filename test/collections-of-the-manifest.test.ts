import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { findDataset, openCollection, summarise } from '../src/data/index.ts'
import { expectationOf, parseExpectations, takeStock } from '../src/data/verify/index.ts'
import { describeShared, sharedPath } from './support/shared.ts'

// Every collection of the reference data holds what its manifest says, the images included.
describeShared('the collections of the manifest', ['data/MANIFEST.md'], () => {
  const file = sharedPath('data/MANIFEST.md')
  const stated = parseExpectations(readFileSync(file, 'utf8'), file)
  const collections = [...stated].flatMap(([name, expected]) => (expected ? [{ name, expected }] : []))
  const take = (name: string) => takeStock({ source: sharedPath(`data/${name}`) }, { cacheDir: '/nonexistent' })

  it('are eleven, and two folders are none', () => {
    expect(collections).toHaveLength(11)
    expect([...stated].filter(([, expected]) => expected === null).map(([name]) => name)).toEqual(['gsm8k', 'lm-text'])
  })

  it.each(collections)('$name: documents, queries and judgments of every split', async ({ name, expected }) => {
    const held = await take(name)
    expect(held.documents).toBe(expected.documents)
    for (const [split, { queries, judgments }] of Object.entries(expected.splits)) {
      expect(held.splits[split]?.queries, `${split} queries`).toBe(queries)
      if (typeof judgments === 'number') expect(held.splits[split]?.judgments, `${split} judgments`).toBe(judgments)
    }
    // 20-odd in the manifest.
    if (name === 'mini-scifact') expect(held.splits.test!.judgments).toBeGreaterThanOrEqual(20)
  })

  it('the TREC pools have their tracks as splits, and the image sets their other captions', async () => {
    expect(Object.keys((await take('msmarco-trecdl19-20-pool')).splits)).toEqual(
      expect.arrayContaining(['dl19', 'dl20', 'dl19.official', 'dl20.official', 'test']),
    )
    expect((await take('flickr8k-1k')).splits.all).toMatchObject({ queries: 5000, judgments: 5000 })
    expect((await take('emoji-noto')).splits.keywords).toMatchObject({ queries: 3573 })
  })

  it.each(['scifact', 'nfcorpus'])(
    '%s is the package whose hashes the registry pins, to the last letter',
    async (name) => {
      const held = await take(name)
      const pinned = expectationOf(findDataset(`beir/${name}`)!)
      expect(held).toMatchObject({ documents: pinned.documents, corpusHash: pinned.corpusHash, splits: pinned.splits })
    },
  )

  it.each(['flickr8k-1k', 'emoji-noto'])('%s: every document is an image that can be read', async (name) => {
    const collection = await openCollection({ source: sharedPath(`data/${name}`) }, { cacheDir: '/nonexistent' })
    const { documents, modalities } = await summarise(collection)
    expect(modalities.documents).toEqual({ text: 0, image: documents, both: 0, empty: 0 })
    for await (const { image } of collection.documents()) {
      const bytes = Buffer.from(await image!.bytes())
      const file = join(sharedPath(`data/${name}`), image!.path!)
      expect(bytes.equals(readFileSync(file))).toBe(true)
      break
    }
  })
})
