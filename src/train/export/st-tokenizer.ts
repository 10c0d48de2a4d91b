import { FieldtrialError } from '../../core/errors.ts'
import { settledTokenizer, type TokenizerConfig, type TokenizerJson } from '../../engines/text/tokenizer/settle.ts'

interface Template {
  readonly type: string
  readonly processors?: readonly Template[]
  readonly single?: readonly unknown[]
  readonly pair?: readonly unknown[]
  readonly special_tokens?: Readonly<Record<string, unknown>>
}

/**
 * A tokenizer that puts a token behind every text, after cutting, as Qwen3-Embedding's does: the post-processor of tokenizer.json says so, and
 * tokenizer_config.json names the class that takes the file as it is. Pure.
 *
 * @throws FieldtrialError `MODEL_INVALID` for a tokenizer without that token, or with a post-processor that ends otherwise.
 */
export function withEndToken(
  json: TokenizerJson,
  config: TokenizerConfig,
  end: string,
  file: string,
): { json: object; config: object } {
  const id = idOf(json, end)
  const fail = (what: string) =>
    new FieldtrialError('MODEL_INVALID', `${file} ${what}.`, {
      where: { file },
      hint: 'Export it to onnx or gguf, or keep it as merged weights.',
    })
  if (id === null) throw fail(`has no token ${end}, with which the recipe ends`)
  // Classes such as Qwen2Tokenizer add a normaliser of their own, which the general one does not.
  const { normalizer } = settledTokenizer(json, config, false)
  const processors = flatten(json.post_processor as Template | null)
  const odd = processors.find(({ type }) => type !== 'ByteLevel' && type !== 'TemplateProcessing')
  if (odd !== undefined) throw fail(`has a post-processor ${odd.type}, which ends texts in its own way`)
  const template = processors.find(({ type }) => type === 'TemplateProcessing') ?? {
    type: 'TemplateProcessing',
    single: [{ Sequence: { id: 'A', type_id: 0 } }],
    pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
    special_tokens: {},
  }
  const special = { SpecialToken: { id: end, type_id: 0 } }
  const ended = {
    ...template,
    single: [...template.single!, special],
    pair: [...template.pair!, { SpecialToken: { id: end, type_id: 1 } }],
    special_tokens: { ...template.special_tokens, [end]: { id: end, ids: [id], tokens: [end] } },
  }
  const others = processors.filter(({ type }) => type === 'ByteLevel')
  return {
    json: {
      ...json,
      normalizer,
      post_processor: others.length === 0 ? ended : { type: 'Sequence', processors: [...others, ended] },
    },
    config: { ...config, tokenizer_class: 'PreTrainedTokenizerFast' },
  }
}

function flatten(processor: Template | null): Template[] {
  if (processor === null || processor === undefined) return []
  return processor.type === 'Sequence' ? (processor.processors ?? []).flatMap(flatten) : [processor]
}

function idOf({ added_tokens, model }: TokenizerJson, token: string): number | null {
  const added = added_tokens.find(({ content }) => content === token)
  if (added !== undefined) return added.id
  const vocab = model.vocab as Readonly<Record<string, number>> | undefined
  return vocab !== undefined && Object.hasOwn(vocab, token) ? vocab[token]! : null
}
