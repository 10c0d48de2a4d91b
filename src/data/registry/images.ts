import type { DatasetFamily, DatasetField, DatasetInfo, DatasetModality, HubSource } from './types.ts'

interface Entry {
  readonly family: DatasetFamily
  readonly name: string
  readonly title: string
  readonly hub: HubSource
  readonly mirrors?: readonly HubSource[]
  readonly documents: number
  readonly queries: number
  readonly judgments: number | null
  readonly sides: readonly [query: DatasetModality, document: DatasetModality]
  readonly languages?: readonly string[]
  readonly measures: readonly string[]
  readonly licence: string
  readonly bytes?: number
  readonly note?: string
  readonly unverified?: readonly DatasetField[]
}

/** Both ways of an image–text set: text to image, and image to text. */
export const TEXT_TO_IMAGE = ['text', 'image'] as const
export const IMAGE_TO_TEXT = ['image', 'text'] as const

/** An entry of a set with images; what is the same for all of them filled in. */
export function imageDataset(entry: Entry): DatasetInfo {
  return {
    id: `${entry.family}/${entry.name}`,
    family: entry.family,
    name: entry.family === 'image' ? entry.name : `${entry.family}-${entry.name}`,
    title: entry.title,
    kind: 'retrieval',
    hub: entry.hub,
    mirrors: entry.mirrors ?? [],
    split: 'test',
    splits: { test: { queries: entry.queries, judgments: entry.judgments } },
    documents: entry.documents,
    queries: entry.queries,
    queryModality: entry.sides[0],
    modality: entry.sides[1],
    languages: entry.languages ?? ['en'],
    programmingLanguages: [],
    removeSelf: false,
    titles: 'keep',
    measures: entry.measures,
    licence: entry.licence,
    bytes: entry.bytes ?? null,
    ...(entry.note === undefined ? {} : { note: entry.note }),
    unverified: entry.unverified ?? [],
  }
}

// Cross-modal papers report recall at 1, 5 and 10; MTEB's image board leads with nDCG@10.
const CAPTIONS = ['R@1', 'R@5', 'R@10', 'nDCG@10'] as const

const KARPATHY =
  'Karpathy’s test split as M-BEIR packages it: 24,809 captions, since identical ones are one; 25,010 in the original'

/** Caption sets, both ways. Commits and counts as in MTEB's tasks and descriptive statistics. */
export const IMAGES: readonly DatasetInfo[] = [
  imageDataset({
    family: 'image',
    name: 'flickr30k-t2i',
    title: 'Flickr30k test, caption to image',
    hub: { repo: 'mteb/flickr30kt2i', revision: 'e819702b287bfbe084e129a61f308a802b7c108e' },
    mirrors: [{ repo: 'isaacchung/flickr30kt2i', revision: 'e819702b287bfbe084e129a61f308a802b7c108e' }],
    documents: 1_000,
    queries: 5_000,
    judgments: 5_000,
    sides: TEXT_TO_IMAGE,
    measures: CAPTIONS,
    licence: 'research use (Flickr terms); the hub’s page says CC-BY-SA-4.0',
  }),
  imageDataset({
    family: 'image',
    name: 'flickr30k-i2t',
    title: 'Flickr30k test, image to caption',
    hub: { repo: 'isaacchung/flickr30ki2t', revision: '6984df6bd4380034e7766d9a992d8907df363efb' },
    documents: 5_000,
    queries: 1_000,
    judgments: 5_000,
    sides: IMAGE_TO_TEXT,
    measures: CAPTIONS,
    licence: 'research use (Flickr terms); the hub’s page says CC-BY-SA-4.0',
  }),
  imageDataset({
    family: 'image',
    name: 'coco-t2i',
    title: 'COCO Karpathy test, caption to image',
    hub: { repo: 'MRBench/mbeir_mscoco_task0', revision: 'cfe15bd2791dde5f8f20aebecf0b4eb3812972d6' },
    mirrors: [{ repo: 'mteb/mbeir_mscoco_task0', revision: null }],
    documents: 5_000,
    queries: 24_809,
    judgments: 24_989,
    sides: TEXT_TO_IMAGE,
    measures: CAPTIONS,
    licence: 'CC-BY-4.0 (annotations), Flickr terms (images)',
    bytes: 86_191_000,
    note: KARPATHY,
    unverified: ['licence'],
  }),
  imageDataset({
    family: 'image',
    name: 'coco-i2t',
    title: 'COCO Karpathy test, image to caption',
    hub: { repo: 'MRBench/mbeir_mscoco_task3', revision: 'cca3a3e223763e6519a4d68936bc9279034d75d2' },
    documents: 24_809,
    queries: 5_000,
    judgments: 24_989,
    sides: IMAGE_TO_TEXT,
    measures: CAPTIONS,
    licence: 'CC-BY-4.0 (annotations), Flickr terms (images)',
    bytes: 86_191_000,
    note: KARPATHY,
    unverified: ['licence'],
  }),
]
