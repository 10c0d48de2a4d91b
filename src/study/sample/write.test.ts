import { expect, it } from 'vitest'
import { folderOf, jsonl, temporaryFolder } from '../../../test/support/files.ts'
import { openCollection, summarise } from '../../data/index.ts'
import { writeSample } from './write.ts'

it('a picture that is not there, or is empty, is none in the sample either, and the others are copied', async () => {
  const source = await folderOf({
    'corpus.jsonl': jsonl(
      { _id: 'whole', text: '', image: 'images/whole.png' },
      { _id: 'gone', text: 'a caption', image: 'images/gone.png' },
      { _id: 'empty', text: '', image: 'images/empty.png' },
    ),
    'queries.jsonl': jsonl({ _id: 'q', text: 'red' }),
    'qrels/test.tsv': 'q\twhole\t1\n',
    'images/whole.png': Buffer.from('some bytes'),
    'images/empty.png': Buffer.alloc(0),
  })
  const open = (folder: string) => openCollection({ source: folder }, { cacheDir: folder })
  const collection = await open(source)
  const folder = await temporaryFolder()
  const splits = [
    { split: 'test', queries: await collection.queries(), qrels: await collection.qrels(), of: 1, drawn: ['q'] },
  ]
  await writeSample(folder, collection, new Set(['whole', 'gone', 'empty']), splits, { total: 3 })
  const missing = (await summarise(await open(folder))).findings.find(
    ({ code }) => code === 'documents.picture-missing',
  )
  expect(missing).toMatchObject({ count: 2, of: 3, examples: ['gone', 'empty'] })
  for await (const { id, image } of (await open(folder)).documents())
    if (id === 'whole') expect(Buffer.from(await image!.bytes()).toString()).toBe('some bytes')
})
