import { join } from 'node:path'
import sharp from 'sharp'
import { expect, it } from 'vitest'
import { folderOf, jsonl, temporaryFolder } from '../../../test/support/files.ts'
import { Workspace } from '../../core/workspace.ts'
import { openCollection, summarise } from '../../data/index.ts'
import type { EncoderInfo } from '../../engines/types.ts'
import { lookAtImages } from './look.ts'
import { imageNotes, leftOut, unreadable } from './readable.ts'

const colour = { create: { width: 30, height: 20, channels: 3 as const, background: 'red' } }
/** Of an encoder, what is asked here: whether it reads images. */
const SEES = { images: { identity: {}, tokens: () => 1 } } as unknown as EncoderInfo

it('a picture that is not there is a broken one: named with file and line, or left out and counted', async () => {
  const source = await folderOf({
    'corpus.jsonl': jsonl(
      { _id: 'red', text: '', image: 'images/red.png' },
      { _id: 'gone', text: 'a caption', image: 'images/gone.png' },
    ),
    'queries.jsonl': jsonl({ _id: 'q', text: 'red' }, { _id: 'p', text: '', image: 'images/nowhere.png' }),
    'qrels/test.tsv': 'q\tred\t1\np\tred\t1\n',
    'images/red.png': await sharp(colour).png().toBuffer(),
  })
  const workspace = await Workspace.open(join(await temporaryFolder(), 'ws'))
  const collection = await openCollection({ source }, { cacheDir: source })
  const summary = await summarise(collection)
  const images = await lookAtImages({ collection, summary }, workspace, {})
  expect(images!.documents).toMatchObject({ images: 2, sizes: [[30, 20]] })
  expect(images!.documents.broken).toEqual([
    { id: 'gone', message: expect.stringMatching(/^There is no picture images\/gone\.png \(.*corpus\.jsonl:2\)\.$/) },
  ])
  expect(images!.queries.broken).toEqual([
    { id: 'p', message: expect.stringMatching(/nowhere\.png .*queries\.jsonl:2/) },
  ])

  const looked = { given: 'here', summary, images }
  expect(unreadable(looked, SEES, 'stop', 'clip')).toMatchObject({
    code: 'DATA_INVALID',
    message: expect.stringMatching(/corpus\.jsonl:2\)\. 1 other picture of here cannot be read either\.$/),
    hint: expect.stringContaining('broken: skip'),
  })
  expect(unreadable(looked, SEES, 'skip', 'clip')).toBeNull()
  expect(unreadable(looked, null, 'stop', 'bm25')).toBeNull()
  expect([...leftOut(looked, SEES, 'document'), ...leftOut(looked, SEES, 'query')]).toEqual(['gone', 'p'])
  expect(imageNotes(looked, SEES)[0]).toMatch(/^1 of 2 documents with images were left out, .*"gone"/)
})
