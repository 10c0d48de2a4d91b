import { figuresOf, type TableFacts, type TableRow } from '../build.ts'
import type { PublishedFigure } from '../types.ts'

const LANGUAGES = ['go', 'java', 'javascript', 'php', 'python', 'ruby'] as const

const BOARD: Omit<TableFacts, 'columns'> = {
  source: {
    id: 'mteb-coir-board',
    title: 'MTEB’s CoIR board',
    url: 'https://github.com/embeddings-benchmark/leaderboard/blob/059e8089b9db4524ef264b3d04c9468cf8077768/boards_data/coir/data_tasks/Retrieval/default.jsonl',
  },
  measure: 'nDCG@10',
  scale: 100,
  decimals: 2,
  // MTEB joins the titles, which CoIR's own harness leaves out; on code completion that is worth more than twenty points.
  protocol: { titles: 'keep', corpus: 'full', prompts: 'unknown', removeSelf: false },
  verified: true,
}

const TASKS: TableFacts = {
  ...BOARD,
  columns: [
    'coir/apps',
    'coir/codefeedback-mt',
    'coir/codefeedback-st',
    ...LANGUAGES.map((language) => `coir/codesearchnet-ccr-${language}`),
    'coir/codetrans-contest',
    'coir/codetrans-dl',
    'coir/cosqa',
    'coir/stackoverflow-qa',
    'coir/synthetic-text2sql',
  ],
}

/** The board's `CodeSearchNetRetrieval` is not CoIR's CodeSearchNet but 1,000 queries and 1,000 documents per language. */
const SAMPLED: TableFacts = {
  ...BOARD,
  columns: LANGUAGES.map((language) => `coir/codesearchnet-${language}`),
  protocol: { ...BOARD.protocol, corpus: 'sampled' },
  note: 'MTEB’s task CodeSearchNetRetrieval: 1,000 documents, and comments look for code, not code for comments',
}

// biome-ignore format: a row of the table on as few lines as it takes
const ROWS: readonly TableRow[] = [
  { system: 'voyage-code-3', kind: 'dense', values: [93.62, 93.58, 90.67, 91.76, 90.19, 91.53, 83.39, 94.43, 89.26, 94.96, 38.57, 34.45, 97.17, 62.87] },
  { system: 'GritLM-7B', kind: 'dense', values: [35.13, 50.64, 84.08, 85.44, 87.63, 87.27, 79.25, 90.92, 89.63, 89.22, 32.98, 31.24, 93.37, 60.39] },
  { system: 'text-embedding-3-large', kind: 'dense', values: [28.37, 68.92, 80.42, 67.19, 77.23, 77.36, 65.83, 76.01, 75.43, 84.25, 34.23, 31.0, 92.44, 68.45] },
  { system: 'e5-mistral-7b-instruct', kind: 'dense', values: [23.46, 36.4, 76.41, 84.05, 86.21, 86.18, 75.95, 90.6, 85.89, 88.58, 31.74, 33.1, 91.02, 59.2] },
  { system: 'gte-Qwen2-7B-instruct', kind: 'dense', values: [28.39, 57.66, 84.15, 62.59, 67.15, 69.2, 57.93, 75.41, 65.18, 81.83, 32.17, 32.24, 84.35, 53.22] },
  { system: 'SFR-Embedding-Mistral', kind: 'dense', values: [26.11, 40.33, 78.07, 62.02, 67.75, 69.09, 52.44, 70.38, 65.21, 83.52, 32.93, 34.31, 92.28, 59.29] },
]

const SAMPLED_ROWS: readonly TableRow[] = [
  { system: 'voyage-code-3', kind: 'dense', values: [97.5, 94.51, 89.98, 92.29, 96.69, 92.83] },
  { system: 'GritLM-7B', kind: 'dense', values: [90.01, 89.84, 81.43, 81.57, 91.65, 85.42] },
  { system: 'text-embedding-3-large', kind: 'dense', values: [96.48, 93.18, 83.14, 89.89, 92.36, 87.96] },
  { system: 'e5-mistral-7b-instruct', kind: 'dense', values: [93.06, 84.08, 80.93, 83.14, 91.75, 85.37] },
  { system: 'gte-Qwen2-7B-instruct', kind: 'dense', values: [94.26, 86.49, 79.82, 84.52, 91.93, 84.76] },
  { system: 'SFR-Embedding-Mistral', kind: 'dense', values: [93.28, 84.03, 81.47, 83.39, 92.26, 85.94] },
]

export const MTEB_COIR: readonly PublishedFigure[] = [...figuresOf(TASKS, ROWS), ...figuresOf(SAMPLED, SAMPLED_ROWS)]

/** System → the board's own average over these twenty numbers, which the tests add up again. */
export const MTEB_COIR_AVERAGES: Readonly<Record<string, number>> = {
  'voyage-code-3': 85.51,
  'GritLM-7B': 75.86,
  'text-embedding-3-large': 73.51,
  'e5-mistral-7b-instruct': 73.36,
  'gte-Qwen2-7B-instruct': 68.66,
  'SFR-Embedding-Mistral': 67.7,
}
