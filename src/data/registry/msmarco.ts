import type { DatasetInfo } from './types.ts'

const TERMS = 'MS MARCO terms: non-commercial research'

/** BEIR's package of the passage collection: its split `dev` is MS MARCO's dev small, its split `test` TREC DL 2019. */
const PASSAGES = {
  repo: 'BeIR/msmarco',
  revision: 'a918e0d11a77ed33f42f29d98340b655593b96ad',
  qrels: { repo: 'BeIR/msmarco-qrels', revision: '253fbf8a3f8d4a0932b63882b5162bedc84779f5' },
} as const

const COMMON = {
  family: 'msmarco',
  kind: 'retrieval',
  hub: PASSAGES,
  mirrors: [{ repo: 'mteb/msmarco', revision: 'c5a29a104738b98a9e76336939199e264163d4a0' }],
  documents: 8_841_823,
  queryModality: 'text',
  modality: 'text',
  languages: ['en'],
  programmingLanguages: [],
  removeSelf: false,
  titles: 'keep',
  licence: TERMS,
  bytes: 1_648_146_597,
  unverified: [],
} as const

/**
 * MS MARCO passage ranking (Bajaj et al. 2016, arXiv:1611.09268) by its own measures, and the passage tasks of TREC's deep
 * learning track (Craswell et al. 2019, 2020) over the same passages. Counts as in ir_datasets.
 */
export const MSMARCO: readonly DatasetInfo[] = [
  {
    ...COMMON,
    id: 'msmarco/dev',
    name: 'msmarco-dev',
    title: 'MS MARCO passages, dev small',
    split: 'dev',
    splits: { dev: { queries: 6_980, judgments: 7_437 }, train: { queries: 502_939, judgments: 532_751 } },
    queries: 6_980,
    // The task's own script looks at ten passages; a deeper reciprocal rank is another number.
    measures: ['MRR@10', 'R@1000'],
  },
  {
    ...COMMON,
    id: 'msmarco/dl19',
    name: 'msmarco-dl19',
    title: 'TREC Deep Learning 2019, passages',
    split: 'test',
    splits: { test: { queries: 43, judgments: 9_260 } },
    queries: 43,
    measures: ['nDCG@10', 'R(rel=2)@1000'],
    note: 'judged from 0 to 3; passages count as relevant from grade 2 on in every measure but nDCG',
  },
  {
    ...COMMON,
    id: 'msmarco/dl20',
    name: 'msmarco-dl20',
    title: 'TREC Deep Learning 2020, passages',
    // MTEB's task: passages, topics and judgments in one repository.
    hub: { repo: 'whybe-choi/trec-dl-2020', revision: '83d7d3532f3fa653f132da188bbaa852d959d6f9' },
    mirrors: [],
    bytes: null,
    split: 'test',
    splits: { test: { queries: 54, judgments: 11_386 } },
    queries: 54,
    measures: ['nDCG@10', 'R(rel=2)@1000'],
    note: 'judged from 0 to 3; passages count as relevant from grade 2 on in every measure but nDCG',
  },
  {
    ...COMMON,
    id: 'msmarco/train',
    name: 'msmarco-train',
    title: 'MS MARCO passages, training set of Tevatron with BM25 negatives',
    kind: 'training',
    hub: { repo: 'Tevatron/msmarco-passage', revision: 'a8eec567e64d42528a140fbe218dbb22b6719139' },
    mirrors: [],
    split: 'train',
    splits: { train: { queries: 400_782, judgments: null } },
    documents: null,
    queries: 400_782,
    measures: [],
    bytes: 1_730_000_000,
  },
  {
    ...COMMON,
    id: 'msmarco/train-aug',
    name: 'msmarco-train-aug',
    title: 'MS MARCO passages, training set of Tevatron with BM25 and CoCondenser negatives (RepLLaMA’s)',
    kind: 'training',
    hub: { repo: 'Tevatron/msmarco-passage-aug', revision: null },
    mirrors: [],
    split: 'train',
    splits: { train: { queries: null, judgments: null } },
    documents: null,
    queries: null,
    measures: [],
    bytes: null,
    unverified: ['revision', 'counts'],
  },
]
