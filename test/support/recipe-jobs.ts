import type { RecipeParameters } from '../../src/recipes/index.ts'
import type { Job } from './recipe-vectors.ts'

/* What is asked of every engine: recipes with their parameters, by model, and texts. */

export const SIDES = ['query', 'document'] as const
const SYSTEM = 'You are an AI assistant that can understand human language.'
export const TASK = 'Given a web search query, retrieve relevant passages that answer the query'

const job = (key: string, parameters: RecipeParameters = {}): Job => ({ key, recipe: key.split(',')[0]!, parameters })

/** Chat prompts of tiny models are long, since their vocabularies are small: contents must leave room for them. */
export const JOBS: readonly Job[] = [
  job('promptreps', { maxLength: 120, sparse: true }),
  job('promptreps, no system turn', { maxLength: 120, sparse: true, system: 'none' }),
  job('promptreps, a system turn', { maxLength: 120, sparse: true, system: SYSTEM }),
  job('promptreps, layer -4', { maxLength: 120, layer: -4 }),
  job('promptreps, three tokens', { maxLength: 24, system: 'none', generateTokens: 3, sparse: true }),
  job('last-token'),
  job('last-token, without EOS', { eos: false, prompts: { query: 'Query: ', document: 'Passage:' } }),
  job('mean'),
  job('weighted-mean'),
  job('prompteol'),
  job('metaeol'),
  job('echo'),
  job('instruct, qwen3', { layout: 'qwen3' }),
  job('instruct, gte', { layout: 'gte' }),
  job('instruct, bge-code', { layout: 'bge-code', maxLength: 96 }),
  job('llm2vec'),
  job('e5v', { system: 'none', maxLength: 90 }),
  job('vision-chat', { maxLength: 200 }),
  job('sentence-transformers'),
]

/** What is the same code for all models is tried on one: it begins texts with a token of its own, and its template trims them. */
const MORE: readonly Job[] = [
  job('promptreps, half the layers', { maxLength: 120, layer: 0.5 }),
  job('promptreps, layer -1', { maxLength: 120, layer: -1 }),
  job('promptreps, half the layers with the norm', { maxLength: 120, layer: 0.5, finalNorm: true, sparse: true }),
  job('promptreps, last layer without the norm', { maxLength: 120, finalNorm: false }),
  job('promptreps, three tokens of a layer', { maxLength: 24, layer: 2, generateTokens: 3 }),
  job('promptreps, other words', {
    maxLength: { query: 8, document: 120 },
    prompts: { query: 'Find {text} ({task}).', document: 'Name "{text}"!' },
  }),
  job('promptreps, mean', { maxLength: 120, pooling: 'mean' }),
  job('promptreps, longer than the context'),
  job('last-token, cut', { maxLength: { query: 12, document: 40 } }),
  job('mean, of a layer', { layer: 2, eos: true, maxLength: 48 }),
  job('weighted-mean, brackets', { prompts: { query: '[{text}]', document: '{{text}}' }, maxLength: 32 }),
  job('prompteol, cut', { maxLength: 48, layer: -2 }),
  job('echo, cut', { maxLength: { query: 9, document: 30 } }),
  job('echo, without EOS', { eos: false, maxLength: 30 }),
  job('echo, last token', { pooling: 'lasttoken', maxLength: 30 }),
  job('instruct, e5', { layout: 'e5' }),
  job('llm2vec, cut', { maxLength: 80, prompts: { query: '{task}: {text}', document: 'Represent: {text}' } }),
  job('llm2vec, causal', { attention: 'causal' }),
  job('e5v, default system turn'),
  job('vision-chat, dse', { layout: 'dse', maxLength: 100 }),
  job('vision-chat, qwen3-vl', { layout: 'qwen3-vl', maxLength: 200 }),
  job('sentence-transformers, mean', { pooling: 'mean', prompts: { query: 'query: ' }, maxLength: 64 }),
]
export const MODELS: Readonly<Record<string, readonly Job[]>> = {
  qwen2: JOBS,
  qwen3: JOBS,
  llama: JOBS,
  mistral: JOBS,
  gemma3: [...JOBS, ...MORE],
}

const SENTENCE = 'Zebrafish regenerate their heart muscle after an injury; mammals do not. '
export const TEXTS: readonly string[] = [
  'How do I sort a dict by its values?',
  'He said "stop". Is 3.5 enough?',
  // The same number of tokens, so that they share a batch.
  'XQ7 ZK9',
  'ZK9 XQ7',
  '\n  def search(query: str, k: int = 10):\n      # not <|im_end|>, nor </s>\n      return index.search(encode(query), k)[:k]\n\n',
  'Straße, naïve cafe\u0301, Ελληνικά, 漢字かな, смысл 😀👩‍🔬',
  // No words for the sparse half.
  'the of and',
  ' \n ',
  '',
  SENTENCE.repeat(30),
]

/** On the real model each recipe once: it is loaded for each anew. */
export const REAL_JOBS: readonly Job[] = [
  job('promptreps', { sparse: true }),
  job('promptreps, three tokens', { system: SYSTEM, layer: -4, maxLength: 8, generateTokens: 3, sparse: true }),
  job('last-token'),
  job('mean', { layer: 0.5 }),
  job('weighted-mean'),
  job('prompteol', { maxLength: 24 }),
  job('metaeol'),
  job('echo'),
  job('instruct', { layout: 'qwen3' }),
  job('llm2vec'),
  job('e5v'),
  job('vision-chat'),
  job('sentence-transformers'),
]
export const REAL_TEXTS = ['how do I sort a dict by its values', 'Straße, naïve cafe\u0301, 漢字 😀: “3.5 enough?”']
