import { describe, expect, it } from 'vitest'
import { instructFixture, promptRepsFixture } from '../../test/support/space-fixture.ts'
import { studyFixture } from '../../test/support/study-fixture.ts'
import type { Json } from '../core/fingerprint.ts'
import { describePrompt } from '../recipes/template.ts'
import type { Recipe } from '../recipes/types.ts'
import type { RetrieverResult } from '../study/results.ts'
import { promptText, recipeFacts, shortSummary } from './recipe-facts.ts'

const { results } = studyFixture({ queries: 20 })
const dense = results.retrievers.find((r) => r.id === 'minilm')!

const withRecipe = (recipe: Recipe, more: Record<string, Json> = {}): RetrieverResult => ({
  ...dense,
  resolved: { output: 'dense', recipe: recipe as unknown as Json, ...more },
})
const fact = (retriever: RetrieverResult, name: string) =>
  recipeFacts(results, retriever)!.facts.find((f) => f.name === name)!.value

describe('a resolved recipe in words', () => {
  it('shows every prompt as it is sent, once where both sides get the same', () => {
    const facts = recipeFacts(results, withRecipe(promptRepsFixture()))!
    expect(facts.prompts.map((p) => p.side)).toEqual(['query', 'document'])
    expect(promptText(facts.prompts[0]!)).toBe(
      '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nQuery: "‹text›". Use one word.<|im_end|>\n<|im_start|>assistant\nThe word is: "',
    )
    const { query } = instructFixture().prompts
    const same = recipeFacts(results, withRecipe({ ...instructFixture(), prompts: { query, document: query } }))!
    expect(same.prompts.map((p) => [p.side, promptText(p)])).toEqual([
      ['both', 'Instruct: ‹task›\nQuery: ‹text›<|endoftext|>'],
    ])
  })

  it('says what is pooled, of which layer, cut where, and compared how', () => {
    const promptReps = withRecipe(promptRepsFixture())
    expect(fact(promptReps, 'Pooled')).toBe('the last token of the whole prompt')
    expect(fact(promptReps, 'Layer')).toBe('24, final norm applied')
    expect(fact(promptReps, 'Lengths')).toBe('512 tokens, of the text alone, the prompt comes on top')
    expect(fact(promptReps, 'Special tokens')).toBe(
      'only those that the prompt names; prompt and text are tokenised apart',
    )
    expect(fact(promptReps, 'Output')).toBe('dense, scaled to length 1, compared by cosine')
    const instruct = withRecipe({
      ...instructFixture(),
      pooling: ['mean'],
      span: 'after-prompt',
      attention: 'bidirectional',
      normalize: false,
      similarity: 'dot',
      layer: 0,
      finalNorm: false,
    })
    expect(fact(instruct, 'Pooled')).toBe('the mean of all tokens after those of the prompt before the text')
    expect(fact(instruct, 'Layer')).toBe('0, the embeddings, final norm not applied')
    expect(fact(instruct, 'Attention')).toBe('bidirectional')
    expect(fact(instruct, 'Lengths')).toBe(
      '256 tokens of a query, 512 of a document, prompt and special tokens included',
    )
    expect(fact(instruct, 'Output')).toBe('dense, not scaled, compared by inner product')
  })

  it('tells sparse and hybrid output, decoding and post-processing', () => {
    const recipe = { ...promptRepsFixture(), generate: { maxTokens: 20, stop: '"' } }
    expect(fact(withRecipe(recipe, { output: 'sparse' }), 'Output')).toBe('sparse, at most 128 terms')
    expect(fact(withRecipe(recipe, { output: 'hybrid', alpha: 0.3 }), 'Output')).toContain(
      'hybrid, weight of the dense half 0.3; dense: scaled to length 1',
    )
    expect(fact(withRecipe(recipe), 'Pooled')).toContain('up to 20 tokens are decoded')
    expect(fact(withRecipe(recipe), 'Post-processing')).toBe('none')
    const processed = (kind: Json) => withRecipe(recipe, { postprocess: [kind], queryMean: 'train' })
    expect(fact(processed({ kind: 'center' }), 'Post-processing')).toBe(
      'each side centred by its own mean; queries’ mean from training queries',
    )
    expect(fact(processed({ kind: 'int8' }), 'Post-processing')).toBe('documents rounded to int8 per dimension')
  })

  it('gives each task instruction with its source and collections', () => {
    const task = (source: string) => ({ instruction: 'Find it', source })
    const trials = results.trials.map((t, i) =>
      t.retriever === 'minilm' ? { ...t, task: i < 6 ? task('the study file') : task('a list') } : t,
    )
    expect(recipeFacts({ ...results, trials }, dense)!.tasks).toEqual([
      { ...task('the study file'), collections: ['scifact'] },
      { ...task('a list'), collections: ['nfcorpus', 'cosqa'] },
    ])
  })

  it('has nothing to tell of other retrievers, or of a model that could not be read', () => {
    expect(recipeFacts(results, results.retrievers[0]!)).toBeNull()
    expect(recipeFacts(results, { ...dense, resolved: { recipe: { recipe: 'mean', parameters: {} } } })).toBeNull()
  })

  it('leaves the prompts out of the summary, and nothing else', () => {
    const recipe = promptRepsFixture()
    const [query, document] = [recipe.prompts.query[0]!, recipe.prompts.document[0]!].map(describePrompt)
    const summary = `model · 512 tokens · query ${query} · document ${document} · hybrid · float32`
    expect(shortSummary({ ...withRecipe(recipe), summary })).toBe('model · 512 tokens · hybrid · float32')
    expect(shortSummary(results.retrievers[0]!)).toBe(results.retrievers[0]!.summary)
  })
})
