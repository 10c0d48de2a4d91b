import { isAbsolute } from 'node:path'
import { FieldtrialError } from '../../core/errors.ts'
import { bundledModel } from '../models/bundled/folder.ts'
import { modelByName, unknownModel } from '../models/index.ts'
import { isDirectory } from '../open-folder.ts'
import { type HubContext, hubConfig } from './config.ts'
import { parseRef } from './ref.ts'
import { fetchSnapshot } from './snapshot.ts'

/** A model on the disk. */
export interface ResolvedModel {
  readonly folder: string
  /** The hub's commit, or null for a folder of the user's. */
  readonly commit: string | null
}

export interface ModelFileOptions {
  /** Which weights to fetch. Default: safetensors, or ONNX where there are none. Pickled weights are never fetched. */
  readonly weights?: 'safetensors' | 'onnx'
}

const SMALL_FILES =
  /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|modules|sentence_\w+_config|config_sentence_transformers|chat_template|preprocessor_config)\.json$|^(vocab|merges|bpe\.codes)(\.txt)?$|\.(model|spm|bpe)$|^chat_template\.jinja$/
const MODULE_FILES = /^\d+_\w+\/[^/]+\.(json|safetensors|txt)$/

/**
 * A model's folder: a local one as it is, one that comes with fieldtrial, a named model at its pinned commit, or `owner/name[@revision]` from the hub, with the files that
 * fieldtrial needs.
 *
 * @param ref A folder, a name that `fieldtrial models` lists, or a name on the hub, with or without `hf:`.
 * @throws FieldtrialError `MODEL_MISSING`, `MODEL_INVALID` when the hub has no weights that can be read safely or the name is an adapter's,
 * `NETWORK`, `OFFLINE`.
 */
export async function resolveModel(
  ref: string,
  context: HubContext,
  options: ModelFileOptions = {},
): Promise<ResolvedModel> {
  const onHub = ref.startsWith('hf:')
  if (!onHub && (await isDirectory(ref))) return { folder: ref, commit: null }
  if (!onHub && looksLikePath(ref))
    throw new FieldtrialError('MODEL_MISSING', `There is no model folder ${ref}.`, {
      hint: 'Check the path; a model on the hub is named owner/name.',
    })
  const bundled = onHub ? undefined : bundledName(ref)
  if (bundled !== undefined) return { folder: await bundledModel(bundled, context.cacheDir), commit: null }
  const repo = parseRef('model', onHub ? ref.slice('hf:'.length) : hubName(ref))
  const { folder, commit } = await fetchSnapshot(hubConfig(context), repo, (paths) => {
    // Only the cache can be so empty: a pinned commit needs no request, and nothing of it was ever fetched.
    if (paths.length === 0)
      throw new FieldtrialError(
        'OFFLINE',
        `${repo.id}@${repo.revision} is not in the cache, and offline mode forbids fetching it.`,
        {
          hint: 'Run once with the network (without HF_HUB_OFFLINE or --offline), or give a local folder.',
        },
      )
    return modelFiles(paths, repo.id, options)
  })
  return { folder, commit }
}

/** The name of a model that comes with fieldtrial; undefined for all others. */
function bundledName(ref: string): string | undefined {
  const named = modelByName(ref)
  if (named?.hub !== null) return undefined
  if (ref.includes('@'))
    throw new FieldtrialError('USAGE', `${named.name} comes with fieldtrial and has no revisions.`, {
      hint: `Name it ${named.name}.`,
    })
  return named.name
}

/** The address of a short name, at its pinned commit unless another revision stands behind it; other names as they are. */
function hubName(ref: string): string {
  if (!/^[\w.-]+(@.+)?$/.test(ref)) return ref
  const named = modelByName(ref)
  if (named === undefined) throw unknownModel(ref)
  if (named.kind === 'adapter')
    throw new FieldtrialError(
      'MODEL_INVALID',
      `${named.name} is LoRA weights for ${named.descendsFrom?.name ?? 'another model'}, which engine torch alone takes.`,
      { hint: 'Set `engine: torch`.' },
    )
  const [, revision = named.revision] = ref.split('@')
  return `${named.hub}${revision === null ? '' : `@${revision}`}`
}

function looksLikePath(ref: string): boolean {
  const [name = ''] = ref.split('@')
  return isAbsolute(ref) || /^[.~]/.test(ref) || name.includes('\\') || name.endsWith('/') || name.split('/').length > 2
}

/**
 * The files of a model repository that are needed to run it.
 *
 * @throws FieldtrialError `MODEL_INVALID` when there is no config.json, or no weights but pickled ones.
 */
export function modelFiles(paths: readonly string[], id: string, options: ModelFileOptions = {}): string[] {
  if (!paths.includes('config.json'))
    throw new FieldtrialError('MODEL_INVALID', `${id} has no config.json: it is no model in the transformers layout.`, {
      hint: 'Name a model in the sentence-transformers or transformers layout.',
    })
  const small = paths.filter((path) => SMALL_FILES.test(path) || MODULE_FILES.test(path))
  return [...small, ...weightFiles(paths, id, options)]
}

function weightFiles(paths: readonly string[], id: string, options: ModelFileOptions): string[] {
  const safetensors = safetensorsFiles(paths)
  const onnx = onnxFiles(paths)
  const [first, second] = options.weights === 'onnx' ? [onnx, safetensors] : [safetensors, onnx]
  if (first.length > 0) return first
  if (second.length > 0 && options.weights === undefined) return second
  const others = paths.filter((path) => /\.(bin|pt|pth|h5|msgpack|gguf|onnx|safetensors)$/.test(path))
  throw new FieldtrialError(
    'MODEL_INVALID',
    `${id} has no weights in ${options.weights ?? 'safetensors or ONNX'}${others.length > 0 ? `, only ${others.slice(0, 3).join(', ')}` : ''}.`,
    {
      hint: 'Pickled weights (.bin, .pt) can run any code and are not read; look for a revision with safetensors (the hub often has one as @refs/pr/N), or convert the model.',
    },
  )
}

function safetensorsFiles(paths: readonly string[]): string[] {
  const index = 'model.safetensors.index.json'
  if (paths.includes('model.safetensors')) return ['model.safetensors']
  if (paths.includes(index)) return [index, ...paths.filter((path) => /^model-\d+-of-\d+\.safetensors$/.test(path))]
  return paths.filter((path) => /^[^/]+\.safetensors$/.test(path))
}

function onnxFiles(paths: readonly string[]): string[] {
  const graph = ['onnx/model.onnx', 'model.onnx'].find((path) => paths.includes(path))
  if (graph === undefined) return []
  // Graphs above 2 GB keep their weights in a file beside them.
  return [graph, ...paths.filter((path) => path.startsWith(graph) && /\.onnx[._]data/.test(path))]
}
