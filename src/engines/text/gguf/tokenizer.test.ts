import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GgufValue, writeGguf } from '../../../../test/support/gguf.ts'
import { ggufTokenizer } from '../../../../test/support/gguf-tokenizer.ts'
import { TextTokenizer } from '../tokenizer/tokenizer.ts'
import { readGgufTokenizer } from './tokenizer.ts'

const fixtures = fileURLToPath(new URL('../../../../test/fixtures/', import.meta.url))
const all = () => true
const texts = JSON.parse(readFileSync(`${fixtures}tokenizers/texts.json`, 'utf8')) as string[]

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'gguf-tokenizer-'))
})
afterAll(() => rmSync(root, { recursive: true }))

const write = (name: string, metadata: Record<string, GgufValue>) => writeGguf(join(root, `${name}.gguf`), metadata)

describe('a tokenizer out of GGUF metadata', () => {
  it.each([
    ['tokenizers/llama3', 'llama-bpe', all],
    ['tokenizers/qwen2', 'qwen2', all],
    // The trainer of this one left out merges that SentencePiece would do, of runs of line breaks.
    ['tokenizers/llama2', '', (text: string) => !text.includes('\n\n\n\n\n')],
    ['tokenizers/gemma', '', all],
    ['models/bert', '', all],
    // SentencePiece makes one of several blanks and takes those at the end off, as published tokenizer.json files have it; transformers' own
    // class leaves some.
    ['models/xlm-roberta', '', (text: string) => /^[^\s▁<]+( [^\s▁<]+)*$/.test(text)],
    ['models/roberta', 'roberta-bpe', all],
  ])('gives the tokens of tokenizer.json: %s', async (name, pre, comparable) => {
    const folder = `${fixtures}${name}`
    const config = JSON.parse(readFileSync(`${folder}/tokenizer_config.json`, 'utf8')) as object
    const own = await TextTokenizer.load(`${folder}/tokenizer.json`, config, false)
    const metadata = ggufTokenizer(folder, pre)
    const around = own.before.length > 0 ? { 'tokenizer.ggml.add_bos_token': true } : {}
    const file = await write(name.replace('/', '-'), { ...metadata, ...around })
    const made = await TextTokenizer.load(file, null, false)
    const compared = texts.filter(comparable)
    const differing = compared.filter((text) => made.encode(text, 1e9).ids.join() !== own.encode(text, 1e9).ids.join())
    expect(compared.length).toBeGreaterThan(60)
    expect(differing).toEqual([])
    expect([made.before, made.after]).toEqual([own.before, own.after])
    // Padding of the table is no token.
    expect(made.pipeline.vocabulary.filter((token) => /^\[PAD\d+\]$/.test(token ?? ''))).toEqual([])
  })

  it('tells special tokens and the chat template', async () => {
    const metadata = ggufTokenizer(`${fixtures}tokenizers/qwen2`, 'qwen2')
    const file = await write('named', { ...metadata, 'tokenizer.chat_template': '{{ messages }}' })
    expect((await readGgufTokenizer(file)).config).toEqual({
      eos_token: '<|im_end|>',
      pad_token: '<|endoftext|>',
      chat_template: '{{ messages }}',
      tokenizer_class: 'Qwen2Tokenizer',
    })
  })

  it.each<[string, Record<string, GgufValue>, RegExp]>([
    ['a kind that is not known', { 'tokenizer.ggml.model': 'rwkv' }, /tokenizer\.ggml\.model is "rwkv"/],
    ['a pattern that is not known', { 'tokenizer.ggml.pre': 'klingon' }, /tokenizer\.ggml\.pre is "klingon"/],
    ['too few types', { 'tokenizer.ggml.token_type': { i32s: [1] } }, /token_type has 1 entries for \d+ tokens/],
    ['a special token beyond the vocabulary', { 'tokenizer.ggml.eos_token_id': 99_999 }, /eos_token_id is 99999/],
    ['merges of another type', { 'tokenizer.ggml.merges': 'a b' }, /merges is not a list of texts/],
  ])('refuses %s', async (what, change, message) => {
    const file = await write(what, { ...ggufTokenizer(`${fixtures}tokenizers/qwen2`, 'qwen2'), ...change })
    await expect(TextTokenizer.load(file, null, false)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(message),
    })
  })
})
