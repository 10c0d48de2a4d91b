import { figuresOf, type TableFacts, type TableRow } from '../build.ts'
import type { PublishedFigure } from '../types.ts'

const SOURCE = {
  id: 'pyserini-msmarco',
  title: 'Pyserini’s reproductions on MS MARCO passages and TREC DL 2019 and 2020',
  url: 'https://github.com/castorini/pyserini/blob/06b931e4f8e9f92f5aeff60e428aed281330c879/pyserini/2cr/msmarco-v1-passage.yaml',
} as const

const bm25 = (system: string, k1: number, b: number): Omit<TableRow, 'values'> => ({
  system,
  kind: 'bm25',
  protocol: { bm25: { variant: 'lucene', k1, b, analyzer: 'lucene-english', multifield: false } },
})
const DEFAULT = bm25('BM25 k1=0.9 b=0.4 (Anserini)', 0.9, 0.4)
const TUNED = bm25('BM25 k1=0.82 b=0.68 (Anserini, tuned)', 0.82, 0.68)
const SPLADE = { system: 'SPLADE++ EnsembleDistil', kind: 'sparse' } as const
const BGE = { system: 'BGE-base-en-v1.5 (Pyserini)', kind: 'dense', protocol: { prompts: 'known' } } as const

const DEV: Omit<TableFacts, 'measure'> = {
  source: SOURCE,
  columns: [['msmarco/dev', 'dev']],
  scale: 1,
  decimals: 4,
  protocol: { titles: 'keep', corpus: 'full', prompts: 'none', removeSelf: false },
  verified: true,
}
const DL: Omit<TableFacts, 'measure'> = { ...DEV, columns: ['msmarco/dl19', 'msmarco/dl20'] }

export const PYSERINI_MSMARCO: readonly PublishedFigure[] = [
  ...figuresOf({ ...DEV, measure: 'MRR@10' }, [
    { ...DEFAULT, values: [0.184] },
    { ...TUNED, values: [0.1875] },
    { ...SPLADE, values: [0.3828] },
    { ...BGE, values: [0.3557] },
  ]),
  ...figuresOf({ ...DEV, measure: 'R@1000' }, [
    { ...DEFAULT, values: [0.8526] },
    { ...TUNED, values: [0.8573] },
    { ...SPLADE, values: [0.9831] },
    { ...BGE, values: [0.9814] },
  ]),
  ...figuresOf({ ...DL, measure: 'nDCG@10' }, [
    { ...DEFAULT, values: [0.5058, 0.4796] },
    { ...TUNED, values: [0.4973, 0.4876] },
    { ...SPLADE, values: [0.7308, 0.7197] },
    { ...BGE, values: [0.7055, 0.678] },
  ]),
  // The track counts a passage as relevant from grade 2 on.
  ...figuresOf({ ...DL, measure: 'R(rel=2)@1000' }, [
    { ...DEFAULT, values: [0.7501, 0.7863] },
    { ...TUNED, values: [0.745, 0.8031] },
    { ...SPLADE, values: [0.8728, 0.8998] },
    { ...BGE, values: [0.8472, 0.8503] },
  ]),
]
