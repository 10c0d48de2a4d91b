import { FieldtrialError } from '../../../../core/errors.ts'
import { settledTokenizer, type TokenizerConfig, type TokenizerJson } from '../../tokenizer/settle.ts'
import { nameOfPreTokenizer } from '../pre-tokenizers.ts'
import { TOKEN_TYPE } from '../vocabulary.ts'
import type { GgufValue } from './encode.ts'

/** What of a tokenizer stands outside of its files. */
export interface VocabularyOptions {
  /** Rows of the embedding table; those beyond the tokenizer's tokens become unused ones. */
  readonly rows: number
  readonly special: {
    readonly bos: string | null
    readonly eos: string | null
    readonly pad: string | null
    readonly unk: string | null
  }
  /** Special tokens that the tokenizer puts around a text. */
  readonly around: { readonly before: readonly string[]; readonly after: readonly string[] }
  /** The token that must stand last; takes the place of the end-of-sequence token. Null: nothing is put there. */
  readonly end: string | null
  readonly chatTemplate: string | null
}

interface BpeModel {
  readonly type?: string
  readonly vocab?: Readonly<Record<string, number>>
  readonly merges?: readonly (string | readonly [string, string])[]
  readonly ignore_merges?: boolean
  readonly byte_fallback?: boolean
}

/**
 * The keys of a GGUF file that describe its tokenizer: byte-level byte pairs (`gpt2`), or SentencePiece's (`llama`). Pure.
 *
 * @param file For messages.
 * @throws FieldtrialError `MODEL_INVALID` for a tokenizer of another kind, or one whose words are cut in a way that llama.cpp has no name for.
 */
export function vocabularyMetadata(
  json: TokenizerJson,
  config: TokenizerConfig,
  options: VocabularyOptions,
  file: string,
): Map<string, GgufValue> {
  const model = json.model as BpeModel
  const fail = (what: string) =>
    new FieldtrialError('MODEL_INVALID', `${file} ${what}.`, {
      where: { file },
      hint: 'Convert the model with llama.cpp’s own converter.',
    })
  if (model.type !== 'BPE' || model.vocab === undefined || model.merges === undefined)
    throw fail(`is of the kind ${String(model.type)}; byte pairs can be written as GGUF`)
  const settled = settledTokenizer(json, config, false)
  const { tokens, types, ids } = tokensOf(settled, model, options, fail)
  const id = (token: string | null) => (token === null ? undefined : ids.get(token))
  const { special, around, end } = options
  const before = around.before.length > 0
  if (before && (around.before.length > 1 || around.before[0] !== special.bos))
    throw fail(`puts ${around.before.join(' ')} before a text, where GGUF knows the begin token only`)
  const last = end ?? around.after.at(-1) ?? null
  const keys: [string, GgufValue | undefined][] = [
    ...(model.byte_fallback === true ? sentencePieceKeys(settled, model, tokens) : bytePairKeys(settled, model, fail)),
    ['tokens', { strings: tokens }],
    ['token_type', { i32s: types }],
    ['bos_token_id', number(id(special.bos))],
    ['eos_token_id', number(id(last ?? special.eos))],
    ['padding_token_id', number(id(special.pad))],
    ['unknown_token_id', number(id(special.unk))],
    ['add_bos_token', before],
    ['add_eos_token', last !== null],
  ]
  const metadata = new Map<string, GgufValue>()
  for (const [key, value] of keys) if (value !== undefined) metadata.set(`tokenizer.ggml.${key}`, value)
  if (options.chatTemplate !== null) metadata.set('tokenizer.chat_template', options.chatTemplate)
  return metadata
}

function number(id: number | undefined): GgufValue | undefined {
  return id === undefined ? undefined : { u32: id }
}

function tokensOf(
  { added_tokens: added }: TokenizerJson,
  { vocab = {} }: BpeModel,
  { rows, special }: VocabularyOptions,
  fail: (what: string) => Error,
): { tokens: string[]; types: number[]; ids: Map<string, number> } {
  const tokens = Array.from({ length: rows }, (_, id) => `[PAD${id}]`)
  const types = tokens.map((): number => TOKEN_TYPE.unused)
  const ids = new Map<string, number>()
  const put = (token: string, id: number, type: number) => {
    if (id >= rows)
      throw fail(`has the token ${JSON.stringify(token)} as number ${id}; the model has ${rows} embeddings`)
    tokens[id] = token
    types[id] = type
    ids.set(token, id)
  }
  for (const [token, id] of Object.entries(vocab))
    put(token, id, /^<0x[0-9A-F]{2}>$/.test(token) ? TOKEN_TYPE.byte : TOKEN_TYPE.normal)
  for (const { content, id, special: isSpecial } of added)
    put(content, id, isSpecial === true ? TOKEN_TYPE.control : TOKEN_TYPE.userDefined)
  const unknown = special.unk === null ? undefined : ids.get(special.unk)
  if (unknown !== undefined) types[unknown] = TOKEN_TYPE.unknown
  return { tokens, types, ids }
}

function bytePairKeys(
  json: TokenizerJson,
  { merges = [], ignore_merges = false }: BpeModel,
  fail: (what: string) => Error,
): [string, GgufValue][] {
  const nfc = (json.normalizer as { type?: string } | null)?.type === 'NFC'
  const pre = nameOfPreTokenizer(json.pre_tokenizer, ignore_merges, nfc)
  if (pre === null) throw fail('cuts words by a pattern that llama.cpp has no name for')
  return [
    ['model', 'gpt2'],
    ['pre', pre],
    ['merges', { strings: merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' '))) }],
  ]
}

/**
 * SentencePiece merges those neighbours first whose whole has the highest score. tokenizer.json has the order of merges instead: the first
 * merge that makes a token gives its score.
 */
function sentencePieceKeys(
  json: TokenizerJson,
  { merges = [] }: BpeModel,
  tokens: readonly string[],
): [string, GgufValue][] {
  const scores = new Map<string, number>()
  for (const [rank, merge] of merges.entries()) {
    const whole = typeof merge === 'string' ? merge.replace(' ', '') : merge.join('')
    if (!scores.has(whole)) scores.set(whole, -rank)
  }
  const unmade = -merges.length - 1
  return [
    ['model', 'llama'],
    ['pre', 'default'],
    ['scores', { f32s: tokens.map((token) => scores.get(token) ?? unmade) }],
    [
      'add_space_prefix',
      JSON.stringify([json.normalizer, json.pre_tokenizer]).match(/"Prepend"|"prepend_scheme":"(first|always)"/) !==
        null,
    ],
  ]
}
