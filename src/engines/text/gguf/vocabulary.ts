import type { AddedToken } from '../tokenizer/settle.ts'
import type { MetadataReader } from './metadata.ts'

/** `tokenizer.ggml.token_type`. */
export const TOKEN_TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const

export interface Vocabulary {
  readonly read: MetadataReader
  /** By id. */
  readonly tokens: readonly string[]
  readonly types: readonly number[]
  /** Texts of special tokens; null for those that the file does not name. */
  readonly special: Readonly<Record<keyof typeof KEYS, string | null>>
}

/** Keys of special tokens (one is misspelt in the format itself). */
const KEYS = {
  bos: 'bos_token_id',
  eos: 'eos_token_id',
  pad: 'padding_token_id',
  unk: 'unknown_token_id',
  sep: 'seperator_token_id',
  cls: 'cls_token_id',
} as const

/** llama.cpp's ids for special tokens that a file does not name, by kind of tokenizer (llama-vocab.cpp). */
const DEFAULT_IDS: Readonly<Record<string, Partial<Record<keyof typeof KEYS, number>>>> = {
  llama: { bos: 1, eos: 2, unk: 0 },
  bert: { bos: 101, unk: 100, sep: 102, pad: 0 },
  t5: { eos: 1, unk: 2, pad: 0 },
}

export function readVocabulary(read: MetadataReader): Vocabulary {
  const tokens = read.required('tokenizer.ggml.tokens', read.texts('tokenizer.ggml.tokens'))
  const types = read.numbers('tokenizer.ggml.token_type') ?? tokens.map(() => TOKEN_TYPE.normal)
  if (types.length < tokens.length)
    throw read.invalid('tokenizer.ggml.token_type', `has ${types.length} entries for ${tokens.length} tokens`)
  const defaults = DEFAULT_IDS[read.text('tokenizer.ggml.model') ?? ''] ?? {}
  const textOf = (name: keyof typeof KEYS): string | null => {
    const id = read.number(`tokenizer.ggml.${KEYS[name]}`)
    if (id !== null && tokens[id] === undefined)
      throw read.invalid(`tokenizer.ggml.${KEYS[name]}`, `is ${id}; the file has tokens 0 to ${tokens.length - 1}`)
    return tokens[id ?? defaults[name] ?? -1] ?? null
  }
  const names = Object.keys(KEYS) as (keyof typeof KEYS)[]
  return {
    read,
    tokens,
    types,
    special: Object.fromEntries(names.map((name) => [name, textOf(name)])) as Vocabulary['special'],
  }
}

/** Ids by text. Padding of the embedding table (`[PAD151665]`, unused) is no token. */
export function idsByText({ tokens, types }: Vocabulary): Record<string, number> {
  const ids: Record<string, number> = Object.create(null) as Record<string, number>
  for (const [id, token] of tokens.entries()) if (types[id] !== TOKEN_TYPE.unused) ids[token] = id
  return ids
}

/** Tokens that are found in text as they stand: control tokens, and what the converter knows as added. */
export function addedTokens({ tokens, types }: Vocabulary): AddedToken[] {
  return tokens.flatMap((content, id) => {
    const type = types[id]
    if (content === '' || (type !== TOKEN_TYPE.control && type !== TOKEN_TYPE.userDefined)) return []
    return [{ id, content, special: type === TOKEN_TYPE.control, normalized: false }]
  })
}

/** The special tokens around a text, as a template of tokenizer.json; null for none. */
export function around(
  { read, special, tokens }: Vocabulary,
  defaults: { readonly bos: boolean; readonly eos: boolean; readonly sep: boolean },
): object | null {
  const wanted = (name: 'bos' | 'eos' | 'sep') => read.flag(`tokenizer.ggml.add_${name}_token`) ?? defaults[name]
  const before = wanted('bos') ? (special.bos ?? special.cls) : null
  const after = [wanted('eos') ? special.eos : null, wanted('sep') ? (special.sep ?? special.eos) : null]
  // A model that ends with both names them alike.
  const behind = [...new Set(after.filter((token) => token !== null))]
  const all = [...(before === null ? [] : [before]), ...behind]
  if (all.length === 0) return null
  const piece = (token: string) => ({ SpecialToken: { id: token, type_id: 0 } })
  const single = [
    ...(before === null ? [] : [piece(before)]),
    { Sequence: { id: 'A', type_id: 0 } },
    ...behind.map(piece),
  ]
  return {
    type: 'TemplateProcessing',
    single,
    pair: single,
    special_tokens: Object.fromEntries(
      all.map((token) => [token, { id: token, ids: [tokens.indexOf(token)], tokens: [token] }]),
    ),
  }
}
