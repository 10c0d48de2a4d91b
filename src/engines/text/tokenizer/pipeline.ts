import { addedTokenSplitter, type Stretch } from './added-tokens.ts'
import { toByteAlphabet } from './byte-alphabet.ts'
import { BytePairs, type BytePairsConfig, cutAtMarks } from './byte-pairs.ts'
import { BPE, type LibraryTokenizer, Tokenizer, Unigram } from './library.ts'
import { type PreTokenizer, type PreTokenizerConfig, preTokenizer } from './pre-tokenizer.ts'
import { repairNormalizer } from './repair.ts'
import type { AddedToken, TokenizerConfig, TokenizerJson } from './settle.ts'

export interface Ids {
  readonly ids: number[]
  /** How many of them belong to words that stand at least `FAR` words before the end. */
  readonly settled: number
}

/** Words of a text's end whose tokens may change where the text goes on (a space joins the next word, blanks are grouped). */
const FAR = 4

/** A word's tokens are found once; text repeats its words. Beyond this many words, the memory starts anew. */
const WORDS_KEPT = 50_000
/** Longer words (UTF-16) are not remembered: they do not come again. */
const WORD_LENGTH = 64

/**
 * From text to token ids as the Rust library `tokenizers` goes: added tokens are taken out, the stretches between them normalised, cut into
 * words and encoded. The parts come from the JavaScript library `@huggingface/tokenizers` where these agree with the Rust ones.
 */
export class Pipeline {
  readonly library: LibraryTokenizer
  /** Token strings by id, added ones included, as transformers' `get_vocab` writes them. */
  readonly vocabulary: readonly (string | undefined)[]
  /** Special tokens, as tokenizer.json declares them. */
  readonly special: ReadonlySet<number>
  /** Added tokens, special or not. */
  readonly added: ReadonlySet<number>
  /** Whether the vocabulary is written in the byte alphabet. */
  readonly byteLevel: boolean
  /** Length of the longest added token (UTF-16). */
  readonly longestAdded: number
  private readonly tokenIds: ReadonlyMap<string, number>
  private readonly plain: (text: string) => Stretch[]
  private readonly normalised: (text: string) => Stretch[]
  private readonly normalize: (text: string) => string
  private readonly words: PreTokenizer
  private readonly bytePairs: BytePairs | null
  /** Cuts a word where that changes no tokens. */
  private readonly cut: (word: string) => string[]
  private readonly unknown: number | undefined
  private readonly fuses: boolean
  private known = new Map<string, number[]>()

  /** @throws Error on what is no tokenizer, or one of a kind that is not known. */
  constructor(json: TokenizerJson, config: TokenizerConfig) {
    this.library = new Tokenizer(withoutMerges(json), config)
    repairNormalizer(this.library.normalizer)
    const { model, normalizer } = this.library
    this.vocabulary = model.vocab
    this.tokenIds = model.tokens_to_ids
    this.special = new Set(json.added_tokens.filter((token) => token.special).map((token) => token.id))
    this.added = new Set(json.added_tokens.map((token) => token.id))
    this.longestAdded = Math.max(0, ...json.added_tokens.map((token) => token.content.length))
    this.normalize = normalizer === null ? (text) => text : (text) => normalizer.normalize(text)
    const late = (token: AddedToken) => normalizer !== null && (token.normalized ?? !token.special)
    this.plain = addedTokenSplitter(json.added_tokens.filter((token) => !late(token)))
    this.normalised = addedTokenSplitter(
      json.added_tokens.filter(late).map((token) => ({ ...token, content: this.normalize(token.content) })),
    )
    this.words = preTokenizer(json.pre_tokenizer as PreTokenizerConfig | null)
    this.byteLevel = this.words.byteLevel
    this.bytePairs = model instanceof BPE ? new BytePairs(json.model as unknown as BytePairsConfig) : null
    this.unknown = model.unk_token_id
    this.fuses = model instanceof Unigram
    if (this.fuses) this.cut = cutBeforeMarks
    else if (!this.byteLevel && this.bytePairs?.cutsAtMarks) this.cut = cutAtMarks
    else this.cut = (word) => [word]
  }

  /** @param text Without lone surrogates. */
  encode(text: string): Ids {
    const ids: number[] = []
    const starts: number[] = []
    for (const stretch of this.plain(text)) {
      if (typeof stretch === 'number') {
        starts.push(ids.length)
        ids.push(stretch)
        continue
      }
      for (const part of this.normalised(this.normalize(stretch.text))) {
        if (typeof part === 'number') {
          starts.push(ids.length)
          ids.push(part)
        } else this.encodeWords(this.words.split(part.text, stretch.at === 0 && part.at === 0), ids, starts)
      }
    }
    return { ids, settled: starts[starts.length - FAR] ?? 0 }
  }

  /** The id of a token, special or of the vocabulary, by its text. */
  tokenId(text: string): number | null {
    return this.tokenIds.get(text) ?? null
  }

  /** The tokenizer's own special tokens around a text. */
  around(): { readonly before: readonly number[]; readonly after: readonly number[] } {
    const place = '\0'
    const post = this.library.post_processor
    const tokens = post === null ? [place] : post.post_process([place], null, true).tokens
    const at = tokens.indexOf(place)
    const ids = tokens.map((token, i) => {
      const id = i === at ? -1 : this.tokenId(token)
      if (id === null) throw new Error(`its post-processor names ${JSON.stringify(token)}, which it lacks`)
      return id
    })
    return { before: ids.slice(0, at), after: ids.slice(at + 1) }
  }

  private encodeWords(words: readonly string[], ids: number[], starts: number[]): void {
    for (const word of words) {
      let fusing = false
      for (const piece of this.cut(word)) {
        starts.push(ids.length)
        for (const id of this.remembered(piece)) {
          // Unigram models give one unknown token for a row of unknown characters; byte pairs have seen to that.
          const unknown = this.fuses && id === this.unknown
          if (!unknown || !fusing) ids.push(id)
          fusing = unknown
        }
      }
    }
  }

  private remembered(piece: string): readonly number[] {
    let tokens = this.known.get(piece)
    if (tokens !== undefined) return tokens
    tokens = this.bytePairs === null ? this.encodeByLibrary(piece) : this.encodeByBytePairs(piece, this.bytePairs)
    if (piece.length <= WORD_LENGTH) {
      if (this.known.size >= WORDS_KEPT) this.known = new Map()
      this.known.set(piece, tokens)
    }
    return tokens
  }

  private encodeByBytePairs(piece: string, bytePairs: BytePairs): number[] {
    return bytePairs.encode(this.byteLevel ? toByteAlphabet(piece) : piece)
  }

  private encodeByLibrary(piece: string): number[] {
    return this.library.model.encode([piece]).map((token) => {
      const id = this.tokenIds.get(token) ?? this.unknown
      if (id === undefined) throw new Error(`it has no token for ${JSON.stringify(token)}, nor one for what is unknown`)
      return id
    })
  }
}

/** SentencePiece's unigram pieces never reach across a space (▁), which starts a word: its best split does not depend on others. */
function cutBeforeMarks(text: string): string[] {
  return text.match(/▁?[^▁]+|▁/g) ?? []
}

/** Merges are encoded here, and take the library long to read. */
function withoutMerges(json: TokenizerJson): object {
  return 'merges' in (json.model ?? {}) ? { ...json, model: { ...json.model, merges: [] } } : json
}
