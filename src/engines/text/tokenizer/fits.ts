import { FieldtrialError } from '../../../core/errors.ts'
import type { PromptTokenizer } from './prompt-tokenizer.ts'

/** Embedding rows without a token are padding for the hardware, a few hundred; more, and a share like this, is another model's vocabulary. */
const LEAST_NAMED = 0.9
const MOST_UNNAMED = 1024

const KEYS = { bos_token_id: 'bos', eos_token_id: 'eos', pad_token_id: 'pad' } as const

/**
 * Says in one sentence why a tokenizer is likely not the model's own; null where nothing speaks against it. A tokenizer of another model
 * gives vectors all the same, only bad ones.
 *
 * @param config config.json: its `vocab_size` (also under `text_config`), and the ids of its special tokens, are compared.
 */
export function tokenizerFits(
  tokenizer: Pick<PromptTokenizer, 'size' | 'vocabulary' | 'isSpecial'>,
  config: Readonly<Record<string, unknown>>,
): string | null {
  const settings = { ...(config.text_config as object | undefined), ...config } as Record<string, unknown>
  const { vocab_size: rows } = settings
  const { size, vocabulary } = tokenizer
  if (typeof rows === 'number') {
    if (size > rows)
      return `the tokenizer has token ids up to ${size - 1}, the model embeddings for 0 to ${rows - 1} only (vocab_size of config.json)`
    if (size < LEAST_NAMED * rows && size < rows - MOST_UNNAMED)
      return `the tokenizer has ${size} tokens, the model embeddings for ${rows} (vocab_size of config.json)`
  }
  for (const [key, name] of Object.entries(KEYS)) {
    const ids = [settings[key]].flat().filter((id) => typeof id === 'number' && id >= 0) as number[]
    // A model may end with any of several tokens, of which a tokenizer need not know all.
    if (ids.length === 0 || ids.some((id) => tokenizer.isSpecial(id))) continue
    const [id] = ids as [number]
    const token = vocabulary[id]
    return token === undefined
      ? `config.json gives ${id} as ${name} token (${key}), and the tokenizer has no token ${id}`
      : `config.json gives ${id} as ${name} token (${key}), which is ${JSON.stringify(token)} in the tokenizer: no special token`
  }
  return null
}

/** @throws FieldtrialError `MODEL_INVALID` where the tokenizer is another model's: vectors would come, and mean nothing. */
export function requireOwnTokenizer(
  tokenizerFile: string,
  tokenizer: PromptTokenizer,
  config: Readonly<Record<string, unknown>>,
): void {
  const why = tokenizerFits(tokenizer, config)
  if (why !== null)
    throw new FieldtrialError('MODEL_INVALID', `${tokenizerFile} is not the tokenizer of this model: ${why}.`, {
      where: { file: tokenizerFile },
      hint: 'Fetch the model again: config.json, weights and tokenizer must come from one place.',
    })
}
