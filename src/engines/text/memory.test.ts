import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { prepareOnnx } from '../onnx/prepare.ts'
import { requireMemory } from './memory.ts'

it('tells of too little memory before anything is loaded, with both figures', async () => {
  const folder = fileURLToPath(new URL('../../../test/fixtures/models/bert', import.meta.url))
  const { info } = await prepareOnnx(folder)
  expect(info.memoryBytes).toBeGreaterThan(info.weightBytes!)
  expect(() => requireMemory(info, info.memoryBytes!)).not.toThrow()
  expect(() => requireMemory(info, 50e6)).toThrow(
    expect.objectContaining({
      code: 'ENGINE_FAILED',
      message: expect.stringMatching(/needs about 0\.2 GiB of memory; 0\.0 GiB are free\. It was not loaded\./),
      hint: expect.stringContaining('int4'),
    }),
  )
  expect(() => requireMemory({ ...info, memoryBytes: null }, 0)).not.toThrow()
})
