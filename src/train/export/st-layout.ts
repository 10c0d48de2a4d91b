import { FieldtrialError } from '../../core/errors.ts'
import type { HeadStep } from '../../recipes/sentence-transformers-head.ts'
import type { Pooling, Prompt, Recipe, Side } from '../../recipes/types.ts'

/** What of a model decides whether sentence-transformers can follow a recipe. */
export interface StModel {
  readonly decoder: boolean
  /** Null if unknown. */
  readonly layers: number | null
  /** Numbers per token state. */
  readonly hidden: number
  /** Special tokens that the tokenizer itself puts around a text. */
  readonly around: { readonly before: readonly string[]; readonly after: readonly string[] }
  readonly lowerCase: boolean
}

/** The small files of a folder in sentence-transformers' layout. */
export interface StLayout {
  readonly modules: readonly {
    readonly idx: number
    readonly name: string
    readonly path: string
    readonly type: string
  }[]
  readonly pooling: Readonly<Record<string, unknown>>
  readonly config: Readonly<Record<string, unknown>>
  readonly sentenceConfig: { readonly max_seq_length: number; readonly do_lower_case: boolean }
  /** Dense layers: where they are to be copied from, and to. */
  readonly dense: readonly { readonly from: string; readonly to: string }[]
  /** A token that the tokenizer must be made to put last; null where it is well as it is. */
  readonly end: string | null
  /** Where vectors of the export may differ. */
  readonly notes: readonly string[]
}

/** Names of poolings in `1_Pooling/config.json`; in releases before 6 switches of these names. */
const MODES: Readonly<Record<Pooling, { readonly name: string; readonly before: string }>> = {
  cls: { name: 'cls', before: 'pooling_mode_cls_token' },
  max: { name: 'max', before: 'pooling_mode_max_tokens' },
  mean: { name: 'mean', before: 'pooling_mode_mean_tokens' },
  mean_sqrt_len: { name: 'mean_sqrt_len_tokens', before: 'pooling_mode_mean_sqrt_len_tokens' },
  weightedmean: { name: 'weightedmean', before: 'pooling_mode_weightedmean_tokens' },
  lasttoken: { name: 'lasttoken', before: 'pooling_mode_lasttoken' },
}

/**
 * A recipe as sentence-transformers' modules. Pure.
 *
 * @param task Instruction for prompts that hold one; null where none was given.
 * @throws FieldtrialError `RECIPE_INVALID` for a recipe that its modules cannot express, with everything that stands against it.
 */
export function stLayout(recipe: Recipe, head: readonly HeadStep[], model: StModel, task: string | null): StLayout {
  const reasons = [...refusals(recipe, model), ...promptRefusals(recipe, model, task)]
  if (reasons.length > 0)
    throw new FieldtrialError(
      'RECIPE_INVALID',
      `sentence-transformers has no modules for the recipe ${recipe.id}: ${reasons.join('; ')}.`,
      {
        hint: reasons.every((reason) => reason.includes('--task'))
          ? 'Give the instruction with --task; it becomes a part of the prompt.'
          : 'Export it to onnx or gguf, or keep it as merged weights and use it with fieldtrial.',
      },
    )
  const steps = recipe.normalize ? [...head, { kind: 'normalize' } as const] : head
  const paths = steps.map((step, i) => `${i + 2}_${step.kind === 'dense' ? 'Dense' : 'Normalize'}`)
  const types = ['Transformer', 'Pooling', ...steps.map((step) => (step.kind === 'dense' ? 'Dense' : 'Normalize'))]
  const { query, document } = recipe.maxLength
  const longest = Math.max(query, document)
  return {
    modules: types.map((type, idx) => ({
      idx,
      name: String(idx),
      path: idx === 0 ? '' : idx === 1 ? '1_Pooling' : paths[idx - 2]!,
      type: `sentence_transformers.models.${type}`,
    })),
    pooling: poolingConfig(recipe, model.hidden),
    config: {
      prompts: {
        query: prefixOf(recipe.prompts.query[0]!, task),
        document: prefixOf(recipe.prompts.document[0]!, task),
      },
      default_prompt_name: null,
      similarity_fn_name: recipe.similarity,
    },
    sentenceConfig: { max_seq_length: longest, do_lower_case: model.lowerCase },
    dense: steps.flatMap((step, i) => (step.kind === 'dense' ? [{ from: step.path, to: paths[i]! }] : [])),
    end: endOf(recipe, model),
    notes:
      query === document
        ? []
        : [
            `sentence-transformers knows one length: texts are cut at ${longest} tokens, where the recipe keeps ${query} of queries and ${document} of documents; set \`max_seq_length\` for the shorter side.`,
          ],
  }
}

/** One pooling in the form that all releases read; several in that of release 6, which alone keeps their order. */
function poolingConfig({ pooling, span }: Recipe, hidden: number): StLayout['pooling'] {
  const include_prompt = span === 'all'
  if (pooling.length > 1)
    return { embedding_dimension: hidden, pooling_mode: pooling.map((mode) => MODES[mode].name), include_prompt }
  const switches = Object.entries(MODES).map(([mode, { before }]) => [before, mode === pooling[0]])
  return { word_embedding_dimension: hidden, ...Object.fromEntries(switches), include_prompt }
}

function refusals(recipe: Recipe, { decoder, layers }: StModel): string[] {
  const { sparse, generate, contents, span, layer, finalNorm, attention, lengthOf } = recipe
  return [
    sparse === null ? '' : 'its sparse half',
    generate === null ? '' : 'tokens that are decoded',
    contents === 'as-is' ? '' : `texts that are changed before they enter the prompt (${contents})`,
    span === 'from-contents' ? 'pooling from the text on, which it counts otherwise' : '',
    layer !== null && layers !== null && layer !== layers ? `states of layer ${layer} of ${layers}` : '',
    decoder && finalNorm === false ? 'states without the final norm' : '',
    decoder && attention === 'bidirectional' ? 'bidirectional attention of a causal model' : '',
    lengthOf === 'contents' ? 'a length that counts the text without its prompt' : '',
  ].filter(Boolean)
}

function promptRefusals(recipe: Recipe, { around }: StModel, task: string | null): string[] {
  const reasons = new Set<string>()
  const ends = new Set<string | null>()
  for (const side of ['query', 'document'] as Side[]) {
    const [prompt, ...others] = recipe.prompts[side]
    if (prompt === undefined || others.length > 0) {
      reasons.add(`several prompts for a ${side}`)
      continue
    }
    const { parts, join, addSpecialTokens } = prompt
    const at = parts.findIndex((part) => part.kind === 'contents')
    if (at !== parts.length - 1) reasons.add(`a ${side} prompt that goes on behind the text`)
    if (parts.some((part) => part.kind === 'image')) reasons.add('prompts with an image')
    if (task === null && parts.some((part) => part.kind === 'task'))
      reasons.add(`a ${side} prompt with an instruction (give one with --task)`)
    if (join === 'tokens' && parts.length > 1) reasons.add('prompts that are tokenised apart from the text')
    if (!addSpecialTokens && around.before.length + around.after.length > 0)
      reasons.add('prompts without the tokenizer’s own special tokens')
    ends.add(prompt.end)
  }
  if (ends.size > 1) reasons.add('queries and documents that end differently')
  return [...reasons]
}

function prefixOf({ parts }: Prompt, task: string | null): string {
  return parts
    .slice(0, -1)
    .map((part) => (part.kind === 'literal' ? part.text : part.kind === 'task' ? task! : ''))
    .join('')
}

function endOf({ prompts }: Recipe, { around }: StModel): string | null {
  const { end } = prompts.query[0]!
  return end === null || around.after.at(-1) === end ? null : end
}
