import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FieldtrialError, systemCode } from '../../core/errors.ts'
import { type Checkpoint, readSafetensors, readTensor, type TensorPlace } from '../../engines/text/safetensors.ts'
import type { JsonObject } from '../../recipes/sentence-transformers.ts'
import { bareName } from './tensor-name.ts'

/** One matrix that LoRA weights change: W + scale·B·A. */
export interface LoraPlace {
  /** As its adapter names the module, e.g. `model.layers.0.self_attn.q_proj`. */
  readonly path: string
  /** rank × inputs. */
  readonly a: TensorPlace
  /** outputs × rank. */
  readonly b: TensorPlace
  readonly rank: number
  readonly scale: number
}

/** LoRA weights in PEFT's layout. */
export interface LoraAdapter {
  readonly given: string
  readonly folder: string
  readonly files: readonly string[]
  readonly config: JsonObject
  /** The model that they are for, as their config names it; null where it does not. */
  readonly base: string | null
  /** By the bare name of the matrix that each changes, e.g. `layers.0.self_attn.q_proj.weight`. */
  readonly modules: ReadonlyMap<string, LoraPlace>
}

/** What a merge cannot carry over. */
const UNMERGEABLE: readonly [field: string, isSet: (value: unknown) => boolean, what: string][] = [
  ['use_dora', (value) => value === true, 'is DoRA (`use_dora`), whose magnitudes do not add up'],
  [
    'modules_to_save',
    (value) => Array.isArray(value) && value.length > 0,
    'replaces whole modules (`modules_to_save`)',
  ],
  ['fan_in_fan_out', (value) => value === true, 'is for transposed matrices (`fan_in_fan_out`)'],
  ['bias', (value) => typeof value === 'string' && value !== 'none', 'trains biases (`bias`)'],
]

/**
 * Reads an adapter's config and the headers of its weights.
 *
 * @param given As the user names it, for messages.
 * @throws FieldtrialError `MODEL_MISSING`; `MODEL_INVALID` for what is no LoRA, or a kind of it that cannot be merged.
 */
export async function openLora(folder: string, given: string): Promise<LoraAdapter> {
  const configFile = join(folder, 'adapter_config.json')
  const weightsFile = join(folder, 'adapter_model.safetensors')
  const config = await readConfig(configFile)
  const refuse = (what: string): never => {
    throw new FieldtrialError('MODEL_INVALID', `The adapter ${given} ${what}: it cannot be merged.`, {
      where: { file: configFile },
      hint: 'Merge plain LoRA weights.',
    })
  }
  if (config.peft_type !== 'LORA') refuse(`is of the type ${JSON.stringify(config.peft_type)}`)
  for (const [field, isSet, what] of UNMERGEABLE) if (isSet(config[field])) refuse(what)
  const tensors = await readSafetensors(weightsFile)
  if (tensors === null)
    throw new FieldtrialError('MODEL_INVALID', `${weightsFile} is not there.`, {
      where: { file: weightsFile },
      hint: 'Save the adapter as safetensors: pickled weights (adapter_model.bin) are never read.',
    })
  const base = typeof config.base_model_name_or_path === 'string' ? config.base_model_name_or_path : null
  return {
    given,
    folder,
    files: [configFile, weightsFile],
    config,
    base,
    modules: readModules(tensors, config, refuse),
  }
}

function readModules(tensors: Checkpoint, config: JsonObject, refuse: (what: string) => never): Map<string, LoraPlace> {
  const modules = new Map<string, LoraPlace>()
  for (const [name, a] of tensors) {
    const match = /^base_model\.model\.(.+)\.lora_([AB])\.weight$/.exec(name)
    if (match === null) refuse(`holds ${name}, which is no LoRA matrix`)
    const [, path = '', half] = match!
    if (half === 'B') continue
    const b = tensors.get(name.replace('.lora_A.', '.lora_B.'))
    const rank = a.shape[0]!
    if (b === undefined || a.shape.length !== 2 || b.shape.length !== 2 || b.shape[1] !== rank)
      refuse(`has no matrix B that fits its matrix A of ${path}`)
    modules.set(bareName(`${path}.weight`), { path, a, b: b!, rank, scale: scaleOf(path, rank, config) })
  }
  if (modules.size === 0) refuse('holds no matrices')
  return modules
}

/** α / r, or α / √r for rank-stabilised LoRA; patterns give single modules values of their own. */
function scaleOf(path: string, rank: number, config: JsonObject): number {
  const alpha = patternValue(config.alpha_pattern, path) ?? Number(config.lora_alpha ?? rank)
  return alpha / (config.use_rslora === true ? Math.sqrt(rank) : rank)
}

/** As in PEFT: a key is a regular expression for the end of a module's path. */
function patternValue(pattern: unknown, path: string): number | undefined {
  if (typeof pattern !== 'object' || pattern === null) return undefined
  for (const [key, value] of Object.entries(pattern))
    if (new RegExp(`(^|.*\\.)${key}$`).test(path) && typeof value === 'number') return value
  return undefined
}

async function readConfig(file: string): Promise<JsonObject> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT' && systemCode(cause) !== 'ENOTDIR') throw cause
    throw new FieldtrialError('MODEL_MISSING', `${file} is not there: the folder holds no adapter.`, {
      where: { file },
      hint: 'Name a folder in PEFT’s layout: adapter_config.json and adapter_model.safetensors.',
      cause,
    })
  }
  try {
    return JSON.parse(text) as JsonObject
  } catch (cause) {
    throw new FieldtrialError('MODEL_INVALID', `${file} is not JSON.`, {
      where: { file },
      hint: 'Fetch the adapter again.',
      cause,
    })
  }
}

/** LoRA matrices in memory: a few MB. */
export class LoraDelta {
  readonly #a: Float32Array
  readonly #b: Float32Array
  readonly #rank: number
  readonly #scale: number

  private constructor(a: Float32Array, b: Float32Array, { rank, scale }: LoraPlace) {
    this.#a = a
    this.#b = b
    this.#rank = rank
    this.#scale = scale
  }

  static async load(place: LoraPlace): Promise<LoraDelta> {
    return new LoraDelta(await readTensor(place.path, place.a), await readTensor(place.path, place.b), place)
  }

  /** Adds scale·B·A to some rows of the matrix. */
  addTo(rows: Float32Array, firstRow: number): void {
    const columns = this.#a.length / this.#rank
    for (let row = 0; row * columns < rows.length; row++) {
      const start = row * columns
      for (let k = 0; k < this.#rank; k++) {
        const factor = this.#scale * this.#b[(firstRow + row) * this.#rank + k]!
        if (factor === 0) continue
        const from = k * columns
        for (let i = 0; i < columns; i++) rows[start + i] = rows[start + i]! + factor * this.#a[from + i]!
      }
    }
  }
}
