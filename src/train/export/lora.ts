import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FieldtrialError } from '../../core/errors.ts'
import { type Checkpoint, readSafetensors, readTensor, type TensorPlace } from '../../engines/text/safetensors.ts'
import { bare } from '../../engines/torch/adapter.ts'
import type { JsonObject } from '../../recipes/sentence-transformers.ts'

/** What an adapter does to one tensor of the base. */
export type TensorChange =
  /** W + scale · B·A, and for DoRA rows scaled to the lengths in `magnitude`. Both matrices are small and row-major. */
  | {
      readonly kind: 'lora'
      readonly a: TensorPlace
      readonly b: TensorPlace
      readonly scale: number
      readonly magnitude: TensorPlace | null
      /** The base tensor is inputs × outputs (an embedding table), so the product is transposed. */
      readonly table: boolean
      /** What takes the base tensor's place (PEFT saves embedding tables beside their adapters); null: the base's own. */
      readonly instead: TensorPlace | null
    }
  /** The adapter holds the whole tensor (`modules_to_save`, trained biases). */
  | { readonly kind: 'replace'; readonly by: TensorPlace }

/** Settings of PEFT under which W + scale · B·A is not what the model computes. */
const REFUSED: readonly (readonly [field: string, unfit: (value: unknown) => boolean, why: string])[] = [
  ['fan_in_fan_out', (v) => v === true, 'its matrices are stored transposed'],
  ['lora_bias', (v) => v === true, 'it adds biases of its own'],
  ['layer_replication', isSet, 'it repeats layers of the base'],
  ['target_parameters', isSet, 'it changes parameters that are no linear layers'],
  ['alora_invocation_tokens', isSet, 'it is switched on by tokens (activated LoRA)'],
  ['megatron_config', isSet, 'it is of Megatron'],
  [
    'init_lora_weights',
    (v) => typeof v === 'string' && /^(pissa|olora|corda|loftq)/i.test(v),
    'this start changes the base too, so that the adapter does not fit the base as it is published',
  ],
]

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0)
}

/**
 * What a LoRA adapter in PEFT's layout (Hu et al. 2021, arXiv:2106.09685; DoRA, Liu et al. 2024, arXiv:2402.09353; rsLoRA, Kalajdzievski
 * 2023, arXiv:2312.03732) does to the tensors of its base, by the base's names. No weights are read.
 *
 * @throws FieldtrialError `MODEL_INVALID` for a kind of adapter that cannot be merged, or tensors that fit no tensor of the base.
 */
export async function loraChanges(folder: string, base: Checkpoint): Promise<ReadonlyMap<string, TensorChange>> {
  const configFile = join(folder, 'adapter_config.json')
  const file = join(folder, 'adapter_model.safetensors')
  const config = JSON.parse(await readFile(configFile, 'utf8')) as JsonObject
  for (const [field, unfit, why] of REFUSED)
    if (unfit(config[field]))
      throw new FieldtrialError('MODEL_INVALID', `The adapter ${folder} cannot be merged: ${why} (${field}).`, {
        where: { file: configFile, field },
        hint: 'Merge it with PEFT (`merge_and_unload`), or use it as an adapter with engine torch.',
      })
  const tensors = (await readSafetensors(file))!
  const names = new Map([...base.keys()].map((name) => [bare(name), name]))
  const changes = new Map<string, TensorChange>()
  for (const [path, parts] of groupByModule(tensors)) {
    const weight = names.get(bare(`${path}.weight`))
    const [a, b, table] =
      parts.lora_A !== undefined
        ? [parts.lora_A, parts.lora_B, false]
        : [parts.lora_embedding_A, parts.lora_embedding_B, true]
    if (a !== undefined && b !== undefined) {
      if (weight === undefined) throw foreign(file, path, config, base)
      const rank = a.shape[0]!
      changes.set(weight, {
        kind: 'lora',
        a,
        b,
        scale: scaleOf(config, path, rank),
        magnitude: parts.lora_magnitude_vector ?? null,
        table,
        instead: parts.weight ?? null,
      })
    }
    for (const whole of ['weight', 'bias'] as const) {
      const by = parts[whole]
      if (by === undefined) continue
      const name = names.get(bare(`${path}.${whole}`))
      if (name === undefined) throw foreign(file, path, config, base)
      if (base.get(name)!.shape.join() !== by.shape.join())
        throw new FieldtrialError(
          'MODEL_INVALID',
          `${file} holds ${path}.${whole} of shape [${by.shape}]; the model's has [${base.get(name)!.shape}].`,
          { where: { file }, hint: 'An adapter with added tokens needs the base with a table enlarged for them.' },
        )
      if (!changes.has(name)) changes.set(name, { kind: 'replace', by })
    }
  }
  if (changes.size === 0)
    throw new FieldtrialError('MODEL_INVALID', `${file} changes nothing.`, { hint: 'Save the adapter again.' })
  return changes
}

type Parts = Partial<
  Record<
    'lora_A' | 'lora_B' | 'lora_embedding_A' | 'lora_embedding_B' | 'lora_magnitude_vector' | 'weight' | 'bias',
    TensorPlace
  >
>

const NAME =
  /^base_model\.model\.(.+?)\.(?:(lora_A|lora_B|lora_magnitude_vector)(?:\.weight)?|(lora_embedding_A|lora_embedding_B)|(?:base_layer\.|modules_to_save\.)?(weight|bias))$/

function groupByModule(tensors: Checkpoint): Map<string, Parts> {
  const modules = new Map<string, Parts>()
  for (const [name, place] of tensors) {
    const match = NAME.exec(name)
    if (match === null)
      throw new FieldtrialError('MODEL_INVALID', `The adapter holds ${name}, which is no part of LoRA known here.`, {
        where: { file: place.file },
        hint: 'Merge it with PEFT (`merge_and_unload`).',
      })
    const [, path = '', lora, embedding, whole] = match
    modules.set(path, { ...modules.get(path), [(lora ?? embedding ?? whole)!]: place })
  }
  return modules
}

/** alpha / r, or alpha / √r for rsLoRA; `alpha_pattern` sets alpha for the modules whose names end in its keys, as PEFT matches them. */
function scaleOf(config: JsonObject, path: string, rank: number): number {
  const patterns = (config.alpha_pattern ?? {}) as Readonly<Record<string, unknown>>
  const key = Object.keys(patterns).find((pattern) => new RegExp(`^(?:.*\\.)?(?:${pattern})$`).test(path))
  const alpha = key === undefined ? config.lora_alpha : patterns[key]
  if (typeof alpha !== 'number')
    throw new FieldtrialError('MODEL_INVALID', 'adapter_config.json names no lora_alpha.', {
      hint: 'Save the adapter again with PEFT.',
    })
  return config.use_rslora === true ? alpha / Math.sqrt(rank) : alpha / rank
}

function foreign(file: string, path: string, config: JsonObject, base: Checkpoint): FieldtrialError {
  if (/lm_head|embed_tokens$/.test(path) && ![...base.keys()].some((name) => name.endsWith('lm_head.weight')))
    return new FieldtrialError(
      'MODEL_INVALID',
      `${file} changes ${path}, which shares its matrix with the embeddings in the base.`,
      { where: { file }, hint: 'Use it as an adapter with engine torch, or train without the head as a target.' },
    )
  return new FieldtrialError('MODEL_INVALID', `${file} changes ${path}, which the model does not have.`, {
    where: { file },
    hint: `Name the base that its adapter_config.json names: ${String(config.base_model_name_or_path)}.`,
  })
}

/** A change with its small matrices in memory, applied to some rows of the base's tensor. */
export type ApplyRows = (rows: Float32Array, from: number, width: number) => Float32Array | Promise<Float32Array>

/**
 * Loads the matrices of a change.
 *
 * @returns A function that takes rows of the base's tensor (changed in place), the number of the first one, and their width.
 */
export async function openChange(change: TensorChange & { kind: 'lora' }): Promise<ApplyRows> {
  const [a, b] = await Promise.all([readTensor('lora_A', change.a), readTensor('lora_B', change.b)])
  const magnitude = change.magnitude === null ? null : await readTensor('lora_magnitude_vector', change.magnitude)
  const rank = change.a.shape[0]!
  // For a table, row i is column i of A (rank × rows) times Bᵀ (width × rank).
  const tableRows = change.a.shape[1]!
  return (rows, from, width) => {
    const delta = new Float64Array(width)
    for (let row = 0; row * width < rows.length; row++) {
      delta.fill(0)
      for (let k = 0; k < rank; k++) {
        const left = change.table ? a[k * tableRows + from + row]! : b[(from + row) * rank + k]!
        if (left === 0) continue
        if (change.table) for (let c = 0; c < width; c++) delta[c]! += left * b[c * rank + k]!
        else for (let c = 0, at = k * width; c < width; c++, at++) delta[c]! += left * a[at]!
      }
      let squares = 0
      for (let c = 0, at = row * width; c < width; c++, at++) {
        const sum = rows[at]! + Math.fround(delta[c]! * change.scale)
        rows[at] = sum
        squares += rows[at]! * rows[at]!
      }
      if (magnitude === null) continue
      const factor = magnitude[from + row]! / Math.sqrt(squares)
      for (let c = 0, at = row * width; c < width; c++, at++) rows[at] = rows[at]! * factor
    }
    return rows
  }
}
