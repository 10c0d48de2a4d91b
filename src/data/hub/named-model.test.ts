import { expect, test } from 'vitest'
import { hubAndHome } from '../../../test/support/hub-home.ts'
import { modelByName } from '../models/index.ts'
import { resolveModel } from './model.ts'

const FILES = { 'config.json': '{"model_type": "bert"}', 'tokenizer.json': '{}', 'model.safetensors': 'weights' }

test('a short name goes to its repository at the pinned commit, or at another that stands behind it', async () => {
  const { hub, context } = await hubAndHome()
  const commit = hub.push('models/BAAI/bge-base-en-v1.5', FILES)
  const pinned = modelByName('bge-base-en-v1.5')!.revision!
  // The test's hub does not have that commit: what is asked for tells where the name leads.
  await expect(resolveModel('bge-base-en-v1.5', context)).rejects.toMatchObject({
    code: 'MODEL_MISSING',
    message: expect.stringContaining(pinned),
  })
  expect((await resolveModel('BGE-base-en-v1.5@main', context)).commit).toBe(commit)
})

test('a name without a pinned commit goes to main', async () => {
  const { hub, context } = await hubAndHome()
  const commit = hub.push('models/thenlper/gte-base', FILES)
  expect((await resolveModel('gte-base', context)).commit).toBe(commit)
})

test('a short name that nobody knows is told without a request; hf: still asks the hub', async () => {
  const { hub, context } = await hubAndHome()
  await expect(resolveModel('qwen2.5-7b-instrct', context)).rejects.toMatchObject({
    code: 'MODEL_MISSING',
    hint: expect.stringContaining('Did you mean qwen2.5-7b-instruct?'),
  })
  await expect(resolveModel('repllama-7b', context)).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    message: expect.stringContaining('llama-2-7b'),
    hint: expect.stringContaining('engine: torch'),
  })
  expect(hub.requests).toEqual([])
  const commit = hub.push('models/gpt2', FILES)
  expect((await resolveModel('hf:gpt2', context)).commit).toBe(commit)
})

test('offline, a pinned commit that was never fetched is told as such', async () => {
  const { hub, context } = await hubAndHome()
  await expect(resolveModel('bge-base-en-v1.5', { ...context, offline: true })).rejects.toMatchObject({
    code: 'OFFLINE',
    message: expect.stringContaining('BAAI/bge-base-en-v1.5@a5beb1e3'),
  })
  expect(hub.requests).toEqual([])
})
