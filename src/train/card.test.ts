import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { chatModel } from '../../test/support/chat-models.ts'
import { resolveRecipe } from '../recipes/index.ts'
import { type CardFacts, modelCard } from './card.ts'

const { recipe } = resolveRecipe('last-token', {}, chatModel('qwen2.5-coder-instruct'))

const FACTS: CardFacts = {
  name: 'coder-for-docs',
  base: { name: 'Qwen/Qwen2.5-Coder-7B', revision: 'abc', licence: 'Apache-2.0' },
  form: 'adapter',
  dtype: 'bfloat16',
  recipe,
  task: null,
  dimension: 3584,
  fingerprint: 'f'.repeat(64),
  data: [{ name: 'my-docs', split: 'train', examples: 12_345, negatives: 'BM25 | top 200', licence: null }],
  training: { steps: 300, 'learning rate': 0.0001 },
  results: [
    { collection: 'my-docs', split: 'test', queries: 50, measure: 'nDCG@10', before: 0.3, after: 0.412345, p: 0.00001 },
  ],
  notes: ['Queries beyond 32 tokens are cut.'],
  fieldtrial: '0.1.0',
}

function frontMatter(card: string) {
  return parse(card.split('---\n')[1]!) as Record<string, unknown>
}

describe('a model card', () => {
  it('says in its front matter what the hub asks for', () => {
    expect(frontMatter(modelCard(FACTS))).toEqual({
      license: 'apache-2.0',
      base_model: 'Qwen/Qwen2.5-Coder-7B',
      base_model_relation: 'adapter',
      datasets: ['my-docs'],
      library_name: 'peft',
      pipeline_tag: 'feature-extraction',
      tags: ['fieldtrial', 'retrieval', 'lora'],
      'model-index': [
        {
          name: 'coder-for-docs',
          results: [
            {
              task: { type: 'retrieval' },
              dataset: { type: 'my-docs', name: 'my-docs', split: 'test' },
              metrics: [{ type: 'ndcg_at_10', name: 'nDCG@10', value: 0.412345 }],
            },
          ],
        },
      ],
    })
  })

  it('holds the prompts in full, data, results and the fingerprint', () => {
    const card = modelCard(FACTS)
    expect(card).toContain('`"query: ‹text›<|im_end|>"`')
    expect(card).toContain('`"passage: ‹text›<|im_end|>"`')
    expect(card).toContain('| my-docs | train | 12,345 | BM25 \\| top 200 | not known here |')
    expect(card).toContain('| my-docs | test | 50 | nDCG@10 | 0.3000 | 0.4123 | < 0.0001 |')
    expect(card).toContain(`Fingerprint \`${'f'.repeat(64)}\``)
    expect(card).toContain('- Queries beyond 32 tokens are cut.')
  })

  it('names no base that is a folder of the user, and makes up no licence', () => {
    const card = modelCard({ ...FACTS, base: { name: './models/mine', revision: null, licence: null }, results: [] })
    expect(frontMatter(card)).not.toHaveProperty('base_model')
    expect(frontMatter(card)).not.toHaveProperty('license')
    expect(frontMatter(card)).not.toHaveProperty('model-index')
    expect(card).toContain('Licence of the base: not known here')
  })

  it('names data by the last part of its path, and nobody’s folders', () => {
    const [set] = FACTS.data
    const card = modelCard({
      ...FACTS,
      data: [
        { ...set!, name: '/home/ada/secret/my-docs' },
        { ...set!, name: '../secret/pairs.tsv' },
        { ...set!, name: 'hf:owner/set' },
      ],
      notes: ['3 queries of /home/ada/secret/my-docs were cut.'],
    })
    expect(frontMatter(card)).toMatchObject({ datasets: ['my-docs', 'pairs.tsv', 'hf:owner/set'] })
    expect(card).not.toMatch(/secret/)
    expect(card).toContain('- 3 queries of my-docs were cut.')
  })

  it('puts a licence that the hub has no word for under its name', () => {
    const card = modelCard({ ...FACTS, base: { ...FACTS.base!, licence: 'Qwen-Research' } })
    expect(frontMatter(card)).toMatchObject({ license: 'other', license_name: 'Qwen-Research' })
  })
})
