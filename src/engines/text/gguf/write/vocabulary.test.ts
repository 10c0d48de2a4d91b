import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../../test/support/files.ts'
import type { TokenizerConfig, TokenizerJson } from '../../tokenizer/settle.ts'
import { TextTokenizer } from '../../tokenizer/tokenizer.ts'
import { writeGgufFile } from './encode.ts'
import { vocabularyMetadata } from './vocabulary.ts'

const fixtures = fileURLToPath(new URL('../../../../../test/fixtures/tokenizers/', import.meta.url))

it('a GGUF file holds the tokenizer: every text gives the same tokens', async () => {
  const place = await temporaryFolder()
  const texts = JSON.parse(readFileSync(`${fixtures}texts.json`, 'utf8')) as string[]
  // The trainer of this one left out merges that SentencePiece would do, of runs of line breaks.
  const comparable = (name: string, text: string) =>
    // SentencePiece puts its mark before a text that begins with a blank or a special token, too; this tokenizer.json does not.
    name === 'mistral' ? !/^[\s▁<[]|[<[]/.test(text) : name !== 'llama2' || !text.includes('\n\n\n\n\n')
  for (const name of ['qwen2', 'llama3', 'llama2', 'mistral']) {
    const json = JSON.parse(await readFile(`${fixtures}${name}/tokenizer.json`, 'utf8')) as TokenizerJson
    const config = JSON.parse(await readFile(`${fixtures}${name}/tokenizer_config.json`, 'utf8')) as TokenizerConfig
    const own = await TextTokenizer.load(`${fixtures}${name}/tokenizer.json`, config, false)
    const text = (key: string) => {
      const value = config[key] as { content?: string } | string | undefined | null
      return typeof value === 'string' ? value : (value?.content ?? null)
    }
    const names = (ids: readonly number[]) => ids.map((id) => own.pipeline.vocabulary[id]!)
    const metadata = vocabularyMetadata(
      json,
      config,
      {
        rows: own.pipeline.vocabulary.length + 7,
        special: { bos: text('bos_token'), eos: text('eos_token'), pad: text('pad_token'), unk: text('unk_token') },
        around: { before: names(own.before), after: names(own.after) },
        end: null,
        chatTemplate: null,
      },
      name,
    )
    const file = join(place, `${name}.gguf`)
    await writeGgufFile(file, new Map([['general.architecture', 'llama'], ...metadata]), [], async () => undefined)
    const made = await TextTokenizer.load(file, null, false)
    expect(texts.filter((given) => comparable(name, given)).length).toBeGreaterThan(60)
    const differing = texts.filter(
      (given) => comparable(name, given) && made.encode(given, 1e9).ids.join() !== own.encode(given, 1e9).ids.join(),
    )
    expect([name, differing]).toEqual([name, []])
    expect([name, made.before, made.after]).toEqual([name, own.before, own.after])
  }
})
