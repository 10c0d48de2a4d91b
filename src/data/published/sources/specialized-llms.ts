import { figuresOf, type TableFacts } from '../build.ts'
import type { PublishedFigure, PublishedSource } from '../types.ts'

const COMMIT = '1f70ec5ce7f40a76434f0da75b46826260f1c87b'
const REPOSITORY = 'Trustworthy-Information-Access/A-Comparative-Study-of-Specialized-LLMs-as-Dense-Retrievers'

const logs = (id: string, title: string, folder: string): PublishedSource => ({
  id,
  title: `A Comparative Study of Specialized LLMs as Dense Retrievers (Zhang et al. 2025, arXiv:2507.03958), ${title}`,
  url: `https://github.com/${REPOSITORY}/tree/${COMMIT}/${folder}`,
})

const ZERO_SHOT: Omit<TableFacts, 'columns'> = {
  source: logs('specialized-llms-zero-shot', 'the authors’ own logs without training', 'zero-shot/tevatron-main-vl'),
  measure: 'nDCG@10',
  scale: 1,
  decimals: 4,
  // PromptReps' prompts without a system message; nothing is cut, a query's own document may be found, and shards may be missing.
  protocol: { titles: 'keep', corpus: 'unknown', prompts: 'known', removeSelf: false },
  verified: true,
  note: 'from logs, which may be of a partial run: not the paper’s final table',
}

const VL = { system: 'Qwen2.5-VL-7B-Instruct, PromptReps dense', kind: 'dense' } as const
const LANGUAGES = ['go', 'java', 'javascript', 'php', 'python', 'ruby'] as const

const SUPERVISED: Omit<TableFacts, 'measure' | 'columns'> = {
  source: logs('specialized-llms-supervised', 'the authors’ own logs after training on MS MARCO', 'SFT'),
  scale: 100,
  decimals: 2,
  protocol: {
    titles: 'keep',
    corpus: 'full',
    // `Query:` and `Passage:`, without a blank after them.
    prompts: 'known',
    removeSelf: false,
    maxLength: { query: 32, document: 156 },
  },
  verified: true,
}

/** MRR@10, nDCG@10 and R@1000 on MS MARCO dev; nDCG@10 on TREC DL 2019 and 2020. */
const TRAINED: readonly (readonly [system: string, ...values: number[]])[] = [
  ['Qwen2.5-7B', 42.28, 49.14, 99.46, 73.37, 72.27],
  ['Qwen2.5-7B-Instruct', 42.26, 49.22, 99.44, 73.96, 72.86],
  ['Qwen2.5-Coder-7B', 41.92, 48.87, 99.46, 73.26, 74.24],
  ['Qwen2.5-Coder-7B-Instruct', 41.81, 48.82, 99.45, 73.33, 73.41],
  ['Qwen2.5-Math-7B', 41.54, 48.39, 99.27, 73.8, 72.08],
  ['Qwen2.5-Math-7B-Instruct', 41.26, 48.02, 99.19, 72.69, 71.47],
  ['Qwen2.5-VL-7B-Instruct', 41.72, 48.76, 99.39, 72.65, 73.85],
]

const trained = (measure: string, columns: TableFacts['columns'], from: number) =>
  figuresOf(
    { ...SUPERVISED, measure, columns },
    TRAINED.map(([system, ...values]) => ({
      system: `${system}, trained as RepLLaMA`,
      kind: 'dense' as const,
      values: values.slice(from, from + columns.length),
    })),
  )

export const SPECIALIZED_LLMS: readonly PublishedFigure[] = [
  ...figuresOf(
    {
      ...ZERO_SHOT,
      columns: ['fever', 'nq', 'hotpotqa', 'climate-fever', 'dbpedia-entity', 'scifact', 'webis-touche2020'].map(
        (name) => `beir/${name}`,
      ),
    },
    [{ ...VL, values: [0.2187, 0.2484, 0.1124, 0.1755, 0.2592, 0.5121, 0.1919] }],
  ),
  ...figuresOf({ ...ZERO_SHOT, columns: LANGUAGES.map((language) => `coir/codesearchnet-${language}`) }, [
    { ...VL, values: [0.1585, 0.1642, 0.1577, 0.1007, 0.5088, 0.1502] },
  ]),
  ...figuresOf({ ...ZERO_SHOT, columns: LANGUAGES.map((language) => `coir/codesearchnet-ccr-${language}`) }, [
    { ...VL, values: [0.1862, 0.2198, 0.242, 0.1274, 0.2542, 0.2655] },
  ]),
  ...trained('MRR@10', [['msmarco/dev', 'dev']], 0),
  ...trained('nDCG@10', [['msmarco/dev', 'dev']], 1),
  ...trained('R@1000', [['msmarco/dev', 'dev']], 2),
  ...trained('nDCG@10', ['msmarco/dl19', 'msmarco/dl20'], 3),
]
