import { join } from 'node:path'
import { FieldtrialError } from '../../core/errors.ts'
import { type ModelFolder, readModelFolder } from '../../engines/text/files.ts'
import { type Checkpoint, readSafetensors, type TensorPlace } from '../../engines/text/safetensors.ts'
import type { JsonObject } from '../../recipes/sentence-transformers.ts'
import { type LoraAdapter, openLora } from './lora.ts'
import { bareName } from './tensor-name.ts'

/** Where a model lies, and what the user calls it. */
export interface SourceFolder {
  readonly given: string
  readonly folder: string
  readonly adapter?: { readonly given: string; readonly folder: string }
}

/** A model that was looked at, none of its weights read. */
export interface OpenSource {
  /** For messages: `A`, or `A with B` for an adapter B. */
  readonly name: string
  readonly given: string
  readonly files: ModelFolder
  /** Tensors by their bare names: those of the transformer, and those of dense layers behind it as `2_Dense/linear.weight`. */
  readonly tensors: ReadonlyMap<string, SourceTensor>
  readonly lora: LoraAdapter | null
}

export interface SourceTensor {
  /** As the checkpoint calls it. */
  readonly name: string
  /** Folder of a module of sentence-transformers relative to the model's; empty for the transformer. */
  readonly module: string
  readonly place: TensorPlace
}

/**
 * Reads a model's folder: configs, tokenizer's place, and the headers of all weights.
 *
 * @throws FieldtrialError `MODEL_MISSING`, `MODEL_INVALID`.
 */
export async function openSource({ given, folder, adapter }: SourceFolder): Promise<OpenSource> {
  const files = await readModelFolder(folder)
  if (files.checkpoint === null)
    throw new FieldtrialError('MODEL_INVALID', `${files.transformer} has no model.safetensors.`, {
      where: { file: files.transformer },
      hint: 'Save the model as safetensors: nothing else can be merged.',
    })
  const tensors = new Map<string, SourceTensor>()
  addTensors(tensors, files.checkpoint, '')
  for (const module of Object.keys(files.moduleConfigs)) {
    const checkpoint = await readSafetensors(join(folder, module, 'model.safetensors'))
    // The transformer may itself be a module; its weights are there already.
    if (checkpoint !== null && join(folder, module) !== files.transformer) addTensors(tensors, checkpoint, module)
  }
  const lora = adapter === undefined ? null : await openLora(adapter.folder, adapter.given)
  return { name: lora === null ? given : `${given} with ${lora.given}`, given, files, tensors, lora }
}

function addTensors(all: Map<string, SourceTensor>, checkpoint: Checkpoint, module: string): void {
  for (const [name, place] of checkpoint)
    all.set(module === '' ? bareName(name) : `${module}/${name}`, { name, module, place })
}

/** The part of the config that describes the language model: models that see keep it in a part of its own. */
export function textConfig({ files }: OpenSource): JsonObject {
  const inner = files.config.text_config
  return typeof inner === 'object' && inner !== null ? { ...files.config, ...inner } : files.config
}
