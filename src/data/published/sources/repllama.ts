import { figuresOf } from '../build.ts'
import type { PublishedFigure, PublishedProtocol } from '../types.ts'

const PAPER = {
  id: 'repllama-paper',
  title: 'RepLLaMA (Ma et al. 2023)',
  url: 'https://arxiv.org/abs/2310.08319',
} as const

/** `query: ` and `passage: ` before the texts, an end-of-sequence token after them; 512 tokens at most. */
const PROTOCOL: PublishedProtocol = {
  titles: 'keep',
  corpus: 'full',
  prompts: 'known',
  removeSelf: true,
  maxLength: { query: 512, document: 512 },
}

/** The paper's own average over the thirteen, which the tests add up again. */
export const REPLLAMA_AVERAGE = 55.1

export const REPLLAMA: readonly PublishedFigure[] = [
  ...figuresOf(
    {
      source: PAPER,
      measure: 'nDCG@10',
      columns: [
        'arguana',
        'climate-fever',
        'dbpedia-entity',
        'fever',
        'fiqa',
        'hotpotqa',
        'nfcorpus',
        'nq',
        'quora',
        'scidocs',
        'scifact',
        'trec-covid',
        'webis-touche2020',
      ].map((name) => `beir/${name}`),
      scale: 100,
      decimals: 1,
      protocol: PROTOCOL,
      verified: false,
      note: 'quoted from memory; the numbers add up to the paper’s average',
    },
    [
      {
        system: 'RepLLaMA-7B',
        kind: 'dense',
        values: [48.6, 31.0, 43.7, 83.4, 45.8, 68.5, 37.8, 62.4, 86.8, 18.1, 75.6, 84.7, 30.5],
      },
    ],
  ),
  ...figuresOf(
    {
      source: PAPER,
      measure: 'MRR@10',
      columns: [['msmarco/dev', 'dev']],
      scale: 100,
      decimals: 1,
      protocol: { ...PROTOCOL, removeSelf: false },
      verified: false,
      note: 'as quoted by users of the code',
    },
    [{ system: 'RepLLaMA-7B', kind: 'dense', values: [41.2] }],
  ),
  ...figuresOf(
    {
      source: PAPER,
      measure: 'nDCG@10',
      columns: ['msmarco/dl19', 'msmarco/dl20'],
      scale: 100,
      decimals: 1,
      protocol: { ...PROTOCOL, removeSelf: false },
      verified: false,
      note: 'as quoted by users of the code',
    },
    [{ system: 'RepLLaMA-7B', kind: 'dense', values: [74.3, 72.1] }],
  ),
]
