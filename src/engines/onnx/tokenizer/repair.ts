import type { Tokenizer } from '@huggingface/tokenizers'
import { type BertNormalizerConfig, bertNormalizer } from './bert-normalizer.ts'
import { lowerCase } from './lower-case.ts'
import { precompiledNormalizer } from './precompiled.ts'

/** The members of the library's objects that are replaced; they are called through these very names. */
interface Part {
  readonly config?: { readonly type?: string } & Readonly<Record<string, unknown>>
  normalize?(text: string): string
  /** Members of a sequence of normalizers. */
  readonly normalizers?: readonly (Part | null)[]
}
interface Model {
  readonly config?: { readonly type?: string; readonly byte_fallback?: boolean }
  encode(words: string[]): string[]
}

/** A word's tokens are found once; text repeats its words. Beyond this many words the memory starts anew. */
const WORDS_KEPT = 50_000

/**
 * Makes the JavaScript library give the tokens of the Rust one where it is known to differ (BERT's normaliser, SentencePiece's character
 * map, lower case), and remembers words' tokens, which makes it several times faster.
 */
export function repairTokenizer(tokenizer: Tokenizer): void {
  repairNormalizer(tokenizer.normalizer as unknown as Part | null)
  rememberWords(tokenizer.model as unknown as Model)
}

function repairNormalizer(part: Part | null): void {
  if (part === null) return
  for (const member of part.normalizers ?? []) repairNormalizer(member)
  const { type } = part.config ?? {}
  if (type === 'BertNormalizer') part.normalize = bertNormalizer(part.config as BertNormalizerConfig)
  if (type === 'Lowercase') part.normalize = lowerCase
  if (type === 'Precompiled') {
    const map = part.config?.precompiled_charsmap
    if (typeof map === 'string' && map !== '') part.normalize = precompiledNormalizer(map)
    else part.normalize = (text) => text
  }
}

function rememberWords(model: Model): void {
  const type = model.config?.type
  // The library keeps byte pairs by itself.
  if (type !== 'WordPiece' && type !== 'Unigram') return
  const encode = model.encode.bind(model)
  let known = new Map<string, string[]>()
  model.encode = (parts) => {
    const out: string[] = []
    for (const part of parts)
      for (const word of type === 'Unigram' ? splitWords(part) : [part]) {
        let tokens = known.get(word)
        if (tokens === undefined) {
          tokens = encode([word])
          if (known.size >= WORDS_KEPT) known = new Map()
          known.set(word, tokens)
        }
        for (const token of tokens) out.push(token)
      }
    return out
  }
}

/** SentencePiece's pieces never reach across a space (▁), which therefore starts a word: its best split does not depend on others. */
function splitWords(text: string): string[] {
  return text.match(/▁?[^▁]+|▁/g) ?? []
}
