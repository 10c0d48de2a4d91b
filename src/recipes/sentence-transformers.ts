import { FieldtrialError } from '../core/errors.ts'
import { textPrompt } from './build.ts'
import { dualEncoder, isDualEncoder } from './dual-encoder.ts'
import { requireKnownParameters, resolveLayer } from './parameters.ts'
import { type HeadStep, headStep } from './sentence-transformers-head.ts'
import { readPooling } from './sentence-transformers-pooling.ts'
import { templateParts } from './template.ts'
import type { ModelFacts, Pooling, Recipe, RecipeDefinition, RecipeParameters, Side } from './types.ts'

/** A parsed JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>

/** The contents of a model's own files, as far as they are there. */
export interface SentenceTransformersFiles {
  /** `modules.json`; null for a plain transformers checkpoint. */
  readonly modules: unknown
  /** `config.json` of each module by its path in modules.json, e.g. `1_Pooling`. */
  readonly moduleConfigs: Readonly<Record<string, JsonObject | null>>
  /** `sentence_bert_config.json` (or one of its older names). */
  readonly sentenceConfig: JsonObject | null
  /** `config_sentence_transformers.json`. */
  readonly modelConfig: JsonObject | null
  readonly tokenizerConfig: JsonObject | null
  /** `max_position_embeddings` of config.json. */
  readonly maxPositions: number | null
  /** The most tokens that the weights allow; null if unknown. */
  readonly positionLimit: number | null
}

const SOURCE =
  "the model's own files, read as sentence-transformers 6 reads them (Reimers & Gurevych 2019, arXiv:1908.10084)"
const FALLBACK_LENGTH = 512

/**
 * The recipe that sentence-transformers would follow for this model with `encode_query` and `encode_document`.
 * One difference: where the model's similarity is the cosine, vectors are normalised even if the model has no such module,
 * so that the dot product of stored vectors is the cosine.
 *
 * @throws FieldtrialError `MODEL_INVALID` on modules or settings that cannot be followed; `RECIPE_INVALID` on an override that the model
 *   cannot take.
 */
export const sentenceTransformers: RecipeDefinition = {
  id: 'sentence-transformers',
  source: SOURCE,
  summary: "whatever the model's own files say",
  parameters: ['prompts', 'pooling', 'layer', 'finalNorm', 'attention', 'maxLength', 'normalize'],
  resolve(facts, parameters) {
    if (isDualEncoder(facts)) return dualEncoder.resolve(facts, ownParameters(parameters, facts))
    const { files } = facts
    const warnings: string[] = []
    const { pooling, includePrompt, steps } = readHead(facts, parameters, warnings)
    const similarity = readSimilarity(files.modelConfig, warnings)
    const ownNormalize = steps.at(-1)?.kind === 'normalize'
    const prompts = readPrompts(files.modelConfig, parameters.prompts ?? {}, warnings)
    const recipe: Recipe = {
      id: 'sentence-transformers',
      source: SOURCE,
      prompts: {
        query: [textPrompt(templateParts(prompts.query))],
        document: [textPrompt(templateParts(prompts.document))],
      },
      imagePrompts: null,
      contents: 'as-is',
      pooling,
      span: includePrompt ? 'all' : 'after-prompt',
      ...resolveLayer(facts, parameters),
      attention: parameters.attention ?? 'model',
      maxLength: resolveMaxLength(files, parameters.maxLength, warnings),
      lengthOf: 'prompt',
      sparse: null,
      generate: null,
      normalize: parameters.normalize ?? (ownNormalize || similarity === 'cosine'),
      similarity,
    }
    return { recipe, head: ownNormalize ? steps.slice(0, -1) : steps, warnings }
  },
}

/** A dual encoder is its own recipe; what that does not take is refused here, too. */
function ownParameters(parameters: RecipeParameters, facts: ModelFacts): RecipeParameters {
  requireKnownParameters(dualEncoder, parameters, facts)
  return parameters
}

/** Pooling, and what follows it, as modules.json lists them; sentence-transformers' own choice for a plain checkpoint. */
function readHead(
  { files, decoder }: ModelFacts,
  parameters: RecipeParameters,
  warnings: string[],
): { pooling: readonly Pooling[]; includePrompt: boolean; steps: HeadStep[] } {
  const modules = readModules(files.modules)
  // Since 5.4 a causal language model gets its last token, everything else the mean (its migration guide).
  let pooling: readonly Pooling[] = decoder ? ['lasttoken'] : ['mean']
  if (modules === null && parameters.pooling === undefined)
    warnings.push(
      `no modules.json: ${decoder ? 'last-token' : 'mean'} pooling is assumed, as sentence-transformers does; the model may want another`,
    )
  let includePrompt = true
  const steps: HeadStep[] = []
  for (const { type, path } of modules ?? []) {
    if (type === 'Transformer' || type === 'Dropout') continue
    const config = files.moduleConfigs[path] ?? null
    if (type === 'Pooling') ({ pooling, includePrompt } = readPooling(config, path))
    else steps.push(headStep(type, path, config))
  }
  if (parameters.pooling !== undefined) pooling = [parameters.pooling].flat()
  return { pooling, includePrompt, steps }
}

/** The folder of the transformer module inside the model's folder: '' or, in old models, `0_Transformer`. */
export function transformerPath(modules: unknown): string {
  return readModules(modules)?.find((module) => module.type === 'Transformer')?.path ?? ''
}

/** Paths of all modules that have a config of their own. */
export function modulePaths(modules: unknown): string[] {
  return (readModules(modules) ?? [])
    .filter(({ type, path }) => type !== 'Transformer' && path !== '')
    .map((m) => m.path)
}

interface Module {
  /** Class name without its package. */
  readonly type: string
  readonly path: string
}

function readModules(modules: unknown): Module[] | null {
  if (modules === null) return null
  if (!Array.isArray(modules)) throw invalid('modules.json', 'is not a list of modules')
  return modules.map((entry: unknown, i) => {
    const { type, path } = (entry ?? {}) as { type?: unknown; path?: unknown }
    if (
      typeof type !== 'string' ||
      typeof path !== 'string' ||
      path.split(/[\\/]/).includes('..') ||
      /^[\\/]/.test(path)
    )
      throw invalid('modules.json', `has no usable "type" and "path" in entry ${i}`, `[${i}]`)
    if (!type.startsWith('sentence_transformers.'))
      throw invalid('modules.json', `asks for the code ${type}; fieldtrial runs no code from models`, `[${i}].type`)
    return { type: type.split('.').at(-1)!, path }
  })
}

function readSimilarity(config: JsonObject | null, warnings: string[]): Recipe['similarity'] {
  const name = config?.similarity_fn_name ?? 'cosine'
  if (name === 'cosine' || name === 'dot') return name
  if (name === 'dot_score') return 'dot'
  warnings.push(`the model's similarity is ${JSON.stringify(name)}, which is not built: the cosine is used`)
  return 'cosine'
}

/** Prompts by the names that `encode_query` and `encode_document` look for. */
function readPrompts(
  config: JsonObject | null,
  overrides: { readonly query?: string; readonly document?: string },
  warnings: string[],
): Record<Side, string> {
  const prompts = (config?.prompts ?? {}) as Readonly<Record<string, unknown>>
  const pick = (...names: string[]): [string, string | undefined] => {
    for (const name of names) {
      const text = prompts[name]
      if (typeof text === 'string') return [text, name]
      if (text !== undefined && text !== null)
        throw invalid('config_sentence_transformers.json', `has a prompt "${name}" that is not text`, `prompts.${name}`)
    }
    return ['', undefined]
  }
  const [query] = pick('query')
  // sentence-transformers fills in an empty "document" on loading, so an empty one is no statement of the model's.
  const named =
    prompts.document === ''
      ? (['passage', 'corpus', 'document'] as const)
      : (['document', 'passage', 'corpus'] as const)
  const [document, documentName] = pick(...named)
  if (overrides.document === undefined && document !== '' && documentName !== 'document')
    warnings.push(
      `documents get the model's "${documentName}" prompt; sentence-transformers' encode_document needs prompt_name for that`,
    )
  const fallback = config?.default_prompt_name
  if (typeof fallback === 'string' && ![query, document].includes(pick(fallback)[0]))
    warnings.push(
      `the model's default prompt "${fallback}" is used for neither side; set prompts if the model needs it in retrieval`,
    )
  return { query: overrides.query ?? query, document: overrides.document ?? document }
}

/** `max_seq_length` rules, then the tokenizer's and config's limits, as in sentence-transformers; never more than the weights allow. */
function resolveMaxLength(
  files: SentenceTransformersFiles,
  override: RecipeParameters['maxLength'],
  warnings: string[],
): Recipe['maxLength'] {
  const limit = files.positionLimit ?? Number.POSITIVE_INFINITY
  const wishes = typeof override === 'number' ? { query: override, document: override } : (override ?? {})
  for (const wish of Object.values(wishes))
    if (!(Number.isSafeInteger(wish) && wish >= 1 && wish <= limit))
      throw new FieldtrialError(
        'RECIPE_INVALID',
        `A maximum length of ${wish} tokens cannot be used; the model takes 1 to ${limit}.`,
        { hint: 'Leave the maximum length out to use the model’s own.', where: { field: 'maxLength' } },
      )
  if (wishes.query !== undefined && wishes.document !== undefined)
    return { query: wishes.query, document: wishes.document }
  const own = ownMaxLength(files, limit, warnings)
  return { query: wishes.query ?? own, document: wishes.document ?? own }
}

function ownMaxLength(files: SentenceTransformersFiles, limit: number, warnings: string[]): number {
  const own = positive(files.sentenceConfig?.max_seq_length)
  const others = [positive(files.tokenizerConfig?.model_max_length), files.maxPositions ?? Number.POSITIVE_INFINITY]
  const length = Math.min(Number.isFinite(own) ? own : Math.min(...others), limit)
  if (Number.isFinite(length) && length < 1e9) return length
  warnings.push(`the model names no maximum length: ${FALLBACK_LENGTH} tokens are kept`)
  return FALLBACK_LENGTH
}

function positive(value: unknown): number {
  return typeof value === 'number' && value >= 1 ? Math.floor(value) : Number.POSITIVE_INFINITY
}

function invalid(file: string, what: string, field?: string): FieldtrialError {
  return new FieldtrialError('MODEL_INVALID', `${file} ${what}.`, {
    where: { file, ...(field === undefined ? {} : { field }) },
    hint: 'Use a model whose modules are Transformer, Pooling, Dense and Normalize, or serve it and use the http engine.',
  })
}
