import { describeSteps, needsQueryMean, type PostprocessStep } from '../index/postprocess/steps.ts'
import { describePrompt } from '../recipes/template.ts'
import type { Pooling, Prompt, PromptPart, Recipe, Side } from '../recipes/types.ts'
import type { RetrieverResult, StudyResults } from '../study/results.ts'
import { formatCount } from './format.ts'

/** How a retriever's vectors are made, resolved: what a reader needs to do the same elsewhere. */
export interface RecipeFacts {
  readonly id: string
  readonly source: string
  /** Every prompt as it is sent; several of one side are averaged. */
  readonly prompts: readonly ShownPrompt[]
  readonly facts: readonly Fact[]
  /** Task instructions that stood in the prompts, with the collections where they did. */
  readonly tasks: readonly TaskFact[]
}

export interface ShownPrompt {
  /** `both` where queries and documents get the same. */
  readonly side: Side | 'both'
  readonly parts: readonly PromptPart[]
  /** Special token that stands last; null for none that the recipe adds. */
  readonly end: string | null
}

export interface Fact {
  readonly name: string
  readonly value: string
}

export interface TaskFact {
  readonly instruction: string
  /** Who worded it. */
  readonly source: string
  readonly collections: readonly string[]
}

/** A prompt as one text: what is fixed as it is sent, with `‹text›`, `‹task›` and `‹image›` where these go. */
export function promptText({ parts, end }: Pick<ShownPrompt, 'parts' | 'end'>): string {
  return parts.map((part) => (part.kind === 'literal' ? part.text : SLOTS[part.kind])).join('') + (end ?? '')
}

export const SLOTS = { contents: '‹text›', task: '‹task›', image: '‹image›' } as const

/** What `resolved` holds for a retriever with a model. */
interface Resolved {
  readonly output?: 'dense' | 'sparse' | 'hybrid'
  readonly alpha?: number
  readonly postprocess?: readonly PostprocessStep[]
  readonly queryMean?: 'auto' | 'train' | 'sentences'
  readonly recipe?: Recipe
  /** How images are read; absent for retrievers of text. */
  readonly images?: ImageFacts
}

interface ImageFacts {
  readonly kind: 'grid' | 'fixed'
  readonly resample: string
  readonly minPixels?: number
  readonly maxPixels?: number
  readonly crop?: { readonly width: number; readonly height: number } | null
  readonly resize?: { readonly width: number; readonly height: number } | { readonly shortest: number } | null
  readonly decoder: { readonly sharp: string }
}

/** @returns null for a retriever without a recipe: BM25, a fusion, or one whose model could not be read. */
export function recipeFacts(results: StudyResults, retriever: RetrieverResult): RecipeFacts | null {
  const resolved = retriever.resolved as unknown as Resolved
  const { recipe } = resolved
  if (retriever.kind !== 'dense' || !Array.isArray(recipe?.prompts?.query)) return null
  return {
    id: recipe.id,
    source: recipe.source,
    prompts: shownPrompts(recipe),
    facts: [
      { name: 'Pooled', value: pooled(recipe) },
      { name: 'Layer', value: layer(recipe) },
      { name: 'Attention', value: attention(recipe) },
      { name: 'Lengths', value: lengths(recipe) },
      { name: 'Special tokens', value: specialTokens(recipe) },
      { name: 'Output', value: output(resolved, recipe) },
      { name: 'Post-processing', value: postprocessing(resolved) },
      // A column for all where there is one for some.
      ...(results.retrievers.some((one) => (one.resolved as unknown as Resolved).images !== undefined)
        ? [{ name: 'Images', value: images(resolved, recipe) }]
        : []),
    ],
    tasks: tasksOf(results, retriever.id),
  }
}

/** The retriever's summary without its prompts, which the recipe shows in full: what fits into a table. */
export function shortSummary({ summary, resolved }: RetrieverResult): string {
  const { recipe } = resolved as unknown as Resolved
  if (!Array.isArray(recipe?.prompts?.query)) return summary
  return SIDES.reduce((text, side) => {
    const [first, ...more] = recipe.prompts[side]
    if (first === undefined) return text
    return text.replace(` · ${side} ${describePrompt(first)}${more.length > 0 ? ` and ${more.length} more` : ''}`, '')
  }, summary)
}

const SIDES: readonly Side[] = ['query', 'document']

function shownPrompts({ prompts }: Recipe): ShownPrompt[] {
  const of = (side: Side) => prompts[side].map(({ parts, end }): ShownPrompt => ({ side, parts, end }))
  const [query, document] = [of('query'), of('document')]
  const same = JSON.stringify(prompts.query) === JSON.stringify(prompts.document)
  return same ? query.map((prompt) => ({ ...prompt, side: 'both' })) : [...query, ...document]
}

const POOLING: Readonly<Record<Pooling, string>> = {
  cls: 'the first token',
  mean: 'the mean of all tokens',
  max: 'the largest number per dimension of all tokens',
  mean_sqrt_len: 'the sum of all tokens over the square root of their number',
  weightedmean: 'the mean of all tokens, weighted by position',
  lasttoken: 'the last token',
}

const SPAN: Readonly<Record<Recipe['span'], string>> = {
  all: 'of the whole prompt',
  'from-contents': 'from the start of the text on (of its last copy if there are two)',
  'after-prompt': 'after those of the prompt before the text',
}

function pooled({ pooling, span, generate, prompts }: Recipe): string {
  if (pooling.length === 0) return 'by the server'
  const several = Math.max(prompts.query.length, prompts.document.length)
  return [
    `${pooling.map((one) => POOLING[one] ?? one).join(' and ')} ${SPAN[span]}`,
    ...(generate === null
      ? []
      : [`up to ${formatCount(generate.maxTokens)} tokens are decoded and their states averaged`]),
    ...(several > 1 ? ['vectors of the prompts are averaged'] : []),
  ].join('; ')
}

function layer({ layer: index, finalNorm }: Recipe): string {
  const norm = finalNorm === null ? '' : finalNorm ? ', final norm applied' : ', final norm not applied'
  return (index === null ? 'the model’s own output' : index === 0 ? '0, the embeddings' : `${index}`) + norm
}

function attention({ attention: direction }: Recipe): string {
  return direction === 'model' ? 'as the model was trained' : direction
}

function lengths({ maxLength, lengthOf }: Recipe): string {
  const { query, document } = maxLength
  if (query === 0 && document === 0) return 'cut by the server'
  const most =
    query === document
      ? `${formatCount(query)} tokens`
      : `${formatCount(query)} tokens of a query, ${formatCount(document)} of a document`
  return `${most}, ${lengthOf === 'prompt' ? 'prompt and special tokens included' : 'of the text alone, the prompt comes on top'}`
}

function specialTokens({ prompts }: Recipe): string {
  const all = SIDES.flatMap((side) => prompts[side])
  const own = (prompt: Prompt) => prompt.addSpecialTokens
  return [
    all.every(own)
      ? 'the tokenizer adds its own'
      : all.some(own)
        ? 'the tokenizer adds its own to some prompts'
        : 'only those that the prompt names',
    ...(all.some(({ join }) => join === 'tokens') ? ['prompt and text are tokenised apart'] : []),
  ].join('; ')
}

function output({ output: kind = 'dense', alpha }: Resolved, { normalize, similarity, sparse }: Recipe): string {
  const dense = `${normalize ? 'scaled to length 1' : 'not scaled'}, compared by ${similarity === 'dot' ? 'inner product' : 'cosine'}`
  if (kind === 'dense' || sparse === null) return `dense, ${dense}`
  const terms = `sparse, at most ${formatCount(sparse.terms)} terms`
  return kind === 'sparse' ? terms : `hybrid, weight of the dense half ${alpha ?? 0.5}; dense: ${dense}; ${terms}`
}

const QUERY_MEAN = {
  auto: 'training queries where there are enough, else sentences of documents',
  train: 'training queries',
  sentences: 'sentences of documents under the query prompt',
} as const

function postprocessing({ postprocess = [], queryMean }: Resolved): string {
  const mean =
    needsQueryMean(postprocess) && queryMean !== undefined ? `; queries’ mean from ${QUERY_MEAN[queryMean]}` : ''
  return `${describeSteps(postprocess)}${mean}`
}

function images({ images: read }: Resolved, { imagePrompts, mixedPrompts }: Recipe): string {
  if (read === undefined) return 'not read'
  const { kind, resample, minPixels, maxPixels, crop, resize, decoder } = read
  const whole = crop ?? (resize && 'width' in resize ? resize : null)
  const size =
    kind === 'grid'
      ? `their own shape, ${formatCount(minPixels!)} to ${formatCount(maxPixels!)} pixels`
      : `${whole?.width} × ${whole?.height} pixels${crop ? ', the middle cut out' : ''}`
  const prompts = [
    ...new Set(
      [imagePrompts, mixedPrompts].flatMap((one) => (one ? SIDES.flatMap((s) => one[s]) : [])).map(promptText),
    ),
  ]
  const asked = prompts.filter((text) => text !== SLOTS.image)
  return [
    `${size}, ${resample}, decoded by sharp ${decoder.sharp}`,
    ...asked.map((text) => `prompt ${JSON.stringify(text)}`),
  ].join('; ')
}

function tasksOf(results: StudyResults, retriever: string): TaskFact[] {
  const tasks = new Map<string, TaskFact>()
  for (const trial of results.trials) {
    if (trial.retriever !== retriever || trial.task === null) continue
    const key = JSON.stringify(trial.task)
    const collections = [...(tasks.get(key)?.collections ?? []), trial.collection]
    tasks.set(key, { ...trial.task, collections })
  }
  return [...tasks.values()]
}
