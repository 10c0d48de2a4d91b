import type { Parts } from './tokenizer.ts'
import { TOKEN_TYPE, type Vocabulary } from './vocabulary.ts'

/**
 * WordPiece (`bert`). Converters write the beginning of a word with ▁ before it and its other pieces without `##`; here they get the spelling of
 * the original vocabulary again.
 */
export function wordPieces({ read, tokens, types, special }: Vocabulary): Parts {
  const vocab: Record<string, number> = Object.create(null) as Record<string, number>
  for (const [id, token] of tokens.entries()) vocab[spelling(token, types[id])] = id
  const lowercase = read.flag('tokenizer.ggml.normalizer.lowercase') ?? true
  return {
    model: {
      type: 'WordPiece',
      vocab,
      unk_token: special.unk,
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
    },
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: read.flag('tokenizer.ggml.normalizer.strip_accents'),
      lowercase,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    defaults: { bos: true, eos: false, sep: true },
  }
}

function spelling(token: string, type: number | undefined): string {
  if (token.startsWith('▁') && token.length > 1) return token.slice(1)
  if (type === TOKEN_TYPE.control || type === TOKEN_TYPE.unknown || /^\[.+\]$/.test(token)) return token
  return `##${token}`
}
