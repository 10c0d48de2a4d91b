import type { DatasetInfo, DatasetModality } from './types.ts'

interface Entry {
  readonly name: string
  readonly title: string
  readonly repo: string
  readonly revision: string
  readonly documents: number
  readonly queries: number
  readonly sides: readonly [query: DatasetModality, document: DatasetModality]
  readonly languages: readonly string[]
  readonly code: readonly string[]
  readonly licence: string
  readonly note?: string
}

/**
 * CoIR (Li et al. 2024, arXiv:2407.02883), table 2; counts of the test split and commits as in MTEB's tasks and
 * descriptive statistics. Every test query has one judged document, so there are as many judgments as queries.
 */
const SINGLE: readonly Entry[] = [
  {
    name: 'apps',
    title: 'APPS',
    repo: 'apps',
    revision: 'f22508f96b7a36c2415181ed8bb76f76e04ae2d5',
    documents: 8_765,
    queries: 3_765,
    sides: ['text', 'code'],
    languages: ['en'],
    code: ['python'],
    licence: 'MIT',
  },
  {
    name: 'cosqa',
    title: 'CosQA',
    repo: 'cosqa',
    revision: 'bc5efb7e9d437246ce393ed19d772e08e4a79535',
    documents: 20_604,
    queries: 500,
    sides: ['text', 'code'],
    languages: ['en'],
    code: ['python'],
    licence: 'MIT',
    note: 'its corpus repeats codes: most judged documents have an unjudged twin, which caps every measure',
  },
  {
    name: 'synthetic-text2sql',
    title: 'Synthetic Text2SQL',
    repo: 'synthetic-text2sql',
    revision: '686b87296c3a0191b5d9415a00526c62db9fce09',
    documents: 105_851,
    queries: 5_851,
    sides: ['text', 'code'],
    languages: ['en'],
    code: ['sql'],
    licence: 'MIT',
  },
  {
    name: 'codetrans-contest',
    title: 'CodeTransOcean Contest',
    repo: 'codetrans-contest',
    revision: '20da4eb20a4b17300c0986ee148c90867a7f2a4d',
    documents: 1_008,
    queries: 221,
    sides: ['code', 'code'],
    languages: [],
    code: ['python', 'c++'],
    licence: 'Apache-2.0',
  },
  {
    name: 'codetrans-dl',
    title: 'CodeTransOcean DL',
    repo: 'codetrans-dl',
    revision: '281562cb8a1265ab5c0824bfa6ddcd9b0a15618f',
    documents: 816,
    queries: 180,
    sides: ['code', 'code'],
    languages: [],
    code: ['python'],
    licence: 'Apache-2.0',
    note: 'only 266 of its documents and 50 of its queries are distinct texts',
  },
  {
    name: 'stackoverflow-qa',
    title: 'StackOverflow QA',
    repo: 'stackoverflow-qa',
    revision: 'db8f169f3894c14a00251061f957b2063eef2bd5',
    documents: 19_931,
    queries: 1_994,
    sides: ['text+code', 'text+code'],
    languages: ['en'],
    code: [],
    licence: 'MIT',
  },
  {
    name: 'codefeedback-st',
    title: 'CodeFeedback single-turn',
    repo: 'codefeedback-st',
    revision: 'd213819e87aab9010628da8b73ab4eb337c89340',
    documents: 156_526,
    queries: 31_306,
    sides: ['text+code', 'text+code'],
    languages: ['en'],
    code: [],
    licence: 'MIT',
  },
  {
    name: 'codefeedback-mt',
    title: 'CodeFeedback multi-turn',
    repo: 'codefeedback-mt',
    revision: 'b0f12fa0c0dd67f59c95a5c33d02aeeb4c398c5f',
    documents: 66_383,
    queries: 13_277,
    sides: ['text+code', 'text+code'],
    languages: ['en'],
    code: [],
    licence: 'MIT',
  },
]

/**
 * Languages of the two CodeSearchNet tasks; each task's official figure is the mean over them. The first one's corpus
 * holds each docstring once, so it is smaller than the other's.
 */
const LANGUAGES: readonly (readonly [language: string, queries: number, docstrings: number, codes: number])[] = [
  ['go', 8_122, 182_440, 182_735],
  ['java', 10_955, 180_866, 181_061],
  ['javascript', 3_291, 64_854, 65_201],
  ['php', 14_014, 267_725, 268_237],
  ['python', 14_918, 280_310, 280_652],
  ['ruby', 1_261, 27_570, 27_588],
]

function dataset(entry: Entry): DatasetInfo {
  return {
    id: `coir/${entry.name}`,
    family: 'coir',
    name: entry.name,
    title: entry.title,
    kind: 'retrieval',
    hub: { repo: `CoIR-Retrieval/${entry.repo}`, revision: entry.revision },
    mirrors: [],
    split: 'test',
    splits: { test: { queries: entry.queries, judgments: entry.queries } },
    documents: entry.documents,
    queries: entry.queries,
    queryModality: entry.sides[0],
    modality: entry.sides[1],
    languages: entry.languages,
    programmingLanguages: entry.code,
    removeSelf: false,
    titles: 'omit',
    measures: ['nDCG@10'],
    licence: entry.licence,
    bytes: null,
    ...(entry.note === undefined ? {} : { note: entry.note }),
    unverified: [],
  }
}

export const COIR: readonly DatasetInfo[] = [
  ...SINGLE.map(dataset),
  ...LANGUAGES.map(([language, queries, documents]) => ({
    ...dataset({
      name: `codesearchnet-${language}`,
      title: `CodeSearchNet, ${language}`,
      repo: 'CodeSearchNet',
      revision: '4adc7bc41202b5c13543c9c886a25f340634dab3',
      documents,
      queries,
      sides: ['code', 'text'],
      languages: ['en'],
      code: [language],
      licence: 'MIT',
    }),
    subset: language,
  })),
  ...LANGUAGES.map(([language, queries, , documents]) => ({
    ...dataset({
      name: `codesearchnet-ccr-${language}`,
      title: `CodeSearchNet code completion, ${language}`,
      repo: 'CodeSearchNet-ccr',
      revision: '7f0611d86d4cd45187d3c69eb4e58a1439022cdb',
      documents,
      queries,
      sides: ['code', 'code'],
      languages: [],
      code: [language],
      licence: 'MIT',
    }),
    subset: language,
  })),
]
