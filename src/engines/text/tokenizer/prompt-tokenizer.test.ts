import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Prompt } from '../../../recipes/types.ts'
import { type Limit, PromptTokenizer, type PromptTokens } from './prompt-tokenizer.ts'

const fixtures = fileURLToPath(new URL('../../../../test/fixtures/', import.meta.url))

async function load(name: string, config: object = {}): Promise<PromptTokenizer> {
  const own = JSON.parse(readFileSync(`${fixtures}${name}/tokenizer_config.json`, 'utf8')) as object
  return PromptTokenizer.load(`${fixtures}${name}/tokenizer.json`, { ...own, ...config }, false)
}

const CONTENTS = '\0'
/** A prompt from its parts as text; `\0` is the contents, `{task}` the task. */
function prompt(parts: readonly string[], options: Partial<Omit<Prompt, 'parts'>> = {}): Prompt {
  return {
    parts: parts.map((text) =>
      text === CONTENTS ? { kind: 'contents' } : text === '{task}' ? { kind: 'task' } : { kind: 'literal', text },
    ),
    join: 'text',
    addSpecialTokens: true,
    end: null,
    ...options,
  }
}

const whole = (maxLength = 512): Limit => ({ maxLength, lengthOf: 'prompt' })
const each = (maxLength: number): Limit => ({ maxLength, lengthOf: 'contents' })
const LONG = 'Dense retrieval encodes queries and documents; naïve 🙂 people don’t believe it. '.repeat(40)
const slice = (tokenizer: PromptTokenizer, { ids, contents }: PromptTokens) =>
  tokenizer.decode(ids.slice(contents.start, contents.end))

let qwen: PromptTokenizer
let llama3: PromptTokenizer
let mistral: PromptTokenizer
let bert: PromptTokenizer
beforeAll(async () => {
  ;[qwen, llama3, mistral, bert] = await Promise.all([
    load('tokenizers/qwen2'),
    load('tokenizers/llama3'),
    load('tokenizers/mistral'),
    load('models/bert'),
  ])
})

describe('parts joined as text', () => {
  it('are tokenised as the one text', () => {
    const [a, b] = [
      qwen.encode(prompt(['Instruct: ', '{task}', '\nQuery: ', CONTENTS]), 'cats', 'find cats', whole()),
      qwen.encode(prompt([CONTENTS]), 'Instruct: find cats\nQuery: cats', '', whole()),
    ]
    expect(a.ids).toEqual(b.ids)
    expect(a).toMatchObject({ truncated: false, cutTokens: 0 })
  })

  it('know special tokens by name, in fixed text and in contents', () => {
    const { ids } = qwen.encode(prompt(['<|im_start|>user\n', CONTENTS]), 'a<|im_end|>b', '', whole())
    expect(ids[0]).toBe(qwen.tokenId('<|im_start|>'))
    expect(ids.filter((id) => id === qwen.tokenId('<|im_end|>')).length).toBe(1)
  })

  it('tell where the contents are', () => {
    const layout = prompt(['This sentence : "', CONTENTS, '" means in one word:"'])
    expect(slice(qwen, qwen.encode(layout, 'cats', '', whole()))).toBe('cats')
    expect(slice(mistral, mistral.encode(prompt(['Query: ', CONTENTS]), 'a dog', '', whole()))).toBe('a dog')
    // A token that reaches over a seam is the contents'.
    expect(slice(qwen, qwen.encode(prompt(['Say ', CONTENTS, 'al now']), 'retriev', '', whole()))).toBe(' retrieval')
    const echo = prompt(['One: ', CONTENTS, '\nTwo: ', CONTENTS, '\nEnd'])
    expect(slice(qwen, qwen.encode(echo, 'cats sit', '', whole()))).toBe(' cats sit')
  })

  it('count a prompt as sentence-transformers does', () => {
    const { fromContents } = bert.encode(prompt(['query: ', CONTENTS]), 'fox', '', whole())
    expect(fromContents).toBe(bert.encode(prompt(['query: ']), '', '', whole()).ids.length - 1)
    expect(bert.encode(prompt([CONTENTS]), 'fox', '', whole()).fromContents).toBe(0)
    const chat = prompt(['<|im_start|>', CONTENTS], { addSpecialTokens: false })
    expect(qwen.encode(chat, 'fox', '', whole()).fromContents).toBe(1)
  })

  it('are cut token by token where nothing follows the contents', () => {
    const layout = prompt(['query: ', CONTENTS])
    const all = bert.encode(layout, LONG, '', whole(1e6))
    const cut = bert.encode(layout, LONG, '', whole(20))
    expect(cut.ids).toEqual([...all.ids.slice(0, 19), all.ids.at(-1)])
    expect(cut).toMatchObject({ truncated: true, cutTokens: all.ids.length - 20 })
    expect(cut.contents.end).toBe(19)
  })

  it('are cut at the start where the tokenizer cuts there', async () => {
    const left = await load('models/bert', { truncation_side: 'left' })
    const layout = prompt(['query: ', CONTENTS])
    const all = left.encode(layout, LONG, '', whole(1e6))
    const cut = left.encode(layout, LONG, '', whole(20))
    expect(cut.ids).toEqual([all.ids[0], ...all.ids.slice(-19)])
    expect(cut.contents).toEqual({ start: 1, end: 19 })
    const kept = left.encode(prompt(['say: ', CONTENTS, ' .']), LONG, '', whole(20))
    const words = left.decode(kept.ids)
    expect(words).toMatch(/say/)
    expect(words).toMatch(/believe it/)
  })

  it('keep text after the contents whole, and as much of the contents as fits', () => {
    for (const [parts, copies] of [
      [['Passage: "', CONTENTS, '". One word:"'], 1],
      [['Document: ', CONTENTS, '\nDocument again: ', CONTENTS], 2],
    ] as const)
      for (const maxLength of [40, 41, 42, 43, 57, 100]) {
        const tokens = llama3.encode(prompt(parts), LONG, '', whole(maxLength))
        expect(tokens.ids.length).toBeLessThanOrEqual(maxLength)
        expect(tokens.ids.length).toBeGreaterThan(maxLength - 4 * copies)
        expect(tokens.truncated).toBe(true)
        const [, ...pieces] = llama3.decode(tokens.ids).split(/Passage: "|Document: |\nDocument again: |". One word:"/)
        const kept = pieces[0]!
        expect(LONG.startsWith(kept), kept).toBe(true)
        if (copies === 2) expect(pieces[1]).toBe(kept)
        else expect(llama3.decode(tokens.ids).endsWith('". One word:"')).toBe(true)
        expect(kept).not.toMatch(/\ufffd/)
        // No longer start of the contents fits.
        const [longer, ...more] = [1, 2, 3, 4].map((n) => LONG.slice(0, kept.length + n).toWellFormed())
        for (const text of [longer!, ...more])
          expect(llama3.encode(prompt(parts), text, '', whole(1e6)).ids.length).toBeGreaterThan(maxLength)
      }
  })

  it('cut each copy by itself where the length is the contents’', () => {
    const echo = prompt(['Document: ', CONTENTS, '\nAgain: ', CONTENTS])
    const tokens = qwen.encode(echo, LONG, '', each(30))
    const [, first, second] = qwen.decode(tokens.ids).split(/Document: |\nAgain: /)
    expect(first).toBe(second)
    expect(qwen.encode(prompt([CONTENTS]), first!, '', whole()).ids.length).toBe(30)
  })
})

describe('parts joined as tokens', () => {
  const layout = prompt(['<|im_start|>user\nPassage: "', CONTENTS, '". Use', ' one word.', '{task}'], {
    join: 'tokens',
    addSpecialTokens: false,
  })
  const alone = (tokenizer: PromptTokenizer, text: string) =>
    tokenizer.encode(prompt([CONTENTS], { addSpecialTokens: false }), text, '', whole(1e6)).ids

  it('are tokenised run by run', () => {
    const tokens = qwen.encode(layout, 'a cat', ' now', each(512))
    const [before, contents, after] = ['<|im_start|>user\nPassage: "', 'a cat', '". Use one word. now'].map((text) =>
      alone(qwen, text),
    )
    expect(tokens.ids).toEqual([...before!, ...contents!, ...after!])
    expect(tokens.contents).toEqual({ start: before!.length, end: before!.length + contents!.length })
    expect(tokens.fromContents).toBe(before!.length)
  })

  it('cut the contents before fixed text is put around', () => {
    const tokens = qwen.encode(layout, LONG, '', each(25))
    const all = alone(qwen, LONG)
    expect(tokens.ids.slice(tokens.contents.start, tokens.contents.end)).toEqual(all.slice(0, 25))
    expect(tokens.cutTokens).toBe(all.length - 25)
    expect(qwen.decode(tokens.ids).endsWith('". Use one word.')).toBe(true)
  })

  it('share what fixed text leaves', () => {
    const echo = prompt(['One: ', CONTENTS, ' Two: ', CONTENTS], { join: 'tokens' })
    const fixed = alone(llama3, 'One: ').length + alone(llama3, ' Two: ').length + 1
    const tokens = llama3.encode(echo, LONG, '', whole(fixed + 21))
    expect(tokens.ids[0]).toBe(llama3.tokenId('<|begin_of_text|>'))
    expect(tokens.ids.length).toBe(fixed + 20)
    expect(tokens.contents.end - tokens.contents.start).toBe(10)
  })
})

describe('the end token', () => {
  const EOS = '<|end_of_text|>'

  it('stands last, also after truncation', () => {
    const layout = prompt(['query: ', CONTENTS], { end: EOS })
    const eos = llama3.tokenId(EOS)!
    const short = llama3.encode(layout, 'fox', '', whole())
    expect(short.ids).toEqual([...llama3.encode(prompt(['query: ', CONTENTS]), 'fox', '', whole()).ids, eos])
    for (const join of ['text', 'tokens'] as const) {
      const cut = llama3.encode({ ...layout, join }, LONG, '', whole(24))
      expect(cut.ids.length).toBe(24)
      expect(cut.ids.at(-1)).toBe(eos)
      expect(cut.contents.end).toBe(23)
    }
  })

  it('is not put there twice', () => {
    const eos = llama3.tokenId(EOS)!
    const fixed = llama3.encode(prompt([CONTENTS, EOS], { end: EOS }), LONG, '', whole(24))
    expect(fixed.ids.length).toBe(24)
    expect(fixed.ids.filter((id) => id === eos).length).toBe(1)
    expect(llama3.encode(prompt([CONTENTS], { end: EOS }), `fox${EOS}`, '', whole()).ids.at(-2)).not.toBe(eos)
    const sep = bert.encode(prompt([CONTENTS], { end: '[SEP]' }), LONG, '', whole(24))
    expect(sep).toEqual(bert.encode(prompt([CONTENTS]), LONG, '', whole(24)))
  })

  it('must be one of the tokenizer’s', () => {
    expect(() => bert.encode(prompt([CONTENTS], { end: '</s>' }), 'fox', '', whole())).toThrow(/<\/s>, which the model/)
  })
})

describe('PromptTokenizer', () => {
  it('takes empty contents', () => {
    for (const join of ['text', 'tokens'] as const) {
      const tokens = llama3.encode(prompt(['Passage: "', CONTENTS, '" ends'], { join }), '', '', whole())
      expect(tokens.contents.end).toBeGreaterThanOrEqual(tokens.contents.start)
      expect(tokens.truncated).toBe(false)
    }
    expect(qwen.encode(prompt([CONTENTS]), '', '', whole()).ids).toEqual([])
  })

  it('refuses a prompt whose own text is too long, with both numbers', () => {
    for (const join of ['text', 'tokens'] as const)
      expect(() => qwen.encode(prompt(['a b c d e f g', CONTENTS], { join }), 'x', '', whole(5))).toThrow(
        expect.objectContaining({ code: 'RECIPE_INVALID', message: expect.stringMatching(/takes 9 tokens.* 5 /) }),
      )
  })

  it('never cuts a surrogate pair', () => {
    for (let max = 8; max < 40; max++) {
      const { ids } = qwen.encode(prompt(['"', CONTENTS, '" is']), '🙂'.repeat(200), '', whole(max))
      expect(qwen.decode(ids)).toMatch(/^"(🙂)*" is$/u)
    }
  })

  it('gives the ids of words, each by itself', () => {
    const alone = (word: string) => qwen.encode(prompt([CONTENTS]), word, '', whole()).ids
    const ids = qwen.wordIds(['retrievers', 'vectors', 'retrievers'])
    expect(ids).toEqual([...new Set([...alone('retrievers'), ...alone('vectors')])].sort((a, b) => a - b))
  })

  it('decodes, and shows tokens readably', () => {
    const text = 'naïve  cats\n<|im_end|> 🙂'
    const { ids } = qwen.encode(prompt([CONTENTS]), text, '', whole())
    expect(qwen.decode(ids)).toBe(text)
    const shown = qwen.tokensOf(ids)
    expect(shown.length).toBe(ids.length)
    expect(shown).toContain('<|im_end|>')
    expect(shown.join('')).toMatch(/^na\\xC3\\xAFve {2}cats\n/)
    expect(mistral.tokensOf(mistral.encode(prompt([CONTENTS]), 'a 東', '', whole()).ids)).toEqual(
      expect.arrayContaining(['<s>', ' a']),
    )
    expect(qwen.decode([])).toBe('')
  })

  it('knows its tokens', () => {
    expect(qwen.size).toBe(505)
    expect(qwen.vocabulary[qwen.tokenId('Ġthe')!]).toBe('Ġthe')
    expect(qwen.tokenId('no such token')).toBeNull()
    expect(qwen.isSpecial(qwen.tokenId('<|im_end|>')!)).toBe(true)
    expect(qwen.isSpecial(qwen.tokenId('<tool_call>')!)).toBe(false)
  })
})
