import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { describeWith, minilmPath } from '../../../test/support/shared.ts'
import { runConformance } from '../conformance/index.ts'
import { type OnnxOptions, prepareOnnx } from './prepare.ts'

async function failuresOf(folder: string, options: OnnxOptions): Promise<string[]> {
  const encoder = await (await prepareOnnx(folder, options)).open({ threads: 1 })
  try {
    const checks = await runConformance(encoder)
    expect(checks.length).toBeGreaterThan(10)
    return checks.filter((check) => !check.ok).map((check) => `${check.name}: ${check.detail}`)
  } finally {
    await encoder.close()
  }
}

describe('engines/onnx passes the conformance suite', () => {
  const models = ['bert', 'bert-old', 'roberta', 'mpnet', 'distilbert', 'xlm-roberta', 'shipped']
  it.each(models)('%s', async (name) => {
    const folder = fileURLToPath(new URL(`../../../test/fixtures/models/${name}`, import.meta.url))
    expect(await failuresOf(folder, {})).toEqual([])
  })

  it('in int8', async () => {
    const folder = fileURLToPath(new URL('../../../test/fixtures/models/bert', import.meta.url))
    expect(await failuresOf(folder, { dtype: 'int8' })).toEqual([])
  })
})

describeWith('all-MiniLM-L6-v2 passes the conformance suite', [minilmPath], () => {
  it.each(['float32', 'int8'] as const)('%s', async (dtype) => {
    expect(await failuresOf(minilmPath, { dtype })).toEqual([])
  })
})
