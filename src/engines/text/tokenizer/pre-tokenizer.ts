import { toByteAlphabet } from './byte-alphabet.ts'
import { escapePattern } from './escape.ts'
import { BertPreTokenizer, SplitPreTokenizer } from './library.ts'

/** A part of tokenizer.json's `pre_tokenizer`. */
export interface PreTokenizerConfig {
  readonly type?: string
  readonly pretokenizers?: readonly PreTokenizerConfig[]
  readonly pattern?: { readonly Regex?: string; readonly String?: string }
  readonly behavior?: string
  readonly invert?: boolean
  readonly add_prefix_space?: boolean
  readonly use_regex?: boolean
  readonly individual_digits?: boolean
  readonly replacement?: string
  readonly prepend_scheme?: string
  readonly split?: boolean
}

export interface PreTokenizer {
  /** @param first Whether the text starts where the whole does, which some tokenizers mark with a space. */
  split(text: string, first: boolean): string[]
  /** Whether the words are to be written in the byte alphabet (`byte-alphabet.ts`). */
  readonly byteLevel: boolean
}

type Stage = (word: string, first: boolean) => string[]

/**
 * Pre-tokenizers as the Rust library has them. The JavaScript library's differ: `\s` of GPT-2's pattern, ASCII-only digits and words, marks
 * run together, Metaspace without `split`, Split without the merging behaviours.
 *
 * Left as they are: characters that Unicode 17 (September 2025) added, which Node knows as letters and the Rust library's tables do not.
 */
export function preTokenizer(config: PreTokenizerConfig | null): PreTokenizer {
  const parts = flat(config)
  const byteLevel = parts.at(-1)?.type === 'ByteLevel'
  const stages = parts.map(stage)
  // The last one's bytes are left to the reader, who does that once per word.
  parts.forEach((part, i) => {
    if (part.type !== 'ByteLevel' || i === parts.length - 1) return
    const split = stages[i]!
    stages[i] = (word, first) => split(word, first).map(toByteAlphabet)
  })
  return {
    byteLevel,
    split: (text, first) => {
      let words = [text]
      for (const apply of stages) words = words.flatMap((word, i) => apply(word, first && i === 0))
      return words
    },
  }
}

function flat(config: PreTokenizerConfig | null): PreTokenizerConfig[] {
  if (config === null) return []
  return config.type === 'Sequence' ? (config.pretokenizers ?? []).flatMap(flat) : [config]
}

const GPT2 =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu
const WORD =
  /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d]+|[^\p{White_Space}\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d]+/gu

function stage(config: PreTokenizerConfig): Stage {
  switch (config.type) {
    case 'ByteLevel':
      return (word) => {
        const text = config.add_prefix_space && !word.startsWith(' ') ? ` ${word}` : word
        return (config.use_regex ?? true) ? (text.match(GPT2) ?? []) : [text]
      }
    case 'Metaspace':
      return metaspace(config)
    case 'Split':
      return splitter(patternOf(config), config.behavior ?? 'Isolated', config.invert ?? false)
    case 'Punctuation':
      return splitter(/[\p{P}!-/:-@[-`{-~]/gu, config.behavior ?? 'Isolated', false)
    case 'Digits':
      return splitter(config.individual_digits ? /\p{N}/gu : /\p{N}+/gu, 'Isolated', false)
    case 'Whitespace':
      return (word) => word.match(WORD) ?? []
    case 'WhitespaceSplit':
      return (word) => word.match(/\P{White_Space}+/gu) ?? []
    case 'BertPreTokenizer': {
      const part = new BertPreTokenizer()
      return (word) => part.pre_tokenize(word)
    }
    default:
      throw new Error(`its pre-tokenizer ${config.type} is of no known kind`)
  }
}

function metaspace({ replacement = '▁', prepend_scheme, add_prefix_space, split = true }: PreTokenizerConfig): Stage {
  // Files from before 2024 say `add_prefix_space` only.
  const scheme = prepend_scheme ?? (add_prefix_space === false ? 'never' : 'always')
  const mark = new RegExp(escapePattern(replacement), 'gu')
  return (word, first) => {
    let text = word.replaceAll(' ', replacement)
    const prepends = scheme === 'always' || (scheme === 'first' && first)
    if (prepends && !text.startsWith(replacement)) text = replacement + text
    return split ? pieces(text, mark, 'MergedWithNext', false) : [text]
  }
}

/** The library translates Oniguruma's patterns. Its `(?i:'s)` folds ASCII only; Oniguruma's also takes the long s. */
function patternOf({ pattern, ...rest }: PreTokenizerConfig): RegExp {
  const regex = pattern?.Regex?.replace("(?i:'s|", "(?i:'s|'ſ|")
  const translated = new SplitPreTokenizer({
    ...rest,
    pattern: regex === undefined ? pattern : { Regex: regex },
    invert: true,
  }).pattern
  if (translated === null) throw new Error(`its pattern ${JSON.stringify(pattern)} is of no known kind`)
  return translated
}

const splitter =
  (pattern: RegExp, behavior: string, invert: boolean): Stage =>
  (word) =>
    pieces(word, pattern, behavior, invert)

/**
 * Cuts a text where a pattern matches.
 *
 * @param behavior What becomes of the matches: `Removed`, `Isolated`, `MergedWithPrevious`, `MergedWithNext`, `Contiguous` (matches side by
 *   side are one).
 * @param invert Takes what does not match for the matches.
 */
export function pieces(text: string, pattern: RegExp, behavior: string, invert: boolean): string[] {
  const cut: { text: string; match: boolean }[] = []
  let from = 0
  const push = (to: number, match: boolean) => {
    if (to > from) cut.push({ text: text.slice(from, to), match: match !== invert })
    from = to
  }
  for (const { 0: found, index } of text.matchAll(pattern)) {
    if (found === '') continue
    push(index, false)
    push(index + found.length, true)
  }
  push(text.length, false)

  switch (behavior) {
    case 'Removed':
      return cut.filter(({ match }) => !match).map((piece) => piece.text)
    case 'Isolated':
      return cut.map((piece) => piece.text)
  }
  const out: string[] = []
  cut.forEach((piece, i) => {
    const before = cut[i - 1]
    const joins =
      before !== undefined &&
      (behavior === 'MergedWithPrevious'
        ? piece.match && !before.match
        : behavior === 'MergedWithNext'
          ? !piece.match && before.match
          : piece.match === before.match)
    if (joins) out[out.length - 1] += piece.text
    else out.push(piece.text)
  })
  return out
}
