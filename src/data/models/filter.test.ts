import { expect, test } from 'vitest'
import { filterModels } from './filter.ts'
import { namedModels } from './index.ts'

const names = (filter: Parameters<typeof filterModels>[0]) => filterModels(filter).map(({ name }) => name)

test('without a filter, all', () => {
  expect(filterModels({})).toEqual(namedModels)
})

test('by kind, family and group, together too', () => {
  expect(names({ kind: 'vision-llm', family: 'qwen2.5-vl' })).toHaveLength(4)
  expect(names({ group: 'specialized-llms', kind: 'llm' })).toHaveLength(7)
  expect(filterModels({ kind: 'Encoder' }).every(({ family }) => family === 'encoders')).toBe(true)
})

test('by size as the names say it, else by the weights counted', () => {
  expect(names({ family: 'qwen2.5', size: '7b' })).toContain('qwen2.5-7b')
  expect(names({ family: 'qwen2.5', size: '7b' })).not.toContain('qwen2.5-14b')
  expect(names({ size: '30M', kind: 'encoder' })).toEqual(['all-minilm-l6-v2', 'multi-qa-minilm-l6-cos-v1'])
})

test('says what there is not', () => {
  for (const [filter, hint] of [
    [{ kind: 'encodr' }, 'Did you mean encoder?'],
    [{ family: 'qwen' }, 'Did you mean qwen3?'],
    [{ group: 'specialised-llms' }, 'Did you mean specialized-llms?'],
    [{ size: 'large' }, '7b, 0.5b, 300m'],
  ] as const)
    expect(() => filterModels(filter)).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: expect.stringContaining(hint) }),
    )
})
