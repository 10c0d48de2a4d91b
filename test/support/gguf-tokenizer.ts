import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GgufValue } from './gguf.ts'

/** tokenizer.json, as far as it is looked into here. */
interface Tokenizer {
  readonly model: {
    readonly type?: string
    readonly vocab: Readonly<Record<string, number>> | readonly (readonly [string, number])[]
    readonly merges?: readonly (string | readonly [string, string])[]
    readonly byte_fallback?: boolean
    readonly unk_id?: number
  }
  readonly normalizer: { readonly type?: string; readonly normalizers?: readonly object[] } | null
  readonly added_tokens: readonly { readonly id: number; readonly content: string; readonly special?: boolean }[]
}

/**
 * A tokenizer of a folder in GGUF's terms, as llama.cpp's converter writes it.
 *
 * @param pre Of byte-level ones, the name of the pattern.
 */
export function ggufTokenizer(folder: string, pre: string): Record<string, GgufValue> {
  const json = JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8')) as Tokenizer
  const config = JSON.parse(readFileSync(join(folder, 'tokenizer_config.json'), 'utf8')) as Record<string, unknown>
  const { model, added_tokens: added } = json
  const pairs = Array.isArray(model.vocab)
    ? model.vocab.map(([token], id) => [token, id] as const)
    : Object.entries(model.vocab as Record<string, number>)
  const ids = new Map<string, number>([...pairs, ...added.map(({ content, id }) => [content, id] as const)])
  const size = Math.max(...ids.values()) + 1
  const tokens = Array.from({ length: size }, (_, id) => `[PAD${id}]`)
  const types = tokens.map(() => 5)
  for (const [token, id] of ids) {
    tokens[id] = token
    types[id] = 1
  }
  for (const { id, special } of added) types[id] = special ? 3 : 4
  const special = Object.fromEntries(
    Object.entries({ bos: 'bos', eos: 'eos', pad: 'padding', unk: 'unknown', sep: 'seperator', cls: 'cls' }).flatMap(
      ([name, key]) => {
        const id = ids.get(textOf(config[`${name}_token`]))
        return id === undefined ? [] : [[`tokenizer.ggml.${key}_token_id`, id]]
      },
    ),
  ) as Record<string, GgufValue>
  const template = typeof config.chat_template === 'string' ? { 'tokenizer.chat_template': config.chat_template } : {}
  const common = { ...special, ...template }
  const list = { 'tokenizer.ggml.token_type': { i32s: types } }
  const merges = (model.merges ?? []).map((merge) => (typeof merge === 'string' ? merge : merge.join(' ')))
  if (model.type === 'WordPiece')
    return {
      ...common,
      ...list,
      'tokenizer.ggml.model': 'bert',
      'tokenizer.ggml.tokens': { strings: tokens.map((token, id) => phantom(token, types[id]!)) },
      'tokenizer.ggml.token_type_count': 2,
      'tokenizer.ggml.bos_token_id': ids.get('[CLS]')!,
    }
  const named = { 'tokenizer.ggml.tokens': { strings: tokens }, ...list }
  if (model.type === 'Unigram') {
    const scores = (model.vocab as readonly (readonly [string, number])[]).map(([, score]) => score)
    const part = [json.normalizer, ...(json.normalizer?.normalizers ?? [])] as { precompiled_charsmap?: string }[]
    const map = part.find((one) => one?.precompiled_charsmap)?.precompiled_charsmap
    return {
      ...common,
      ...named,
      'tokenizer.ggml.model': 't5',
      'tokenizer.ggml.scores': { f32s: tokens.map((_, id) => scores[id] ?? 0) },
      'tokenizer.ggml.token_type_count': 1,
      'tokenizer.ggml.add_bos_token': true,
      'tokenizer.ggml.add_eos_token': true,
      'tokenizer.ggml.add_space_prefix': true,
      'tokenizer.ggml.remove_extra_whitespaces': true,
      ...(map === undefined ? {} : { 'tokenizer.ggml.precompiled_charsmap': { u8s: Buffer.from(map, 'base64') } }),
    }
  }
  if (!model.byte_fallback)
    return {
      ...common,
      ...named,
      'tokenizer.ggml.model': 'gpt2',
      'tokenizer.ggml.pre': pre,
      'tokenizer.ggml.merges': { strings: merges },
    }
  // SentencePiece has scores and no merges: the sooner a merge comes, the higher the score of what it makes.
  const scores = tokens.map(() => -1e6)
  for (const [rank, merge] of merges.entries()) {
    const whole = ids.get(merge.replace(/(?<=.) /, ''))!
    scores[whole] = Math.max(scores[whole]!, -rank)
  }
  return {
    ...common,
    'tokenizer.ggml.tokens': { strings: tokens },
    'tokenizer.ggml.token_type': {
      i32s: tokens.map((token, id) => (token === '<unk>' ? 2 : /^<0x..>$/.test(token) ? 6 : types[id]!)),
    },
    'tokenizer.ggml.model': 'llama',
    'tokenizer.ggml.scores': { f32s: scores },
    'tokenizer.ggml.add_space_prefix': JSON.stringify(json.normalizer).includes('Prepend'),
  }
}

/** The converter writes the beginning of a word with ▁ before it, and its other pieces without `##`. */
function phantom(token: string, type: number): string {
  if (type === 3 || /^\[.+\]$/.test(token)) return token
  return token.startsWith('##') ? token.slice(2) : `▁${token}`
}

function textOf(token: unknown): string {
  return typeof token === 'string' ? token : String((token as { content?: unknown } | null)?.content ?? '')
}
