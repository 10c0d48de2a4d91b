/** An entry of tokenizer.json's `added_tokens`. */
export interface AddedToken {
  readonly id: number
  readonly content: string
  readonly special?: boolean
  readonly normalized?: boolean
  readonly single_word?: boolean
  readonly lstrip?: boolean
  readonly rstrip?: boolean
}

interface Part {
  readonly type?: string
}
/** tokenizer.json, as far as it is looked into here. */
export interface TokenizerJson {
  readonly model: Part & { readonly vocab?: unknown }
  readonly normalizer: Part | null
  readonly pre_tokenizer: Part | null
  readonly post_processor: Part | null
  readonly decoder: Part | null
  readonly added_tokens: readonly AddedToken[]
}

/** tokenizer_config.json, as far as it is looked into here. */
export interface TokenizerConfig {
  readonly truncation_side?: unknown
  readonly tokenizer_class?: unknown
  readonly added_tokens_decoder?: unknown
  readonly [key: string]: unknown
}

/** Keys of tokenizer_config.json that name a special token. */
const NAMED = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'] as const

/**
 * tokenizer.json as transformers (5.24) uses it, which reads more than that file:
 *
 * - Qwen2's tokenizers normalise to NFC, also where the file names no normaliser (as files that were made from GGUF do).
 * - Special tokens and added tokens that only tokenizer_config.json names are recognised in text, if the vocabulary has them.
 *
 * `add_bos_token` and `add_eos_token` of tokenizer_config.json do not count beside tokenizer.json, whose post-processor says what goes around.
 *
 * @param lowerCase Whether text is put in lower case first (sentence-transformers' `do_lower_case`).
 */
export function settledTokenizer(json: TokenizerJson, config: TokenizerConfig, lowerCase: boolean): TokenizerJson {
  const { post_processor = null, decoder = null, pre_tokenizer = null } = json
  let normalizer = json.normalizer ?? null
  const className = typeof config.tokenizer_class === 'string' ? config.tokenizer_class : ''
  if (normalizer === null && /^Qwen2Tokenizer(Fast)?$/.test(className)) normalizer = { type: 'NFC' }
  if (lowerCase) normalizer = sequence([{ type: 'Lowercase' }, ...(normalizer === null ? [] : [normalizer])])
  return {
    ...json,
    normalizer,
    pre_tokenizer,
    decoder,
    post_processor,
    added_tokens: [...(json.added_tokens ?? []), ...furtherTokens(json, config)],
  }
}

/** The text of a special token, which files give as a string or as an object. */
export function tokenText(value: unknown): string | null {
  if (typeof value === 'string') return value
  const content = (value as { content?: unknown } | null | undefined)?.content
  return typeof content === 'string' ? content : null
}

function sequence(normalizers: readonly Part[]): Part {
  return { type: 'Sequence', normalizers } as Part
}

function furtherTokens(json: TokenizerJson, config: TokenizerConfig): AddedToken[] {
  const known = new Set((json.added_tokens ?? []).map((token) => token.content))
  const further: AddedToken[] = []
  const add = (token: AddedToken) => {
    if (known.has(token.content)) return
    known.add(token.content)
    further.push(token)
  }
  for (const [id, token] of Object.entries((config.added_tokens_decoder ?? {}) as Record<string, AddedToken>))
    if (typeof token?.content === 'string') add({ ...token, id: Number(id) })
  const vocabulary = json.model?.vocab
  if (typeof vocabulary === 'object' && vocabulary !== null && !Array.isArray(vocabulary))
    for (const key of NAMED) {
      const content = tokenText(config[key])
      const id = content === null ? undefined : (vocabulary as Record<string, number>)[content]
      if (content !== null && id !== undefined) add({ id, content, special: true, normalized: false })
    }
  return further
}
