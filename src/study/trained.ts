import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { FieldtrialError } from '../core/errors.ts'
import { differingFields, type Json } from '../core/fingerprint.ts'
import { readIfThere } from '../core/read-if-there.ts'
import type { PreparedEncoder } from '../engines/types.ts'
import type { Recipe, RecipeParameters } from '../recipes/types.ts'
import type { ModelSpec, RecipeSpec } from './study.ts'

/** The file that says how a model was trained; it lies beside its weights. */
export const TRAINED_FILE = 'fieldtrial.json'
export const TRAINED_VERSION = 1

/** What `fieldtrial train` remembers of a model. */
export interface TrainedModel {
  readonly version: typeof TRAINED_VERSION
  readonly fieldtrial: string
  readonly name: string
  /** LoRA weights, weights of the whole model, or a whole model that the adapter was merged into. */
  readonly kind: 'adapter' | 'whole' | 'merged'
  /** As a study file says it: the id, and the parameters beside it. */
  readonly recipe: { readonly recipe: string } & RecipeParameters
  /** The same with nothing left to defaults. */
  readonly resolved: Recipe
  /** Pixels of a picture, least and most, where it learned from pictures. */
  readonly pixels?: { readonly minPixels: number; readonly maxPixels: number }
  /** As the user named the base. */
  readonly base: string
  /** Where a base of the user's own lies, relative to this file's folder. */
  readonly baseFolder?: string
  /** SHA-256 of the base's weight files, sorted: by these a zero-shot retriever of the same base is found. */
  readonly baseWeights: readonly string[]
  /** Names of the sources that it learned from. */
  readonly data: readonly string[]
  /** Of the training: all that decides the weights. */
  readonly fingerprint: string
}

/**
 * Reads how a model in a folder was trained.
 *
 * @returns null where the folder does not say.
 * @throws FieldtrialError `MODEL_INVALID` for a file that is broken or of a newer version.
 */
export async function readTrained(folder: string): Promise<TrainedModel | null> {
  const file = join(folder, TRAINED_FILE)
  const text = await readIfThere(file)
  if (text === null) return null
  const fault = (what: string) =>
    new FieldtrialError('MODEL_INVALID', `${file} ${what}.`, {
      where: { file },
      hint: 'Train the model again, or remove the file and name the recipe yourself.',
    })
  let value: TrainedModel
  try {
    value = JSON.parse(text) as TrainedModel
  } catch {
    throw fault('is not JSON')
  }
  if (value.version !== TRAINED_VERSION)
    throw fault(`is of version ${String(value.version)}, this is ${TRAINED_VERSION}`)
  if (typeof value.recipe?.recipe !== 'string' || typeof value.base !== 'string') throw fault('names no recipe or base')
  return value
}

/** What a GGUF file of a model is called, but for precision and ending. */
export function ggufName(name: string): string {
  return name.replace(/[^\w.-]+/g, '-')
}

/** As {@link readTrained}, of a GGUF file that `fieldtrial export` wrote; null where the file beside it is of another model. */
export async function readTrainedGguf(file: string): Promise<TrainedModel | null> {
  const trained = await readTrained(dirname(file))
  return trained !== null && basename(file).startsWith(`${ggufName(trained.name)}-`) ? trained : null
}

/** Whether a folder holds LoRA weights and nothing else. Asked while a study file is read. */
export function isAdapterFolder(folder: string): boolean {
  return (
    isAbsolute(folder) && existsSync(join(folder, 'adapter_config.json')) && !existsSync(join(folder, 'config.json'))
  )
}

/** The base of a folder of LoRA weights: as its fieldtrial.json, else as its adapter_config.json has it. */
export async function baseOfAdapter(folder: string): Promise<string> {
  const trained = await readTrained(folder)
  if (trained?.baseFolder !== undefined) return resolve(folder, trained.baseFolder)
  if (trained !== null) return trained.base
  const file = join(folder, 'adapter_config.json')
  try {
    const config = JSON.parse(await readFile(file, 'utf8')) as { base_model_name_or_path?: unknown }
    if (typeof config.base_model_name_or_path === 'string') return config.base_model_name_or_path
  } catch (cause) {
    throw new FieldtrialError('MODEL_INVALID', `${file} cannot be read.`, {
      where: { file },
      hint: 'Fetch it again.',
      cause,
    })
  }
  throw new FieldtrialError('MODEL_INVALID', `${file} does not name the base of the adapter.`, {
    where: { file, field: 'base_model_name_or_path' },
    hint: 'Name the base as `model` and the folder as `adapter`.',
  })
}

/** An encoder, with how its model was trained where that is known. */
export interface StudyEncoder extends PreparedEncoder {
  readonly trained?: TrainedModel | null
}

/** The recipe of a retriever: the one that its model was trained with, where nobody chose another. */
export function trainedRecipe(spec: RecipeSpec, trained: TrainedModel | null): RecipeSpec {
  if (trained === null || spec.byDefault !== true) return spec
  const { recipe, ...parameters } = trained.recipe
  return { recipe, parameters: { ...parameters, ...spec.parameters } }
}

/** The model with the pixel budget that it was trained with, where nobody chose another. */
export function trainedPixels(model: ModelSpec, trained: TrainedModel | null): ModelSpec {
  const chosen = model.minPixels !== undefined || model.maxPixels !== undefined
  if (trained?.pixels === undefined || chosen || model.engine !== 'torch') return model
  const { minPixels, maxPixels } = trained.pixels
  return { ...model, minPixels, maxPixels }
}

/** What of a recipe is not as in the training. Lengths may differ. */
export function differsFromTraining({ resolved }: Pick<TrainedModel, 'resolved'>, recipe: Recipe): string[] {
  const plain = ({ maxLength: _, sparse: __, source: ___, ...rest }: Recipe) => rest as unknown as Json
  return differingFields(plain(resolved), plain(recipe))
}

/** Notes how the model was trained, and says so where it is used with another recipe than then. */
export function withTraining(prepared: PreparedEncoder, trained: TrainedModel | null): StudyEncoder {
  if (trained === null) return prepared
  const fields = differsFromTraining(trained, prepared.info.recipe)
  const name = basename(trained.name)
  const warnings = [...prepared.info.warnings]
  const used = prepared.info.images?.identity as { readonly [key: string]: Json | undefined } | undefined
  if (trained.pixels !== undefined && used !== undefined) {
    const { minPixels, maxPixels } = trained.pixels
    if (used.minPixels !== minPixels || used.maxPixels !== maxPixels)
      warnings.push(
        `${name} was trained with pictures of ${minPixels} to ${maxPixels} pixels, and is used with ${String(used.minPixels)} to ${String(used.maxPixels)}`,
      )
  }
  if (fields.length === 0) return { ...prepared, trained, info: { ...prepared.info, warnings } }
  const shown = `${fields.slice(0, 4).join(', ')}${fields.length > 4 ? ' …' : ''}`
  const warning = `${name} was trained with the recipe ${trained.resolved.id}, and is used with another one (${shown} ${fields.length === 1 ? 'differs' : 'differ'})`
  return { ...prepared, trained, info: { ...prepared.info, warnings: [...warnings, warning] } }
}
