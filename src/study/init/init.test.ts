import { expect, test } from 'vitest'
import { parseStudy } from '../parse.ts'
import { studyText } from './study-text.ts'
import { suggestModels } from './suggest.ts'

const GB = 1e9

test('models are chosen by memory and by what is searched', () => {
  const names = (memory: number, data: 'text' | 'code') =>
    suggestModels(memory * GB, data).map(({ model, dtype }) => (dtype ? `${model} ${dtype}` : model))
  expect(names(0.05, 'text')).toEqual([])
  expect(names(1, 'text')).toEqual(['all-minilm-l6-v2', 'bge-base-en-v1.5'])
  expect(names(4, 'code')).toEqual(['all-minilm-l6-v2', 'qwen3-embedding-0.6b', 'qwen2.5-coder-1.5b-instruct int8'])
  expect(names(16, 'text')).toEqual(['all-minilm-l6-v2', 'qwen3-embedding-4b int8', 'qwen2.5-7b-instruct int8'])
  for (const { bytes } of suggestModels(16 * GB, 'code')) expect(bytes).toBeLessThan(0.6 * 16 * GB)
})

test('the file parses, with odd names in it, and its comments say what was done', () => {
  const text = studyText({
    name: 'my: study, #1',
    collections: [
      { source: './collections/a, b-code', madeBy: 'fieldtrial collect code a' },
      { source: 'beir/scifact' },
    ],
    code: true,
    bm25: true,
    models: [
      { model: 'owner/name', why: 'a reason' },
      { model: './my models/a b', why: 'with spaces' },
      { model: 'qwen3-embedding-0.6b', dtype: 'int8', recipes: [{ recipe: 'instruct', layout: 'qwen3' }, 'mean'] },
    ],
    suggested: [],
  })
  const study = parseStudy(text, 'study.yaml')
  expect(study.name).toBe('my-study-1')
  expect(text).toContain('# made by: fieldtrial collect code a\n')
  expect(text).toContain('"./collections/a, b-code"')
  expect(text).toContain('- { id: name, model: owner/name }   # a reason')
  expect(text).toContain('{ recipe: instruct, layout: qwen3 }')
  expect(text).toContain('{ method: rrf, of: [ bm25-code, name ] }')
  expect(text).not.toContain('of: [ bm25-code, qwen3')
})

test('without models those that would fit stand there as comments', () => {
  const text = studyText({
    name: 's',
    collections: [{ source: 'beir/scifact' }],
    code: false,
    bm25: true,
    models: [],
    suggested: [{ model: 'all-minilm-l6-v2', why: 'small' }],
  })
  expect(text).toContain('# models:\n#   - { id: all-minilm-l6-v2, model: all-minilm-l6-v2 }   # small\n')
  expect(text).not.toContain('\nfusion:')
  expect(text).toContain('comparison: { baseline: bm25 }')
  expect(() => parseStudy(text, 'study.yaml')).not.toThrow()
})
