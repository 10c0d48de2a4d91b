import { expect, test } from 'vitest'
import { modelByName } from './index.ts'
import { memoryEstimate } from './memory.ts'

test('float32 and bfloat16 are parameters × bytes, the head apart', () => {
  const model = modelByName('qwen2.5-7b')!
  for (const [dtype, bytes] of [
    ['float32', 4],
    ['bfloat16', 2],
  ] as const) {
    const estimate = memoryEstimate(model, dtype)!
    expect(estimate.bytes + estimate.headBytes).toBe(model.parameters! * bytes)
    expect(estimate.headBytes).toBe(152_064 * 3584 * bytes)
    expect(estimate.parts.reduce((sum, part) => sum + part.parameters, 0)).toBe(model.parameters! - 152_064 * 3584)
  }
  expect(memoryEstimate(model, 'float32')!.explanation).toBe(
    'layers 6525.6M × 4 + token embeddings 545.0M × 4 bytes = 28.28 GB; 545.0M × 4 more for the head, where scores of tokens are needed',
  )
})

test('a 7B model in 4 bits fits into 8 GiB, head included', () => {
  const { bytes, headBytes } = memoryEstimate(modelByName('qwen2.5-7b-instruct')!, 'int4')!
  // 6,525,621,760 × 0.625 + 544,997,376 × 4
  expect(bytes).toBe(6_258_503_104)
  expect(bytes + headBytes).toBeLessThan(8 * 2 ** 30)
})

test('tied heads cost nothing, vision towers stay whole, adapters have no estimate', () => {
  expect(memoryEstimate(modelByName('qwen2.5-0.5b')!, 'int8')!.headBytes).toBe(0)
  const vision = memoryEstimate(modelByName('qwen2.5-vl-7b-instruct')!, 'int4')!
  expect(vision.parts.find(({ what }) => what === 'vision tower')).toMatchObject({
    parameters: 676_550_144,
    bytesPerParameter: 4,
  })
  expect(memoryEstimate(modelByName('repllama-7b')!, 'float32')).toBeNull()
})
