import type { PreTokenizerConfig } from '../tokenizer/pre-tokenizer.ts'

/** How a byte-level tokenizer cuts text into words, as `tokenizer.ggml.pre` names it. */
export interface NamedPreTokenizer {
  readonly stages: readonly PreTokenizerConfig[]
  /** Whether a word that is a token is taken whole, whatever the merges. */
  readonly ignoreMerges: boolean
  /** Whether the begin token is put before a text where the file does not say. */
  readonly addBos: boolean
  /** The class that transformers has for it, which normalises to NFC; null for others. */
  readonly tokenizerClass: 'Qwen2Tokenizer' | null
}

const split = (pattern: string): PreTokenizerConfig => ({
  type: 'Split',
  pattern: { Regex: pattern },
  behavior: 'Isolated',
  invert: false,
})
const bytes: PreTokenizerConfig = { type: 'ByteLevel', add_prefix_space: false, use_regex: false }
const gpt2: PreTokenizerConfig = { type: 'ByteLevel', add_prefix_space: false, use_regex: true }
const digits: PreTokenizerConfig = { type: 'Digits', individual_digits: true }

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
const words = (letters: string, numbers: string, other: string) =>
  `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?${letters}|${numbers}| ?${other}[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`
const LLAMA3 = words('\\p{L}+', '\\p{N}{1,3}', '[^\\s\\p{L}\\p{N}]+')
const QWEN2 = words('\\p{L}+', '\\p{N}', '[^\\s\\p{L}\\p{N}]+')
const QWEN35 = words('[\\p{L}\\p{M}]+', '\\p{N}', '[^\\s\\p{L}\\p{M}\\p{N}]+')
/** Words in two cases: a run of capitals, then one of small letters. */
const cased = (numbers: string, ending: string) => {
  const upper = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]'
  const lower = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]'
  const before = '[^\\r\\n\\p{L}\\p{N}]?'
  return `${before}${upper}*${lower}+${ending}|${before}${upper}+${lower}*${ending}|${numbers}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`
}
const GPT4O = cased('\\p{N}{1,3}', `${CONTRACTIONS}?`)
const TEKKEN = cased('\\p{N}', '')
const DEEPSEEK3 = [
  split('\\p{N}{1,3}'),
  split('[一-龥぀-ゟ゠-ヿ]+'),
  split(
    '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+',
  ),
]

const PLAIN: NamedPreTokenizer = { stages: [gpt2], ignoreMerges: false, addBos: false, tokenizerClass: null }
const by = (pattern: string, more: Partial<NamedPreTokenizer> = {}): NamedPreTokenizer => ({
  ...PLAIN,
  stages: [split(pattern), bytes],
  ...more,
})
const group = (names: readonly string[], made: NamedPreTokenizer) => names.map((name) => [name, made] as const)

/**
 * The pre-tokenizers that are known, by the names that llama.cpp's converter writes (llama-vocab.cpp; the patterns are those of the models'
 * own tokenizer.json). Others are refused: a text cut otherwise gives other tokens, and vectors that look like vectors.
 */
const KNOWN: ReadonlyMap<string, NamedPreTokenizer> = new Map([
  ...group(['qwen2', 'megrez', 'kormo', 'f2llmv2'], by(QWEN2, { tokenizerClass: 'Qwen2Tokenizer' })),
  ...group(['deepseek-r1-qwen', 'stablelm2', 'hunyuan', 'solar-open', 'grok-2'], by(QWEN2)),
  ...group(['qwen35'], by(QWEN35, { tokenizerClass: 'Qwen2Tokenizer' })),
  ...group(
    ['llama-bpe', 'llama3', 'llama-v3', 'falcon3', 'falcon-h1', 'midm-2.0', 'lfm2', 'jina-v5-nano'],
    by(LLAMA3, { ignoreMerges: true, addBos: true }),
  ),
  ...group(['dbrx', 'smaug-bpe', 'glm4', 'chatglm-bpe'], by(LLAMA3)),
  ...group(['tekken', 'pixtral'], by(TEKKEN, { ignoreMerges: true, addBos: true })),
  ...group(['gpt-4o', 'llama4', 'kanana2', 'minimax-m2'], by(GPT4O)),
  ...group(['deepseek-v3', 'hunyuan-dense', 'joyai-llm'], { ...PLAIN, stages: [...DEEPSEEK3, bytes] }),
  ...group(
    [
      'gpt-2',
      'phi-2',
      'mpt',
      'olmo',
      'jais',
      'trillion',
      'granite-docling',
      'exaone4',
      'gigachat',
      'a.x-4.0',
      'mellum',
      'modern-bert',
      'jina-es',
      'jina-de',
      'jina-v2-es',
      'jina-v2-de',
      'jina-v1-en',
      'jina-v2-code',
      'roberta-bpe',
    ],
    PLAIN,
  ),
  ...group(['starcoder', 'refact', 'command-r', 'smollm', 'codeshell', 'exaone', 'minerva-7b', 'mellum2'], {
    ...PLAIN,
    stages: [digits, gpt2],
  }),
])

/** Those that put a separator behind a text where the file does not say, as encoders do. */
const SEPARATED: ReadonlySet<string> = new Set(['jina-v1-en', 'jina-v2-code', 'roberta-bpe'])

export function namedPreTokenizer(name: string): NamedPreTokenizer | null {
  return KNOWN.get(name) ?? null
}

export function addsSeparator(name: string): boolean {
  return SEPARATED.has(name)
}

/**
 * The name for a tokenizer.json's way of cutting words.
 *
 * @param preTokenizer As tokenizer.json has it.
 * @param nfc Whether text is normalised to NFC before.
 * @returns Null for one that has no name here.
 */
export function nameOfPreTokenizer(preTokenizer: unknown, ignoreMerges: boolean, nfc: boolean): string | null {
  const given = JSON.stringify(stagesOf(preTokenizer as Stage | null))
  const fitting = [...KNOWN].filter(
    ([, known]) => known.ignoreMerges === ignoreMerges && JSON.stringify(known.stages.flatMap(stagesOf)) === given,
  )
  // Names of one pattern differ in what transformers does before.
  return (fitting.find(([, { tokenizerClass }]) => (tokenizerClass !== null) === nfc) ?? fitting[0])?.[0] ?? null
}

interface Stage {
  readonly type?: string
  readonly pretokenizers?: readonly Stage[]
  readonly pattern?: unknown
  readonly behavior?: unknown
  readonly invert?: unknown
  readonly add_prefix_space?: unknown
  readonly use_regex?: unknown
  readonly individual_digits?: unknown
}

/** Stages one by one, with what decides how they cut. */
function stagesOf(stage: Stage | PreTokenizerConfig | null): object[] {
  if (stage === null) return []
  const { type, pretokenizers, pattern, behavior, invert, add_prefix_space, use_regex, individual_digits } =
    stage as Stage
  if (type === 'Sequence') return (pretokenizers ?? []).flatMap(stagesOf)
  if (type === 'ByteLevel') return [{ type, prefix: add_prefix_space ?? true, regex: use_regex ?? true }]
  return [{ type, pattern, behavior, invert: invert ?? false, individual_digits }]
}
