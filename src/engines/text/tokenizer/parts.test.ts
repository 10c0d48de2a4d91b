import { describe, expect, it } from 'vitest'
import { addedTokenSplitter } from './added-tokens.ts'
import { fromByteAlphabet, toByteAlphabet } from './byte-alphabet.ts'
import { BytePairs, cutAtMarks } from './byte-pairs.ts'
import { longestPrefix } from './longest-prefix.ts'
import { pieces, preTokenizer } from './pre-tokenizer.ts'
import { settledTokenizer } from './settle.ts'

describe('BytePairs', () => {
  const vocab = Object.fromEntries(
    ['<unk>', 'a', 'b', 'c', '▁', 'ab', 'bc', 'abc', '<0xC3>', '<0xA9>'].map((t, i) => [t, i]),
  )
  const merges = ['b c', 'a b', 'a bc']

  it('merges by rank, left before right', () => {
    expect(new BytePairs({ vocab, merges }).encode('abc')).toEqual([7])
    expect(new BytePairs({ vocab, merges: ['a b', 'b c'] }).encode('abc')).toEqual([5, 3])
    expect(new BytePairs({ vocab: { a: 0, aa: 1 }, merges: ['a a'] }).encode('aaa')).toEqual([1, 0])
  })

  it('knows what to do with what it does not know', () => {
    expect(new BytePairs({ vocab, merges }).encode('axb')).toEqual([5])
    expect(new BytePairs({ vocab, merges, unk_token: '<unk>' }).encode('xyb')).toEqual([0, 0, 2])
    expect(new BytePairs({ vocab, merges, unk_token: '<unk>', fuse_unk: true }).encode('xyb')).toEqual([0, 2])
    const bytes = new BytePairs({ vocab, merges, unk_token: '<unk>', byte_fallback: true })
    expect(bytes.encode('éb')).toEqual([8, 9, 2])
    expect(bytes.encode('èb')).toEqual([0, 2])
  })

  it('gives a whole word of the vocabulary first, if told', () => {
    const known = { vocab: { ...vocab, cab: 10 }, merges }
    expect(new BytePairs(known).encode('cab')).toEqual([3, 5])
    expect(new BytePairs({ ...known, ignore_merges: true }).encode('cab')).toEqual([10])
  })

  it('takes long words in no long time', () => {
    const start = performance.now()
    expect(new BytePairs({ vocab, merges }).encode('abc'.repeat(200_000)).length).toBe(200_000)
    expect(performance.now() - start).toBeLessThan(5000)
  })

  it('cuts before ▁ only where no token has one inside', () => {
    expect(cutAtMarks('▁▁ab▁c')).toEqual(['▁▁ab', '▁c'])
    expect(new BytePairs({ vocab, merges }).cutsAtMarks).toBe(true)
    const inside = { vocab: { ...vocab, 'a▁': 10 }, merges: [...merges, 'a ▁'] }
    expect(new BytePairs(inside).cutsAtMarks).toBe(false)
  })

  it('refuses merges of tokens that are not there', () => {
    expect(() => new BytePairs({ vocab, merges: ['a x'] })).toThrow(/"x"/)
  })
})

describe('pieces', () => {
  // Outputs of tokenizers.pre_tokenizers.Split('-', behavior) 0.23 on "-a--b".
  it.each([
    ['Removed', ['a', 'b']],
    ['Isolated', ['-', 'a', '-', '-', 'b']],
    ['MergedWithPrevious', ['-', 'a-', '-', 'b']],
    ['MergedWithNext', ['-a', '-', '-b']],
    ['Contiguous', ['-', 'a', '--', 'b']],
  ])('%s', (behavior, want) => {
    expect(pieces('-a--b', /-/g, behavior, false)).toEqual(want)
  })

  it('takes the rest for the matches, if told', () => {
    expect(pieces('-a--b', /-/g, 'Removed', true)).toEqual(['-', '-', '-'])
  })
})

describe('preTokenizer', () => {
  it('marks the first word alone, or all', () => {
    const metaspace = (prepend_scheme: string, split = false) =>
      preTokenizer({ type: 'Metaspace', prepend_scheme, split })
    expect(metaspace('first').split('a b', true)).toEqual(['▁a▁b'])
    expect(metaspace('first').split('a b', false)).toEqual(['a▁b'])
    expect(metaspace('always').split('a b', false)).toEqual(['▁a▁b'])
    expect(metaspace('never').split('a b', true)).toEqual(['a▁b'])
    expect(metaspace('always', true).split('a  b', true)).toEqual(['▁a', '▁', '▁b'])
  })

  it('takes the long s for an s, as Oniguruma does', () => {
    const split = preTokenizer({ type: 'Split', pattern: { Regex: "(?i:'s|'t)|\\p{L}+" }, behavior: 'Isolated' })
    expect(split.split("a'ſo", true)).toEqual(['a', "'ſ", 'o'])
  })

  it('refuses what it does not know', () => {
    expect(() => preTokenizer({ type: 'UnicodeScripts' })).toThrow(/UnicodeScripts/)
  })
})

describe('addedTokenSplitter', () => {
  it('finds the longest, and heeds blanks and words', () => {
    const split = addedTokenSplitter([
      { id: 1, content: '<a>' },
      { id: 2, content: '<a><b>' },
      { id: 3, content: '<l>', lstrip: true },
      { id: 4, content: '<r>', rstrip: true },
      { id: 5, content: 'w', single_word: true },
    ])
    expect(split('x<a><b><a>')).toEqual([{ text: 'x', at: 0 }, 2, 1])
    expect(split('x \n<l> y')).toEqual([{ text: 'x', at: 0 }, 3, { text: ' y', at: 6 }])
    expect(split('x <r> \ty')).toEqual([{ text: 'x ', at: 0 }, 4, { text: 'y', at: 7 }])
    expect(split('w ow w')).toEqual([5, { text: ' ow ', at: 1 }, 5])
    expect(split('')).toEqual([])
  })
})

describe('the byte alphabet', () => {
  it('writes every byte as a character', () => {
    expect(toByteAlphabet(' the\n')).toBe('ĠtheĊ')
    expect(toByteAlphabet('é')).toBe('Ã©')
    const all = `${Buffer.from(Array.from({ length: 128 }, (_, byte) => byte)).toString()}ÿ€🙂`
    expect(fromByteAlphabet(toByteAlphabet(all))?.toString()).toBe(all)
    expect(fromByteAlphabet('東')).toBeNull()
  })
})

describe('longestPrefix', () => {
  it('finds it from any guess, in few tries', () => {
    const text = 'abcdefghij'.repeat(1000)
    for (const guess of [1, 50, 4999, 20_000])
      for (const most of [0, 1, 7, 4096, 9999, 10_000]) {
        let tries = 0
        const fits = (length: number) => {
          tries++
          return length <= most
        }
        expect(longestPrefix(text, fits, guess)).toBe(most)
        expect(tries).toBeLessThan(45)
      }
  })

  it('sees that a character more may fit again', () => {
    expect(longestPrefix('x'.repeat(100), (length) => length < 40 || length === 45, 8)).toBe(45)
  })

  it('keeps surrogate pairs whole', () => {
    for (let most = 0; most <= 20; most++)
      expect(longestPrefix('🙂'.repeat(10), (n) => n <= most, 3)).toBe(most - (most % 2))
  })
})

describe('settledTokenizer', () => {
  const json = { model: { vocab: { a: 0, '<e>': 1 } }, added_tokens: [] } as never

  it('gives Qwen2 its normaliser', () => {
    expect(settledTokenizer(json, { tokenizer_class: 'Qwen2Tokenizer' }, false).normalizer).toEqual({ type: 'NFC' })
    expect(settledTokenizer(json, {}, false).normalizer).toBeNull()
  })

  it('adds special tokens that only the config names, if the vocabulary has them', () => {
    const { added_tokens } = settledTokenizer(json, { eos_token: '<e>', pad_token: '<p>' }, false)
    expect(added_tokens).toEqual([{ id: 1, content: '<e>', special: true, normalized: false }])
  })
})
