import { lowerCase } from './lower-case.ts'

export interface BertNormalizerConfig {
  readonly clean_text?: boolean
  readonly handle_chinese_chars?: boolean
  /** Null or absent: as `lowercase`. */
  readonly strip_accents?: boolean | null
  readonly lowercase?: boolean
}

const REMOVED = /[\0\uFFFD]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}]/gu
const SPACE = /\p{White_Space}/gu
/** The blocks that BERT sets apart: CJK ideographs, their extensions A to E and compatibility forms. */
const IDEOGRAPH =
  /[\u4E00-\u9FFF\u3400-\u4DBF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\uF900-\uFAFF\u{2F800}-\u{2FA1F}]/gu
const PLAIN = /^[\x20-\x7E]*$/

/**
 * BertNormalizer as the Rust library `tokenizers` has it. The JavaScript library's own differs for ideographs outside the basic plane
 * (not set apart) and for a capital sigma at the end of a word.
 */
export function bertNormalizer(config: BertNormalizerConfig): (text: string) => string {
  const lower = config.lowercase ?? true
  const strip = config.strip_accents ?? lower
  return (text) => {
    if (PLAIN.test(text)) return lower ? text.toLowerCase() : text
    let out = text
    if (config.clean_text ?? true) out = out.replace(REMOVED, '').replace(SPACE, ' ')
    if (config.handle_chinese_chars ?? true) out = out.replace(IDEOGRAPH, ' $& ')
    if (strip) out = out.normalize('NFD').replace(/\p{Mn}/gu, '')
    return lower ? lowerCase(out) : out
  }
}
