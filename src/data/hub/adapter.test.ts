import { expect, test } from 'vitest'
import { hubAndHome } from '../../../test/support/hub-home.ts'
import { resolveAdapter } from './adapter.ts'

const FILES = { 'adapter_config.json': '{}', 'adapter_model.safetensors': 'weights', 'README.md': 'text' }

test('an adapter is a folder here, or two files of a repository', async () => {
  const { hub, home, context } = await hubAndHome()
  expect(await resolveAdapter(home, context)).toEqual({ folder: home, commit: null })
  const commit = hub.push('models/someone/lora', FILES)
  const found = await resolveAdapter('someone/lora', context)
  expect(found.commit).toBe(commit)
  expect(hub.requests.some((request) => String(request).includes('README'))).toBe(false)
  expect(await resolveAdapter('hf:someone/lora@main', context)).toEqual(found)
})

test('a named adapter goes to its repository', async () => {
  const { hub, context } = await hubAndHome()
  const commit = hub.push('models/castorini/repllama-v1-7b-lora-passage', FILES)
  expect((await resolveAdapter('repllama-7b@main', context)).commit).toBe(commit)
})

test('pickled weights, a model, and a folder that is not there are refused', async () => {
  const { hub, context } = await hubAndHome()
  hub.push('models/someone/pickled', { 'adapter_config.json': '{}', 'adapter_model.bin': 'pickle' })
  hub.push('models/someone/model', { 'config.json': '{}', 'model.safetensors': 'weights' })
  await expect(resolveAdapter('someone/pickled', context)).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    hint: expect.stringContaining('never read'),
  })
  await expect(resolveAdapter('someone/model', context)).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    message: expect.stringContaining('adapter_config.json'),
  })
  await expect(resolveAdapter('./nowhere', context)).rejects.toMatchObject({ code: 'MODEL_MISSING' })
})
