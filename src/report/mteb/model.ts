import { fingerprint, type Json } from '../../core/fingerprint.ts'
import { modelByName } from '../../data/models/index.ts'
import type { Recipe } from '../../recipes/types.ts'
import type { RetrieverResult, StudyResults } from '../../study/results.ts'

/** Under which names MTEB files the results of a retriever. */
export interface MtebFolder {
  /** `owner/name`. */
  readonly name: string
  readonly revision: string
  /** What tells the retrievers of one model apart; null where it is used as its own files say. */
  readonly experiment: Readonly<Record<string, string>> | null
  /** `OWNER__NAME/REVISION`, with `experiments/…` if need be. */
  readonly path: string
  /** Content of `model_meta.json`. */
  readonly meta: Readonly<Record<string, unknown>>
}

interface Resolved {
  readonly model?: { readonly model: string; readonly engine: string; readonly dtype: string }
  readonly output?: string
  readonly postprocess?: unknown
  /** As the study names it, parameters only, where the model could not be read. */
  readonly recipe?: Recipe | { readonly recipe: string; readonly prompts?: undefined }
  readonly identity?: { readonly weights?: Json }
}

/** Recipes that do no more than the model's own files, or a server, say. */
const OWN = new Set(['sentence-transformers', 'http'])
/** Engines, as mteb names what runs a model. */
const FRAMEWORKS: Readonly<Record<string, string>> = { http: 'API', onnx: 'ONNX', torch: 'PyTorch', llama: 'GGUF' }

/**
 * Where a retriever's results go, and its card. A model's own way to encode goes under the model's name; any other recipe, dtype or
 * post-processing is an experiment below it, so that it is never taken for the model itself. BM25 and fusions go under `fieldtrial/`.
 */
export function mtebFolder(retriever: RetrieverResult, results: StudyResults): MtebFolder {
  const resolved = retriever.resolved as unknown as Resolved
  const { name, revision } = nameOf(retriever, resolved, results)
  const alone = results.retrievers.filter(
    (other) => other.kind === 'dense' && nameOf(other, other.resolved as unknown as Resolved, results).name === name,
  )
  const plain =
    retriever.kind !== 'dense' ||
    (OWN.has(recipeOf(resolved)?.id ?? '') &&
      resolved.output === 'dense' &&
      resolved.postprocess === undefined &&
      resolved.model?.dtype === 'float32' &&
      alone.length === 1)
  const experiment = plain ? null : { retriever: retriever.id }
  const folder = `${name.replaceAll('/', '__').replaceAll(' ', '_')}/${revision}`
  return {
    name,
    revision,
    experiment,
    path: experiment === null ? folder : `${folder}/experiments/${experimentName(experiment)}`,
    meta: metaOf(retriever, resolved, name, revision, experiment),
  }
}

function nameOf(retriever: RetrieverResult, { model, identity }: Resolved, { fieldtrial }: StudyResults) {
  if (retriever.kind !== 'dense' || model === undefined)
    return { name: `fieldtrial/${safe(retriever.id)}`, revision: safe(fieldtrial) }
  const [given = '', commit] = model.model.split('@')
  const hub = modelByName(given)?.hub ?? given
  const name = /^[\w.-]+\/[\w.-]+$/.test(hub) && !hub.startsWith('.') ? hub : `local/${safe(lastPart(hub))}`
  // Weights are what they are, whatever a folder's commit was.
  const weights = identity?.weights === undefined ? undefined : `weights-${fingerprint(identity.weights).slice(0, 16)}`
  return { name, revision: safe(commit ?? weights ?? 'no_revision_available') }
}

/** As mteb writes the settings of an experiment into a folder's name. */
function experimentName(experiment: Readonly<Record<string, string>>): string {
  return Object.entries(experiment)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}_${value.replaceAll(/[<>:"|?*\\/\0]/g, '_')}`)
    .join('__')
}

/** The fields of mteb's `ModelMeta` (2.x); what is not known is null, never guessed. */
function metaOf(
  retriever: RetrieverResult,
  resolved: Resolved,
  name: string,
  revision: string,
  experiment: MtebFolder['experiment'],
): MtebFolder['meta'] {
  const { model } = resolved
  const recipe = recipeOf(resolved)
  const lengths = Object.values(recipe?.maxLength ?? {}).filter((length) => length > 0)
  return {
    loader: null,
    loader_kwargs: {},
    name,
    revision,
    release_date: null,
    languages: null,
    n_parameters: retriever.parameters,
    n_active_parameters_override: null,
    n_embedding_parameters: null,
    memory_usage_mb: null,
    max_tokens: lengths.length === 0 ? null : Math.max(...lengths),
    embed_dim: retriever.dimension,
    license: null,
    open_weights: model === undefined ? null : model.engine !== 'http' || null,
    public_training_code: null,
    public_training_data: null,
    framework: model === undefined ? [] : [FRAMEWORKS[model.engine] ?? model.engine],
    reference: null,
    similarity_fn_name: recipe?.similarity ?? null,
    use_instructions: recipe === undefined ? false : hasPrompt(recipe),
    training_datasets: null,
    adapted_from: null,
    superseded_by: null,
    modalities: ['text'],
    model_type: [retriever.kind === 'dense' ? 'dense' : retriever.kind === 'bm25' ? 'sparse' : 'hybrid'],
    citation: null,
    contacts: null,
    experiment_kwargs: experiment,
    output_dtypes: null,
    extra_requirements_groups: null,
  }
}

function recipeOf({ recipe }: Resolved): Recipe | undefined {
  return recipe?.prompts === undefined ? undefined : recipe
}

function hasPrompt({ prompts }: Recipe): boolean {
  return [...prompts.query, ...prompts.document].some(({ parts }) => parts.some(({ kind }) => kind !== 'contents'))
}

const lastPart = (path: string) =>
  path
    .replace(/[/\\]+$/, '')
    .split(/[/\\]/)
    .at(-1)!
const safe = (text: string) => text.replaceAll(/[^\w.+-]+/g, '-')
