import { tokenText } from './settle.ts'

/** A model's special tokens by their text, and its chat template (Jinja). Null for what it does not have. */
export interface SpecialTokens {
  readonly bos: string | null
  readonly eos: string | null
  readonly pad: string | null
  readonly unk: string | null
  readonly chatTemplate: string | null
}

type JsonObject = Readonly<Record<string, unknown>>

/** The files of a model's folder that hold them, parsed; null for those that are not there. */
export interface SpecialTokenFiles {
  readonly tokenizerConfig: JsonObject | null
  readonly specialTokensMap: JsonObject | null
  /** chat_template.jinja, as it stands. */
  readonly chatTemplateJinja: string | null
  readonly chatTemplateJson: JsonObject | null
  /** The files of additional_chat_templates/ by their names without `.jinja`. */
  readonly additionalChatTemplates?: Readonly<Record<string, string>>
}

/**
 * Reads them in transformers' order (5.24): special_tokens_map.json counts before tokenizer_config.json, but not where the latter lists its
 * added tokens; a template in a file of its own counts before one in tokenizer_config.json, and chat_template.json (written for
 * processors of images and text) is the last. Of several templates the one named `default` is taken.
 */
export function readSpecialTokens(files: SpecialTokenFiles): SpecialTokens {
  const { tokenizerConfig, specialTokensMap } = files
  const useMap = tokenizerConfig?.added_tokens_decoder === undefined
  const token = (key: string) => {
    const inConfig = tokenizerConfig?.[key]
    const inMap = specialTokensMap?.[key]
    return tokenText(useMap ? (inMap ?? inConfig) : inConfig)
  }
  return {
    bos: token('bos_token'),
    eos: token('eos_token'),
    pad: token('pad_token'),
    unk: token('unk_token'),
    chatTemplate:
      files.chatTemplateJinja ??
      files.additionalChatTemplates?.default ??
      defaultTemplate(tokenizerConfig?.chat_template) ??
      defaultTemplate(files.chatTemplateJson?.chat_template),
  }
}

/** One template as text, a list of `{ name, template }`, or an object by name. */
function defaultTemplate(value: unknown): string | null {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return null
  const named: unknown = Array.isArray(value)
    ? (value as { name?: unknown; template?: unknown }[]).find((entry) => entry?.name === 'default')?.template
    : (value as JsonObject).default
  return typeof named === 'string' ? named : null
}
