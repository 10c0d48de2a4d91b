import type { DatasetInfo } from './types.ts'

type Entry = [name: string, title: string, hub: string, documents: number, queries: number]

/** CoIR (Li et al. 2024, arXiv:2407.02883), table 2. */
const SINGLE: readonly Entry[] = [
  ['apps', 'APPS', 'apps', 8_765, 3_765],
  ['cosqa', 'CosQA', 'cosqa', 20_604, 500],
  ['synthetic-text2sql', 'Synthetic Text2SQL', 'synthetic-text2sql', 105_851, 5_851],
  ['codetrans-contest', 'CodeTransOcean Contest', 'codetrans-contest', 1_008, 221],
  ['codetrans-dl', 'CodeTransOcean DL', 'codetrans-dl', 816, 180],
  ['stackoverflow-qa', 'StackOverflow QA', 'stackoverflow-qa', 19_931, 1_994],
  ['codefeedback-st', 'CodeFeedback single-turn', 'codefeedback-st', 156_526, 31_306],
  ['codefeedback-mt', 'CodeFeedback multi-turn', 'codefeedback-mt', 66_383, 13_277],
]

/** Languages of the two CodeSearchNet tasks; each task's official figure is the mean over them. */
const LANGUAGES: readonly [language: string, documents: number, queries: number][] = [
  ['go', 182_735, 8_122],
  ['java', 181_061, 10_955],
  ['javascript', 65_201, 3_291],
  ['php', 268_237, 14_014],
  ['python', 280_652, 14_918],
  ['ruby', 27_588, 1_261],
]

const CODE_SEARCH_NET: readonly [name: string, title: string, hub: string][] = [
  ['codesearchnet', 'CodeSearchNet', 'CodeSearchNet'],
  ['codesearchnet-ccr', 'CodeSearchNet code completion', 'CodeSearchNet-ccr'],
]

function dataset(name: string, title: string, hub: string, documents: number, queries: number): DatasetInfo {
  return {
    id: `coir/${name}`,
    family: 'coir',
    name,
    title,
    hub: `CoIR-Retrieval/${hub}`,
    split: 'test',
    documents,
    queries,
    modality: 'code',
    removeSelf: false,
    titles: 'omit',
    measure: 'nDCG@10',
  }
}

export const COIR: readonly DatasetInfo[] = [
  ...SINGLE.map((entry) => dataset(...entry)),
  ...CODE_SEARCH_NET.flatMap(([name, title, hub]) =>
    LANGUAGES.map(([language, documents, queries]) => ({
      ...dataset(`${name}-${language}`, `${title}, ${language}`, hub, documents, queries),
      subset: language,
    })),
  ),
]
