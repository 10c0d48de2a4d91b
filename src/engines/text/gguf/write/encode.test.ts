import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../../test/support/files.ts'
import { readGguf } from '../file.ts'
import { writeGgufFile } from './encode.ts'

it('a GGUF file holds vocabularies of any length', async () => {
  const file = join(await temporaryFolder(), 'long.gguf')
  const strings = Array.from({ length: 300_000 }, (_, i) => `token ${i}`)
  await writeGgufFile(file, new Map([['tokenizer.ggml.tokens', { strings }]]), [], async () => undefined)
  expect((await readGguf(file)).metadata.get('tokenizer.ggml.tokens')).toEqual(strings)
})
