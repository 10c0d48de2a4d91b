import type { DatasetInfo } from './types.ts'

/** Why no study can name them: each query brings its own list of candidates, so there is no corpus to search. */
const CANDIDATES =
  'MMEB ranks 1,000 candidates of each query’s own by the first hit, so its figures compare with no search of a corpus; the same pairs as a corpus are'

type Entry = readonly [
  subset: string,
  title: string,
  sides: readonly ['text', 'image'] | readonly ['image', 'text'],
  asCorpus: string,
]

/** MMEB's retrieval tasks (Jiang et al. 2024, arXiv:2410.05160) that go both ways between text and image; listed, not opened. */
const TASKS: readonly Entry[] = [
  ['MSCOCO_t2i', 'COCO, caption to image', ['text', 'image'], 'image/coco-t2i'],
  ['MSCOCO_i2t', 'COCO, image to caption', ['image', 'text'], 'image/coco-i2t'],
  ['VisualNews_t2i', 'VisualNews, caption to image', ['text', 'image'], 'mbeir/visualnews-t2i'],
  ['VisualNews_i2t', 'VisualNews, image to caption', ['image', 'text'], 'mbeir/visualnews-i2t'],
]

export const MMEB: readonly DatasetInfo[] = TASKS.map(([subset, title, sides, asCorpus]) => ({
  id: `mmeb/${subset.toLowerCase().replaceAll('_', '-')}`,
  family: 'mmeb',
  name: `mmeb-${subset.toLowerCase().replaceAll('_', '-')}`,
  title: `MMEB ${title}`,
  kind: 'retrieval',
  hub: null,
  mirrors: [],
  subset,
  split: 'test',
  splits: { test: { queries: 1_000, judgments: 1_000 } },
  documents: null,
  queries: 1_000,
  queryModality: sides[0],
  modality: sides[1],
  languages: ['en'],
  programmingLanguages: [],
  removeSelf: false,
  titles: 'keep',
  measures: ['R@1'],
  licence: 'Apache-2.0, as its page on the hub (TIGER-Lab/MMEB-eval) states it',
  bytes: null,
  note: `${CANDIDATES} ${asCorpus}`,
  unverified: [],
}))
