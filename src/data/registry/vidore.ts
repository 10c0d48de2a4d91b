import { imageDataset, TEXT_TO_IMAGE } from './images.ts'
import type { DatasetInfo } from './types.ts'

type Entry = readonly [
  name: string,
  title: string,
  repo: string,
  revision: string,
  documents: number,
  queries: number,
  judgments: number,
  more?: { readonly language?: string; readonly bytes?: number },
]

/**
 * ViDoRe, first edition (Faysse et al. 2024, arXiv:2407.01449): pages as images, in its repositories of BEIR's form. Commits as
 * MTEB's tasks pin its copies of them; counts as in MTEB's descriptive statistics, which say relevant pages for judgments.
 */
const SETS: readonly Entry[] = [
  [
    'arxivqa',
    'ArxivQA',
    'arxivqa_test_subsampled',
    '179762404662be6bf48c30b4fb2b2ef8c6891290',
    500,
    500,
    500,
    { bytes: 77_203_000 },
  ],
  ['docvqa', 'DocVQA', 'docvqa_test_subsampled', 'e78cd130055fcb8d69bb0ff4115c4712a157f3d3', 500, 451, 500],
  ['infovqa', 'InfoVQA', 'infovqa_test_subsampled', '74d396242cc281c021eeb38d0ee5f6f30afc1fad', 500, 494, 500],
  [
    'tabfquad',
    'TabFQuAD',
    'tabfquad_test_subsampled',
    '24a4541c4c461f5ff4f4af4e97ec820715281a06',
    70,
    280,
    280,
    { language: 'fr', bytes: 9_364_000 },
  ],
  ['tatdqa', 'TAT-DQA', 'tatdqa_test', 'dc7924ec102addd7f85c1ccfdd8625848179f615', 277, 1_646, 1_663],
  [
    'shiftproject',
    'Shift Project',
    'shiftproject_test',
    '78e6f5ad3bbc1af50ae9c0f006f57462213269fb',
    1_000,
    100,
    100,
    { language: 'fr' },
  ],
  [
    'docqa-ai',
    'Synthetic DocQA, artificial intelligence',
    'syntheticDocQA_artificial_intelligence_test',
    '12c5b7a81fc19d66f1844642acdb88e8ad79af16',
    968,
    100,
    100,
  ],
  [
    'docqa-energy',
    'Synthetic DocQA, energy',
    'syntheticDocQA_energy_test',
    'eda52c9a0519252cfaacb7ae5e5da516b7d4b8cb',
    977,
    100,
    100,
  ],
  [
    'docqa-government',
    'Synthetic DocQA, government reports',
    'syntheticDocQA_government_reports_test',
    'ec534abea699035a18f9fd76f215277de9db9600',
    972,
    100,
    100,
  ],
  [
    'docqa-healthcare',
    'Synthetic DocQA, healthcare industry',
    'syntheticDocQA_healthcare_industry_test',
    '81d53880628d641aaf7365f3b2e65f57c814ecca',
    965,
    100,
    100,
  ],
]

export const VIDORE: readonly DatasetInfo[] = SETS.map(
  ([name, title, repo, revision, documents, queries, judgments, more = {}]) =>
    imageDataset({
      family: 'vidore',
      name,
      title: `ViDoRe ${title}`,
      hub: { repo: `mteb/${repo}_beir`, revision },
      mirrors: [{ repo: `vidore/${repo}_beir`, revision: null }],
      documents,
      queries,
      judgments,
      sides: TEXT_TO_IMAGE,
      languages: [more.language ?? 'en'],
      measures: ['nDCG@5', 'nDCG@10'],
      licence: 'MIT, as MTEB states it; the pages keep the terms of their owners',
      ...(more.bytes === undefined ? {} : { bytes: more.bytes }),
    }),
)
