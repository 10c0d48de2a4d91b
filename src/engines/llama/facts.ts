import { FieldtrialError } from '../../core/errors.ts'
import type { ModelFacts } from '../../recipes/types.ts'
import { MetadataReader } from '../text/gguf/metadata.ts'
import type { GgufModel } from '../text/gguf/parts.ts'
import { tokenizerOf } from '../text/gguf/tokenizer.ts'
import { readSpecialTokens } from '../text/tokenizer/special-tokens.ts'

/** llama.cpp's names of architectures whose tokens see one another in both directions. */
const ENCODERS: ReadonlySet<string> = new Set([
  'bert',
  'nomic-bert',
  'nomic-bert-moe',
  'jina-bert-v2',
  'jina-bert-v3',
  'neo-bert',
  'modern-bert',
  'eurobert',
  'gemma-embedding',
  'llama-embed',
])
/** Those that give no vector of a text: an encoder with a decoder behind, parts of other models, and what is no language model. */
const REFUSED: Readonly<Record<string, string>> = {
  t5: 'an encoder with a decoder behind it',
  t5encoder: 'an encoder of T5, of which llama.cpp gives no pooled states here',
  clip: 'the image part of a vision-language model: name the file of its text part',
  'wavtokenizer-dec': 'a decoder of sound',
}
/** `pooling_type`: rerankers give a score in place of a vector. */
const RANK = 4
const POOLING_MODULES: Readonly<Record<number, string>> = {
  1: 'pooling_mode_mean_tokens',
  2: 'pooling_mode_cls_token',
  3: 'pooling_mode_lasttoken',
}

/** What a GGUF file's metadata say of the model. */
export interface GgufFacts {
  readonly facts: ModelFacts
  readonly architecture: string
  /** Whether a token sees only those before it. */
  readonly causal: boolean
  readonly hidden: number
  readonly shape: {
    readonly layers: number
    readonly inner: number
    readonly kvWidth: number
    readonly vocabulary: number
  }
}

/**
 * @param name As the user named the model, for messages.
 * @throws FieldtrialError `MODEL_INVALID` where metadata are missing or describe what cannot be a retriever here.
 */
export function ggufFacts({ first }: GgufModel, name: string): GgufFacts {
  const { file, metadata } = first
  const read = new MetadataReader(file, metadata)
  const kind = read.text('general.type')
  const architecture = read.required('general.architecture', read.text('general.architecture'))
  const what = kind === 'adapter' ? 'an adapter for another model' : REFUSED[architecture]
  if (what !== undefined)
    throw new FieldtrialError('MODEL_INVALID', `${file} is ${what} (${architecture}).`, {
      where: { file, field: 'general.architecture' },
      hint: 'Name the GGUF file of a language model or of an encoder.',
    })
  const size = (key: string) => read.required(`${architecture}.${key}`, read.number(`${architecture}.${key}`))
  const optional = (key: string) => read.number(`${architecture}.${key}`)
  const [layers, context, width] = [size('block_count'), size('context_length'), size('embedding_length')]
  const heads = listed(read, `${architecture}.attention.head_count`)
  const kvHeads = listed(read, `${architecture}.attention.head_count_kv`) ?? heads
  const headWidth = optional('attention.key_length') ?? (heads === null ? width : width / heads)
  const encoder = ENCODERS.has(architecture)
  const pooling = optional('pooling_type') ?? 0
  if (pooling === RANK)
    throw new FieldtrialError(
      'MODEL_INVALID',
      `${file} is a reranker: it scores pairs of texts and gives no vectors.`,
      {
        where: { file, field: `${architecture}.pooling_type` },
        hint: 'Name a language model or an encoder.',
      },
    )
  const { config } = tokenizerOf(file, metadata)
  const { chatTemplate, ...tokens } = readSpecialTokens({
    tokenizerConfig: config,
    specialTokensMap: null,
    chatTemplateJinja: null,
    chatTemplateJson: null,
  })
  return {
    architecture,
    causal: read.flag(`${architecture}.attention.causal`) ?? !encoder,
    hidden: optional('embedding_length_out') ?? width,
    shape: {
      layers,
      inner: listed(read, `${architecture}.feed_forward_length`) ?? 4 * width,
      kvWidth: (kvHeads ?? 1) * headWidth,
      vocabulary: (metadata.get('tokenizer.ggml.tokens') as readonly string[]).length,
    },
    facts: {
      name,
      architecture,
      decoder: !encoder,
      layers,
      context,
      chatTemplate,
      tokens,
      files: {
        ...modulesOf(pooling),
        sentenceConfig: null,
        modelConfig: null,
        tokenizerConfig: config,
        maxPositions: context,
        positionLimit: context,
      },
    },
  }
}

/** The pooling that the file names, as sentence-transformers' files would have it: the recipe of that name follows these. */
function modulesOf(pooling: number): Pick<ModelFacts['files'], 'modules' | 'moduleConfigs'> {
  const mode = POOLING_MODULES[pooling]
  if (mode === undefined) return { modules: null, moduleConfigs: {} }
  const type = (name: string) => `sentence_transformers.models.${name}`
  return {
    modules: [
      { type: type('Transformer'), path: '' },
      { type: type('Pooling'), path: '1_Pooling' },
    ],
    moduleConfigs: { '1_Pooling': { [mode]: true } },
  }
}

/** A number, or the largest of a list with one per layer. */
function listed(read: MetadataReader, key: string): number | null {
  const value = read.either(key)
  return typeof value === 'number' ? value : value === null ? null : Math.max(0, ...value)
}
