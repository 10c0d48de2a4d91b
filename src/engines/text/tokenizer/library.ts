import * as library from '@huggingface/tokenizers'

/*
 * The members of `@huggingface/tokenizers` that are used, with their types: the library's own declarations name files without endings,
 * which TypeScript does not find from an ES module.
 */

export interface LibraryNormalizer {
  readonly config?: { readonly type?: string } & Readonly<Record<string, unknown>>
  /** Called by this very name, so that it can be replaced. */
  normalize(text: string): string
  /** Members of a sequence of normalisers. */
  readonly normalizers?: readonly (LibraryNormalizer | null)[]
}

export interface LibraryModel {
  /** Token strings by id. */
  readonly vocab: (string | undefined)[]
  readonly tokens_to_ids: Map<string, number>
  readonly unk_token_id?: number
  encode(words: string[]): string[]
}

export interface LibraryTokenizer {
  readonly normalizer: LibraryNormalizer | null
  readonly model: LibraryModel
  readonly post_processor: {
    post_process(tokens: string[], pair: null, special: boolean): { readonly tokens: string[] }
  } | null
  decode(ids: number[], options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean }): string
}

interface Library {
  readonly Tokenizer: new (json: object, config: object) => LibraryTokenizer
  readonly BPE: new (config: object) => LibraryModel
  readonly Unigram: new (config: object) => LibraryModel
  readonly SplitPreTokenizer: new (config: object) => { readonly pattern: RegExp | null }
  readonly BertPreTokenizer: new () => { pre_tokenize(text: string): string[] }
}

export const { Tokenizer, BPE, Unigram, SplitPreTokenizer, BertPreTokenizer } = library as unknown as Library
