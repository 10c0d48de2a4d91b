import type { SideDiagnostics, SpaceDiagnostics } from '../../src/measure/space/index.ts'
import type { Prompt, Recipe } from '../../src/recipes/types.ts'
import type { SpaceResult } from '../../src/study/results.ts'

/** What a test sets of a space; all else is that of a healthy space of 384 dimensions. */
export interface SpaceFixture {
  readonly dimension?: number
  /** Mean cosine of both sides. */
  readonly cosine?: number
  readonly rank?: number
  readonly shift?: number
  readonly absent?: number
  readonly hub?: { readonly id: string; readonly count: number } | null
  readonly notFinite?: number
  readonly zeros?: number
  readonly documents?: number
  readonly queries?: number
  readonly normalised?: boolean
}

function sideFixture(vectors: number, given: SpaceFixture = {}): SideDiagnostics {
  const { cosine = 0.1, rank = 150, notFinite = 0, zeros = 0, normalised = true } = given
  return {
    norms: {
      vectors,
      length: normalised ? { min: 0.999999, mean: 1, max: 1.000001 } : { min: 20, mean: 31, max: 44 },
      notFinite,
      zeros,
      constantDimensions: 0,
    },
    anisotropy: cosine,
    uniformity: -4 * (1 - cosine),
    spectrum: { effectiveRank: rank, participationRatio: rank * 0.6, firstComponentShare: 1 / rank },
  }
}

export function diagnosticsFixture(given: SpaceFixture = {}): SpaceDiagnostics {
  const { dimension = 384, shift = 0.2, absent = 0.75, hub = { id: 'd63', count: 9 }, queries = 100 } = given
  return {
    dimension,
    documents: sideFixture(given.documents ?? 1000, given),
    queries: sideFixture(queries, { ...given, notFinite: 0, zeros: 0 }),
    alignment: 0.7,
    pairs: queries,
    shift: { cosine: 0.8, distance: shift },
    hubness: { k: 10, skew: 2.5, absent, hub },
  }
}

/** Spaces of a study's dense retrievers, some healthy, some with what the report speaks of; each but the first compared with the first. */
export function spacesFixture(retrievers: readonly string[], collection: string): SpaceResult[] {
  return retrievers.map((retriever, i) => ({
    retriever,
    collection,
    diagnostics: diagnosticsFixture([{}, { cosine: 0.85, rank: 60 + i }, { cosine: 0.6, shift: 0.62 }][i % 3]),
    comparisons:
      i === 0
        ? []
        : [
            {
              against: retrievers[0]!,
              why: i % 2 === 0 ? 'recipe' : 'ancestor',
              items: 1000,
              cka: 0.9 - (0.5 * i) / retrievers.length,
              cosine: i % 2 === 0 ? 0.4 : null,
              neighbours: { k: 10, overlap: 0.6, jaccard: 0.45 },
            },
          ],
  }))
}

const literal = (text: string) => ({ kind: 'literal', text }) as const

/** PromptReps as a chat model gets it. */
export function promptRepsFixture(): Recipe {
  const prompt = (kind: string): Prompt => ({
    parts: [
      literal(`<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n${kind}: "`),
      { kind: 'contents' },
      literal('". Use one word.<|im_end|>\n<|im_start|>assistant\nThe word is: "'),
    ],
    join: 'tokens',
    addSpecialTokens: false,
    end: null,
  })
  return {
    id: 'promptreps',
    source: 'PromptReps, Zhuang et al. 2024, arXiv:2404.18424',
    prompts: { query: [prompt('Query')], document: [prompt('Passage')] },
    imagePrompts: null,
    contents: 'trim',
    pooling: ['lasttoken'],
    span: 'all',
    layer: 24,
    finalNorm: true,
    attention: 'model',
    maxLength: { query: 512, document: 512 },
    lengthOf: 'contents',
    sparse: { terms: 128, fallbackTerms: 10, scale: 100 },
    generate: null,
    normalize: true,
    similarity: 'cosine',
  }
}

/** An encoder with a prompt for queries that holds the task instruction. */
export function instructFixture(): Recipe {
  const prompt = (parts: Prompt['parts']): Prompt => ({
    parts,
    join: 'text',
    addSpecialTokens: true,
    end: '<|endoftext|>',
  })
  return {
    ...promptRepsFixture(),
    id: 'instruct',
    source: 'E5, Wang et al. 2024, arXiv:2401.00368',
    prompts: {
      query: [prompt([literal('Instruct: '), { kind: 'task' }, literal('\nQuery: '), { kind: 'contents' }])],
      document: [prompt([{ kind: 'contents' }])],
    },
    contents: 'as-is',
    finalNorm: null,
    layer: null,
    lengthOf: 'prompt',
    maxLength: { query: 256, document: 512 },
    sparse: null,
  }
}
