import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { bertNormalizer } from './bert-normalizer.ts'
import { TextTokenizer } from './tokenizer.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../../../../test/fixtures/models/${name}/`, import.meta.url))
const json = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as object
const load = (name: string, config: object = {}, lowerCase = false) =>
  TextTokenizer.load(
    `${fixture(name)}tokenizer.json`,
    { ...json(`${fixture(name)}tokenizer_config.json`), ...config },
    lowerCase,
  )

describe('TextTokenizer', () => {
  it('cuts content and keeps the special tokens', async () => {
    const tokenizer = await load('bert')
    const whole = tokenizer.encode('the quick brown fox jumps over the dog', 100)
    const length = whole.ids.length
    expect(whole.truncated).toBe(false)
    expect(tokenizer.encode('the quick brown fox jumps over the dog', length)).toEqual(whole)
    const cut = tokenizer.encode('the quick brown fox jumps over the dog', length - 3)
    expect(cut).toEqual({ ids: [...whole.ids.slice(0, length - 4), whole.ids.at(-1)], truncated: true })
    expect(tokenizer.encode('fox', 2).ids).toEqual([whole.ids[0], whole.ids.at(-1)])
  })

  it('cuts at the start where the model’s tokenizer does', async () => {
    const tokenizer = await load('bert', { truncation_side: 'left' })
    const whole = tokenizer.encode('the quick brown fox jumps', 100).ids
    expect(tokenizer.encode('the quick brown fox jumps', 6).ids).toEqual([whole[0], ...whole.slice(-5)])
  })

  it('gives a very long text the tokens that its whole tokenisation begins with', async () => {
    const western = Array.from({ length: 9000 }, (_, i) => `wörd${i % 13}, retrieval of documents…`).join(' ')
    const eastern = '東京は日本の首都です。漢字とカタカナ、'.repeat(4000)
    for (const [name, text] of ['bert', 'roberta', 'xlm-roberta'].flatMap(
      (n) =>
        [
          [n, western],
          [n, eastern],
        ] as const,
    )) {
      const tokenizer = await load(name)
      const { ids } = tokenizer.encode(text, 1e9)
      const cut = tokenizer.encode(text, 64)
      expect(cut).toEqual({ ids: [...ids.slice(0, 63), ids.at(-1)], truncated: true })
    }
  })

  it('is quick with a text of megabytes', async () => {
    const tokenizer = await load('bert')
    const text = 'some words that go on and on '.repeat(300_000)
    const start = performance.now()
    expect(tokenizer.encode(text, 64).ids.length).toBe(64)
    expect(performance.now() - start).toBeLessThan(2000)
  })

  it('counts a prompt without its last special token', async () => {
    const tokenizer = await load('bert')
    expect(tokenizer.promptLength('')).toBe(0)
    expect(tokenizer.promptLength('fox')).toBe(tokenizer.encode('fox', 64).ids.length - 1)
  })

  it('takes lone surrogates for U+FFFD', async () => {
    const tokenizer = await load('roberta')
    expect(tokenizer.encode('a\ud83dz', 64)).toEqual(tokenizer.encode('a\ufffdz', 64))
  })

  it('lowers case where the sentence config asks for it', async () => {
    const [plain, lower] = [await load('bert-old/0_Transformer'), await load('bert-old/0_Transformer', {}, true)]
    expect(lower.encode('The QUICK Fox', 64)).toEqual(plain.encode('the quick fox', 64))
    expect(plain.encode('The QUICK Fox', 64)).not.toEqual(plain.encode('the quick fox', 64))
  })

  it('refuses a file that is no tokenizer', async () => {
    await expect(TextTokenizer.load(`${fixture('bert')}config.json`, null, false)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining('cannot be used as a tokenizer'),
    })
  })
})

describe('bertNormalizer', () => {
  const normalize = bertNormalizer({})

  // Outputs of tokenizers.normalizers.BertNormalizer() 0.23.
  it.each([
    ['Crème BRÛLÉE', 'creme brulee'],
    ['ΟΔΟΣ', 'οδοσ'],
    ['東京𠀋x', ' 東  京  𠀋 x'],
    ['a\u0000b\u200bc\ufeffd\ufffde', 'abcde'],
    ['a\tb\u00a0c\u3000d', 'a b c d'],
    ['İ', 'i'],
  ])('%j', (text, want) => {
    expect(normalize(text)).toBe(want)
  })

  it('keeps accents and case when told', () => {
    expect(bertNormalizer({ lowercase: false })('Élan')).toBe('Élan')
    expect(bertNormalizer({ lowercase: true, strip_accents: false })('Élan')).toBe('élan')
    expect(bertNormalizer({ lowercase: false, strip_accents: true })('Élan')).toBe('Elan')
    expect(bertNormalizer({ handle_chinese_chars: false })('東京')).toBe('東京')
  })
})
