import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { FieldtrialError } from '../../core/errors.ts'
import type { JsonObject } from '../../recipes/sentence-transformers.ts'
import { type Checkpoint, readSafetensors } from '../text/safetensors.ts'

/** An adapter in PEFT's layout. */
export interface Adapter {
  readonly folder: string
  /** Files that determine what it does. */
  readonly files: readonly string[]
  /** The base as its config names it; null where it does not. */
  readonly base: string | null
}

/** How the user and the model's own files name the base. */
export interface BaseNames {
  /** As the study names it: a folder, or an address on the hub. */
  readonly model: string
  /** The folder that it resolved to. */
  readonly folder: string
  readonly config: JsonObject
}

/**
 * Reads an adapter's folder and compares it with the base: by name first, since two models of one shape (Qwen2.5 and Qwen2.5-Coder) take each
 * other's adapters without a word, then by the shapes of the matrices.
 *
 * @param checkpoint The base's tensors; null where they are not known beforehand (GGUF).
 * @throws FieldtrialError `MODEL_MISSING`, `MODEL_INVALID`.
 */
export async function readAdapter(folder: string, names: BaseNames, checkpoint: Checkpoint | null): Promise<Adapter> {
  const configFile = join(folder, 'adapter_config.json')
  const weights = join(folder, 'adapter_model.safetensors')
  const config = await readConfig(configFile)
  if (config.peft_type !== 'LORA')
    throw invalid(configFile, `describes an adapter of the type ${JSON.stringify(config.peft_type)}; LORA is known`)
  const base = typeof config.base_model_name_or_path === 'string' ? config.base_model_name_or_path : null
  if (base !== null && !namesOf(names).some((name) => sameModel(name, base)))
    throw new FieldtrialError('MODEL_INVALID', `The adapter ${folder} was made for ${base}, not for ${names.model}.`, {
      where: { file: configFile, field: 'base_model_name_or_path' },
      hint: `Name ${base} as the model. If ${names.model} is the same model in a folder of your own, name the folder ${basename(base)}.`,
    })
  const tensors = await readSafetensors(weights)
  if (tensors === null)
    throw new FieldtrialError('MODEL_INVALID', `${weights} is not there.`, {
      where: { file: weights },
      hint: 'Save the adapter as safetensors: pickled weights (adapter_model.bin) are never read.',
    })
  if (checkpoint !== null) requireShapes(weights, tensors, checkpoint)
  return { folder, files: [configFile, weights], base }
}

async function readConfig(file: string): Promise<JsonObject> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw new FieldtrialError('MODEL_MISSING', `${file} is not there: the folder holds no adapter.`, {
      where: { file },
      hint: 'Name a folder in PEFT’s layout: adapter_config.json and adapter_model.safetensors.',
      cause,
    })
  }
  try {
    return JSON.parse(text) as JsonObject
  } catch (cause) {
    throw invalid(file, `is not JSON (${(cause as Error).message})`)
  }
}

function namesOf({ model, folder, config }: BaseNames): string[] {
  const own = typeof config._name_or_path === 'string' ? [config._name_or_path] : []
  return [model.replace(/^hf:/, '').replace(/@[^/@]*$/, ''), folder, ...own]
}

/** Addresses on the hub must be equal; of a folder only the last part counts, and may be that of an address. */
function sameModel(name: string, base: string): boolean {
  if (isAddress(name) && isAddress(base)) return name.toLowerCase() === base.toLowerCase()
  const last = (path: string) => basename(path.replaceAll('\\', '/')).toLowerCase()
  return last(name) === last(base)
}

function isAddress(name: string): boolean {
  return /^[\w.-]+\/[\w.-]+$/.test(name) && !name.startsWith('.')
}

/** Each pair of LoRA matrices must fit the matrix of the base that it names. */
function requireShapes(file: string, tensors: Checkpoint, checkpoint: Checkpoint): void {
  const bases = new Map([...checkpoint].map(([name, place]) => [bare(name), place.shape]))
  for (const [name, { shape }] of tensors) {
    const match = /^base_model\.model\.(.+)\.lora_([AB])\.weight$/.exec(name)
    if (match === null) continue
    const [, path = '', half] = match
    const weight = bases.get(bare(`${path}.weight`))
    const wanted = weight?.[half === 'A' ? 1 : 0]
    const given = shape[half === 'A' ? 1 : 0]
    // A head that shares the embedding table has no tensor of its own.
    if (weight === undefined && /lm_head|embed/.test(path)) continue
    if (wanted === given && wanted !== undefined) continue
    throw new FieldtrialError(
      'MODEL_INVALID',
      weight === undefined
        ? `${file} changes ${path}, which the model does not have: it was made for another one.`
        : `${file} changes ${path} by a matrix of ${given} ${half === 'A' ? 'columns' : 'rows'}, the model's has ${wanted}: it was made for another one.`,
      { where: { file }, hint: 'Name the base that its adapter_config.json names.' },
    )
  }
}

/** Checkpoints of a model with and without its head differ by a prefix. */
export function bare(name: string): string {
  return name.replace(/^(model\.)?(language_model\.)?(model\.)?/, '').replace(/\.base_layer\./, '.')
}

function invalid(file: string, what: string): FieldtrialError {
  return new FieldtrialError('MODEL_INVALID', `${file} ${what}.`, { where: { file }, hint: 'Fetch the adapter again.' })
}
