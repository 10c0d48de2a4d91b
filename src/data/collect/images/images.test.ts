import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderOf, temporaryFolder } from '../../../../test/support/files.ts'
import { openCollection } from '../../open.ts'
import { collectImages } from './index.ts'

/** A picture is its bytes here: nothing decodes it. */
const picture = (name: string) => Buffer.from(`picture of ${name}`)

test('captions from sidecars, tables and pages; pictures are copied, equal ones once', async () => {
  const root = await folderOf({
    'cat.jpg': picture('cat'),
    'cat.txt': 'A cat on a mat\n\nThe cat sleeps\n',
    'pets/dog.png': picture('dog'),
    'pets/dog.json': '{"caption": ["A dog in the sun"], "width": 3}',
    'pets/copy of dog.png': picture('dog'),
    'bird.webp': picture('bird'),
    'metadata.csv': 'file_name,text\nbird.webp,A bird in flight\nbird.webp,x\nnowhere.png,Not a file here\n',
    'prices.csv': 'item,price\na,1\n',
    'docs/page.md': '![A fish under water](../my%20fish.gif "t") ![](../cat.jpg) ![web page shot](https://x.y/z.png)\n',
    'docs/page.html':
      '<img src="/pets/dog.png?x=1" alt="Dog &amp; sun"><img src="../my fish.gif" alt="a fish under water">',
    'my fish.gif': picture('fish'),
    'plain.bmp': picture('nothing'),
  })
  const out = join(await temporaryFolder(), 'out')
  const card = await collectImages(root, out, { test: 1, dev: 0 })
  const collection = await openCollection({ source: out }, { cacheDir: out })
  const bytes: Record<string, string> = {}
  for await (const { id, image } of collection.documents()) bytes[id] = Buffer.from(await image!.bytes()).toString()
  expect(bytes).toEqual({
    'bird.webp': 'picture of bird',
    'cat.jpg': 'picture of cat',
    'my%20fish.gif': 'picture of fish',
    'pets/copy%20of%20dog.png': 'picture of dog',
    'plain.bmp': 'picture of nothing',
  })
  const qrels = await collection.qrels()
  const answers = (await collection.queries()).map(({ id, text }) => [text, ...qrels.get(id)!.keys()])
  expect(answers).toEqual([
    ['A bird in flight', 'bird.webp'],
    ['A cat on a mat', 'cat.jpg'],
    ['The cat sleeps', 'cat.jpg'],
    ['a fish under water', 'my%20fish.gif'],
    ['Dog & sun', 'pets/copy%20of%20dog.png'],
    ['A dog in the sun', 'pets/copy%20of%20dog.png'],
  ])
  expect(card.contents).toEqual({ pictures: 6, described: 4 })
  expect(Object.keys(card.skipped)).toEqual([
    'caption of a picture that is not there',
    'caption with too few words',
    'document identical to another',
  ])
  await expect(readFile(join(out, 'images', 'pets', 'dog.png'))).rejects.toThrow()
})

test('empty files are no pictures: no study could open them', async () => {
  const root = await folderOf({ 'cat.jpg': picture('cat'), 'none.jpg': '', 'none.txt': 'A picture of nothing' })
  const out = join(await temporaryFolder(), 'out')
  const card = await collectImages(root, out, { test: 1, dev: 0 })
  expect(card.counts.documents).toBe(1)
  expect(card.skipped).toMatchObject({ 'empty file': { count: 1, examples: ['none.jpg'] } })
})

test('a folder without pictures', async () => {
  const root = await folderOf({ 'a.txt': 'text' })
  await expect(collectImages(root, join(await temporaryFolder(), 'out'))).rejects.toMatchObject({
    code: 'DATA_MISSING',
  })
})
