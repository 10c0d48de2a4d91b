import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { hubAndHome } from '../../../test/support/hub-home.ts'
import { resolveGguf } from './gguf.ts'

test('a GGUF file is a path here, or one file of a repository', async () => {
  const { hub, context } = await hubAndHome()
  expect(await resolveGguf('/models/a.gguf', context)).toBe('/models/a.gguf')
  hub.push('models/someone/tiny-GGUF', { 'q4_k_m.gguf': 'four bits', 'q8_0.gguf': 'eight bits', 'README.md': 'text' })
  const file = await resolveGguf('someone/tiny-GGUF/q4_k_m.gguf', context)
  expect(await readFile(file, 'utf8')).toBe('four bits')
  expect(await resolveGguf('hf:someone/tiny-GGUF@main/q4_k_m.gguf', context)).toBe(file)
  expect(hub.requests.some((request) => /q8_0|README/.test(String(request)))).toBe(false)
})

test('a file that is split comes with all its parts', async () => {
  const { hub, context } = await hubAndHome()
  const part = (i: number) => `deep/big-q8-0000${i}-of-00002.gguf`
  hub.push('models/someone/big', { [part(1)]: 'one', [part(2)]: 'two', 'deep/big-q4-00001-of-00002.gguf': 'other' })
  const file = await resolveGguf(`someone/big/${part(1)}`, context)
  expect(await readFile(file.replace('00001-of', '00002-of'), 'utf8')).toBe('two')
  expect(hub.requests.some((request) => String(request).includes('q4'))).toBe(false)
})

test('a file that is not there is told with those that are', async () => {
  const { hub, context } = await hubAndHome()
  hub.push('models/someone/tiny-GGUF', { 'q4_k_m.gguf': 'four bits' })
  await expect(resolveGguf('someone/tiny-GGUF/q5.gguf', context)).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    hint: expect.stringContaining('q4_k_m.gguf'),
  })
  await expect(resolveGguf('q5.gguf', context)).rejects.toMatchObject({ code: 'MODEL_MISSING' })
})
