import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderOf, jsonl, SMALL_BEIR, temporaryFolder } from '../../../test/support/files.ts'
import { findDataset } from '../registry/index.ts'
import { collectionsUnder, compareHoldings, expectationOf, expectationsFor, takeStock, verdictOf } from './index.ts'

const FILES = {
  ...SMALL_BEIR,
  'qrels/train.tsv': 'query-id\tcorpus-id\tscore\nother\td1\t1\nother\td2\t1\n',
}
const context = { cacheDir: '/nonexistent' }
const TABLE = '| folder | docs | test queries / judgments | other splits |\n|---|---|---|---|\n'

const stockOf = async (files: Record<string, string>, splits: string[] = []) =>
  takeStock({ source: await folderOf(files) }, context, {}, splits)

test('takes stock of documents, hashes and every split', async () => {
  const held = await stockOf(FILES)
  expect(held).toMatchObject({
    documents: 3,
    corpusHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    splits: { test: { queries: 2, judgments: 3 }, train: { queries: 1, judgments: 2 } },
  })
  expect(held.splits.test!.queriesHash).not.toBe(held.splits.train!.queriesHash)
})

test('of a collection without the usual split, by one that it should have', async () => {
  const { 'qrels/test.tsv': test, 'qrels/train.tsv': train, ...rest } = FILES
  const files = { ...rest, 'qrels/dl19.tsv': test, 'qrels/dl20.tsv': train }
  await expect(stockOf(files)).rejects.toMatchObject({ message: expect.stringContaining('has no split "test"') })
  expect(Object.keys((await stockOf(files, ['dl20'])).splits)).toEqual(['dl19', 'dl20'])
})

test('says which field differs, and compares nothing that nobody stated', async () => {
  const held = await stockOf(FILES)
  const compare = (splits: object, documents: number | null = 3, corpusHash: string | null = null) =>
    compareHoldings(held, { against: 'me', documents, corpusHash, splits: splits as never })
  const differing = (comparisons: ReturnType<typeof compare>) =>
    comparisons.filter(({ expected, found }) => expected !== null && expected !== found).map(({ field }) => field)

  expect(verdictOf(compare({ test: { queries: 2, judgments: 3 } }))).toBe('agrees')
  expect(differing(compare({ test: { queries: 2, judgments: 4 } }))).toEqual(['test judgments'])
  expect(differing(compare({ train: { queries: 2 } }, 4))).toEqual(['documents', 'train queries'])
  expect(differing(compare({}, 3, 'f'.repeat(64)))).toEqual(['corpus hash'])
  expect(compare({ dev: { queries: 1 } }).find(({ field }) => field === 'dev queries')?.found).toBeNull()
  expect(verdictOf(compare({ dev: { queries: 1 } }))).toBe('differs')
  expect(verdictOf(compare({}, null))).toBe('unknown')
})

test('equal content in another order of judgments agrees; one changed letter does not', async () => {
  const held = await stockOf(FILES)
  const pinned = { against: 'pin', documents: held.documents, corpusHash: held.corpusHash, splits: held.splits }
  const [head, ...lines] = FILES['qrels/test.tsv'].trim().split('\n')
  const turned = await stockOf({ ...FILES, 'qrels/test.tsv': [head, ...lines.reverse(), ''].join('\n') })
  expect(verdictOf(compareHoldings(turned, pinned))).toBe('agrees')
  const changed = await stockOf({ ...FILES, 'corpus.jsonl': FILES['corpus.jsonl'].replace('fly', 'sly') })
  expect(verdictOf(compareHoldings(changed, pinned))).toBe('differs')
})

test('the registry states counts of every split, and hashes where they are pinned', () => {
  expect(expectationOf(findDataset('beir/scifact')!)).toMatchObject({
    documents: 5183,
    corpusHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    splits: { test: { queries: 300, judgments: 339 }, train: { queries: 809, judgments: 919 } },
  })
  expect(expectationOf(findDataset('coir/apps')!)).toMatchObject({
    corpusHash: null,
    splits: { test: { queries: 3765, judgments: 3765, queriesHash: null } },
  })
})

test('finds what is stated: beside the folder, in the registry by name and address, or in the named file', async () => {
  const root = await temporaryFolder()
  for (const name of ['mine', 'scifact', 'notes']) await mkdir(join(root, name))
  await writeFile(join(root, 'MANIFEST.md'), `${TABLE}| mine | 3 | 2 / 3 | |\n| notes | – | | |\n`)
  const against = async (source: string, file?: string) =>
    (await expectationsFor(source, file)).map((expected) => expected.against)
  expect(await against(join(root, 'mine'))).toEqual([join(root, 'MANIFEST.md')])
  expect(await against(join(root, 'scifact'))).toEqual(['the registry (beir/scifact)'])
  expect(await against('beir/nfcorpus')).toEqual(['the registry (beir/nfcorpus)'])
  expect(await against('hf:CoIR-Retrieval/CodeSearchNet@main#go')).toEqual(['the registry (coir/codesearchnet-go)'])
  expect(await against('hf:someone/else')).toEqual([])
  expect(await collectionsUnder(root, undefined)).toEqual([join(root, 'mine'), join(root, 'scifact')])

  const file = join(root, 'other.md')
  await rename(join(root, 'MANIFEST.md'), file)
  expect(await against(join(root, 'mine'))).toEqual([])
  expect(await against(join(root, 'mine'), file)).toEqual([file])
  await expect(against(join(root, 'scifact'), file)).rejects.toMatchObject({
    code: 'DATA_MISSING',
    hint: 'It names mine, notes.',
  })
  // A manifest of another kind, which nobody named, is not looked at.
  await writeFile(join(root, 'MANIFEST.md'), '# Of something else\n')
  expect(await against(join(root, 'mine'))).toEqual([])
  await expect(collectionsUnder(join(root, 'nothing'), undefined)).rejects.toMatchObject({ code: 'DATA_MISSING' })
})

test('an unreadable collection is an error of its own', async () => {
  await expect(stockOf({ ...FILES, 'corpus.jsonl': jsonl({ _id: 'zz', text: 'x' }) })).rejects.toMatchObject({
    code: 'DATA_INVALID',
  })
})
