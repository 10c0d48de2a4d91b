import { describe, expect, test } from 'vitest'
import { modelByName, namedModels } from '../data/models/index.ts'
import { formatParameters, modelRows } from './model-rows.ts'

const rowsOf = async (name: string) => Object.fromEntries((await modelRows(modelByName(name)!)) as [string, string][])

describe('the facts of a named model', () => {
  test('tell the whole ancestry, the siblings and the memory with its sum', async () => {
    const rows = await rowsOf('deepseek-r1-distill-qwen-7b')
    expect(rows.ancestry).toBe(
      "from qwen2.5-math-7b by fine-tuning on DeepSeek-R1's answers, which is from qwen2.5-7b by further training on mathematics",
    )
    expect(rows.siblings).toContain('qwen2.5-vl-7b-instruct')
    expect(rows['memory, int4']).toContain('6525.6M × 0.625')
    expect(rows['default system turn']).toBe('none')
    expect(rows['end token']).toBe('<｜end▁of▁sentence｜> (151643)')
  })

  test('mark what is unverified, and only that', async () => {
    const rows = await rowsOf('qwen2.5-7b')
    expect(rows['default system turn']).toBe('"You are a helpful assistant."  (unverified)')
    expect(rows.context).toBe('131072 tokens')
    expect(rows.unverified).toBe('systemTurn, licence')
    for (const model of namedModels) {
      const text = JSON.stringify(await modelRows(model))
      expect(text.includes('(unverified)'), model.name).toBe(model.unverified.length > 0)
    }
  })

  test('an adapter has no memory of its own, a model without a fitting recipe says so', async () => {
    expect(Object.keys(await rowsOf('repllama-7b')).filter((key) => key.startsWith('memory'))).toEqual([])
    expect((await rowsOf('gritlm-7b')).recipe).toBe('none of fieldtrial’s fits')
  })
})

test('parameters as the names of models have them', () => {
  expect([7_615_616_512, 494_032_768, 22_713_216, null].map(formatParameters)).toEqual([
    '7.62B',
    '494M',
    '22.7M',
    'unknown',
  ])
})
