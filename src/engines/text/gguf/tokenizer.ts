import type { TokenizerConfig, TokenizerJson } from '../tokenizer/settle.ts'
import { bytePairs } from './byte-pairs.ts'
import { readGguf } from './file.ts'
import type { Metadata } from './metadata.ts'
import { MetadataReader } from './metadata.ts'
import { sentencePieces } from './sentence-pieces.ts'
import { unigramPieces } from './unigram-pieces.ts'
import { addedTokens, around, readVocabulary, type Vocabulary } from './vocabulary.ts'
import { wordPieces } from './word-pieces.ts'

/** Enters identities: raise it whenever tokens come out otherwise for the same file. */
export const GGUF_TOKENIZER_VERSION = 1

/** What a kind of tokenizer is made of, in the terms of tokenizer.json. */
export interface Parts {
  readonly model: object
  readonly normalizer: object | null
  readonly pre_tokenizer: object | null
  readonly decoder: object
  /** What stands around a text unless the file says otherwise. */
  readonly defaults: { readonly bos: boolean; readonly eos: boolean; readonly sep: boolean }
  readonly tokenizerClass?: string | null
}

const KINDS: Readonly<Record<string, (vocabulary: Vocabulary) => Parts>> = {
  gpt2: bytePairs,
  llama: sentencePieces,
  bert: wordPieces,
  t5: unigramPieces,
}

/**
 * The tokenizer that a GGUF file describes, in the form of tokenizer.json and tokenizer_config.json, so that one and the same code tokenises
 * for all engines. What GGUF leaves open is as transformers has it for that family, NFC of Qwen2's among it, which llama.cpp leaves out.
 *
 * @throws FieldtrialError `MODEL_INVALID` on a file without tokenizer, or with one of a kind that is not known here.
 */
export function tokenizerOf(file: string, metadata: Metadata): { json: TokenizerJson; config: TokenizerConfig } {
  const read = new MetadataReader(file, metadata)
  const kind = read.required('tokenizer.ggml.model', read.text('tokenizer.ggml.model'))
  const make = KINDS[kind]
  if (make === undefined)
    throw read.invalid(
      'tokenizer.ggml.model',
      `is ${JSON.stringify(kind)}; tokenizers of the kinds ${Object.keys(KINDS).join(', ')} are known`,
    )
  const vocabulary = readVocabulary(read)
  const { defaults, tokenizerClass, ...parts } = make(vocabulary)
  const json = {
    ...parts,
    added_tokens: addedTokens(vocabulary),
    post_processor: around(vocabulary, defaults),
  } as unknown as TokenizerJson
  const { bos, eos, pad, unk } = vocabulary.special
  const named = { bos_token: bos, eos_token: eos, pad_token: pad, unk_token: unk }
  const config = Object.fromEntries(
    Object.entries({
      ...named,
      chat_template: read.text('tokenizer.chat_template'),
      tokenizer_class: tokenizerClass,
    }).filter(([, value]) => value !== null && value !== undefined),
  )
  return { json, config }
}

/** As {@link tokenizerOf}, of a file. */
export async function readGgufTokenizer(file: string): Promise<{ json: TokenizerJson; config: TokenizerConfig }> {
  return tokenizerOf(file, (await readGguf(file)).metadata)
}
