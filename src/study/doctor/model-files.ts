import { FieldtrialError } from '../../core/errors.ts'
import type { Laboratory } from '../../engines/onnx/laboratory.ts'
import { readLanguage } from '../../engines/onnx/language-loss.ts'
import { findBadTensors } from '../../engines/onnx/weights-check.ts'
import { readModelFolder } from '../../engines/text/files.ts'
import { tokenizerFits } from '../../engines/text/tokenizer/fits.ts'
import { PromptTokenizer } from '../../engines/text/tokenizer/prompt-tokenizer.ts'
import type { Check } from './check.ts'

/** Share of a know-nothing model's loss below which a model reads, or copies. */
const READS = 0.6
const NEVER_NUMBERS = /NaN|Infinity|zeros only/

/** The tokenizer of a model's folder, as the engine loads it. */
export async function loadTokenizer(folder: string): Promise<PromptTokenizer> {
  const { tokenizerFile, tokenizerConfig, sentenceConfig } = await readModelFolder(folder)
  return PromptTokenizer.load(tokenizerFile, tokenizerConfig, sentenceConfig?.do_lower_case === true)
}

/** Compares tokenizer and config.json: sizes and special tokens. */
export async function checkTokenizer(folder: string, tokenizer: PromptTokenizer): Promise<Check> {
  const { config } = await readModelFolder(folder)
  const against = tokenizerFits(tokenizer, config)
  const name = 'tokenizer'
  if (against === null)
    return { name, status: 'ok', detail: `${tokenizer.size} tokens, in keeping with the model’s config.json` }
  return {
    name,
    status: 'failed',
    detail: against,
    hint: 'Likely cause: the tokenizer of another model. Copy tokenizer.json and tokenizer_config.json from the model’s own repository.',
  }
}

/** Whether the language model reads plain text with this tokenizer. Null for models without a language-model head. */
export async function checkLanguage(laboratory: Laboratory): Promise<Check | null> {
  const reading = await readLanguage(laboratory)
  if (reading === null) return null
  const { text, copy, uniform, tokens } = reading
  const name = 'language'
  const figures = `${text.toFixed(2)} nats a token on plain text and code (${tokens} tokens), ${copy.toFixed(2)} on a copy of random tokens; knowing nothing gives ${uniform.toFixed(2)}`
  if (text < READS * uniform) return { name, status: 'ok', detail: `it reads: ${figures}` }
  if (copy < READS * uniform)
    return {
      name,
      status: 'failed',
      detail: `it copies what it has seen, so it is trained, but plain text is noise to it: ${figures}`,
      hint: 'Likely cause: the tokenizer of another model, or one whose vocabulary has other ids. Copy tokenizer.json from the model’s own repository.',
    }
  return {
    name,
    status: 'warning',
    detail: `it neither reads nor copies: ${figures}`,
    hint: 'Likely cause: a model that is not trained, or damaged weights.',
  }
}

/** Why an encoder does not open, or fails on plain texts. */
export async function explainFailure(error: unknown, folder: string | null, signal?: AbortSignal): Promise<Check> {
  if (!(error instanceof FieldtrialError) || error.code === 'CANCELLED') throw error
  const failed = (hint: string): Check => ({ name: 'texts are encoded', status: 'failed', detail: error.message, hint })
  if (folder === null || !NEVER_NUMBERS.test(error.message))
    return failed(error.hint ?? 'Look at the engine’s own messages.')
  const { checkpoint } = await readModelFolder(folder)
  const bad = checkpoint === null ? [] : await findBadTensors(checkpoint, signal)
  if (bad.length === 0)
    return failed(
      'Likely cause: numbers overflow on the way, since all weights are finite. Use dtype float32 and --device cpu.',
    )
  const [{ name, file, count }] = bad as [(typeof bad)[0]]
  const more = bad.length > 1 ? `, and ${bad.length - 1} more tensors` : ''
  return failed(
    `Likely cause: damaged weights: ${name} in ${file} holds NaN or infinity ${count} times${more}. Fetch the model again.`,
  )
}
