import { figuresOf, type TableFacts } from '../build.ts'
import type { PublishedFigure, SystemKind } from '../types.ts'

const TABLE: Omit<TableFacts, 'measure'> = {
  source: {
    id: 'promptreps',
    title: 'PromptReps’ own code (Zhuang et al. 2024), results that its page prints',
    url: 'https://github.com/ielab/PromptReps/blob/475ecd9da40a22223f42459e26c50957c69c67b4/README.md',
  },
  columns: ['beir/nfcorpus'],
  scale: 1,
  decimals: 4,
  protocol: {
    titles: 'keep',
    corpus: 'full',
    prompts: 'known',
    removeSelf: true,
    maxLength: { query: 512, document: 512 },
  },
  verified: true,
}

type Halves = readonly [dense: number, sparse: number, hybrid: number]

function rows(variant: string, values: Halves) {
  const kinds: readonly SystemKind[] = ['dense', 'sparse', 'hybrid']
  return kinds.map((kind, i) => ({
    system: `PromptReps Llama-3-8B-Instruct${variant}, ${kind}`,
    kind,
    values: [values[i]!],
  }))
}

const FIRST_WORD = ', first word'
const MULTI_TOKEN = ', multi-token'

/** The paper's table over all of BEIR is not here: no copy of it could be read. */
export const PROMPTREPS: readonly PublishedFigure[] = [
  ...figuresOf({ ...TABLE, measure: 'nDCG@10' }, [
    ...rows('', [0.2956, 0.2818, 0.3298]),
    ...rows(FIRST_WORD, [0.2198, 0.2915, 0.2949]),
    ...rows(MULTI_TOKEN, [0.2897, 0.2865, 0.3365]),
  ]),
  ...figuresOf({ ...TABLE, measure: 'R@100' }, [
    ...rows('', [0.2879, 0.2363, 0.2939]),
    ...rows(FIRST_WORD, [0.1997, 0.2365, 0.2643]),
    ...rows(MULTI_TOKEN, [0.2956, 0.2386, 0.3056]),
  ]),
]
