import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { TextTokenizer } from './tokenizer.ts'

const fixtures = fileURLToPath(new URL('../../../../test/fixtures/', import.meta.url))

async function load(name: string): Promise<TextTokenizer> {
  const config = JSON.parse(readFileSync(`${fixtures}${name}/tokenizer_config.json`, 'utf8')) as object
  return TextTokenizer.load(`${fixtures}${name}/tokenizer.json`, config, false)
}

/** Texts whose words, blanks or special tokens reach across every place where a long text may be cut. */
const LONG: Record<string, string> = {
  prose: 'Dense retrieval, as we’ll see, encodes 12345 documents. '.repeat(1000),
  code: 'def f(x):\n    if x > 0:\n\n\n        return [x ** 2]\n\t\t# done\n'.repeat(800),
  'one word': 'aGVsbG8gd29ybGQ'.repeat(2700),
  'no spaces': '東京は日本の首都です。漢字とカタカナ、'.repeat(2100),
  spaces: ' '.repeat(40_000),
  newlines: '\n'.repeat(40_000),
  'blanks of all kinds': `a${' '.repeat(700)}\n${'\t'.repeat(300)}\r\n\n`.repeat(40),
  digits: '1234567890'.repeat(4000),
  'combining marks': 'e\u0301a\u0302\u0323 '.repeat(6000),
  emoji: '👩‍👩‍👧🏳️‍🌈'.repeat(2900),
  'special tokens': 'x<|im_start|><s></s><|eot_id|><bos> <|endoftext|>'.repeat(850),
  punctuation: '=-=-!?'.repeat(7000),
}

describe('TextTokenizer.cut', () => {
  const tokenizers = ['qwen2', 'llama3', 'llama2', 'mistral', 'gemma', 'digits'].map((name) => `tokenizers/${name}`)

  it.each([...tokenizers, 'models/bert', 'models/roberta', 'models/xlm-roberta'])(
    'gives the first tokens of the whole, whatever the text: %s',
    async (name) => {
      const tokenizer = await load(name)
      for (const [kind, text] of Object.entries(LONG))
        for (const [shift, room] of [1, 30, 64, 200, 333, 512].entries()) {
          const shifted = text.slice(shift)
          const whole = tokenizer.ids(shifted)
          const { ids, cutTokens } = tokenizer.cut(shifted, room)
          expect(ids, `${kind}, ${room}`).toEqual(whole.slice(0, room))
          if (whole.length > room) expect(cutTokens, `${kind}, ${room}`).toBeGreaterThan(0)
        }
    },
    140_000,
  )

  it('tokenises no more than it must', async () => {
    const tokenizer = await load('tokenizers/qwen2')
    const text = LONG.prose!.repeat(180)
    const start = performance.now()
    const { cutTokens } = tokenizer.cut(text, 512)
    expect(performance.now() - start).toBeLessThan(200)
    // Its count of what was cut is an estimate here.
    expect(cutTokens / (tokenizer.ids(text).length - 512)).toBeCloseTo(1, 1)
  })

  it('keeps the end where the tokenizer cuts at the start', async () => {
    const config = { truncation_side: 'left' }
    const tokenizer = await TextTokenizer.load(`${fixtures}tokenizers/qwen2/tokenizer.json`, config, false)
    expect(tokenizer.cut(LONG.code!, 100).ids).toEqual(tokenizer.ids(LONG.code!).slice(-100))
  })
})
