import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { tokenizerFits } from './fits.ts'
import { PromptTokenizer } from './prompt-tokenizer.ts'

const fixtures = fileURLToPath(new URL('../../../../test/fixtures/', import.meta.url))
const json = (path: string) => JSON.parse(readFileSync(`${fixtures}${path}`, 'utf8')) as Record<string, unknown>
const load = (name: string) =>
  PromptTokenizer.load(`${fixtures}${name}/tokenizer.json`, json(`${name}/tokenizer_config.json`), false)

describe('tokenizerFits', () => {
  it.each(['bert', 'bert-plain', 'camembert', 'distilbert', 'mpnet', 'roberta', 'xlm-roberta'])(
    'has nothing against a model’s own: %s',
    async (name) => {
      expect(tokenizerFits(await load(`models/${name}`), json(`models/${name}/config.json`))).toBeNull()
    },
  )

  it('tells another model’s by its size', async () => {
    const qwen = await load('tokenizers/qwen2')
    expect(tokenizerFits(qwen, { vocab_size: 400 })).toMatch(/ids up to 504, the model embeddings for 0 to 399/)
    expect(tokenizerFits(qwen, { text_config: { vocab_size: 32000 } })).toMatch(/505 tokens, .* 32000/)
    // Rows that only pad.
    expect(tokenizerFits(qwen, { vocab_size: 512 })).toBeNull()
  })

  it('tells another model’s by its special tokens', async () => {
    const qwen = await load('tokenizers/qwen2')
    const end = qwen.tokenId('<|im_end|>')!
    expect(tokenizerFits(qwen, { vocab_size: 512, eos_token_id: end, pad_token_id: null })).toBeNull()
    expect(tokenizerFits(qwen, { vocab_size: 512, eos_token_id: [1, end] })).toBeNull()
    expect(tokenizerFits(qwen, { vocab_size: 512, eos_token_id: 2 })).toMatch(/2 as eos token.*"#".*no special token/)
    expect(tokenizerFits(qwen, { vocab_size: 512, bos_token_id: 510 })).toMatch(/no token 510/)
  })
})
