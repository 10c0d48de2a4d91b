import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { FieldtrialError } from '../../core/errors.ts'
import { lineOf, modelByName } from '../../data/models/index.ts'
import type { ModelEntry } from '../../data/models/types.ts'
import { isFloat, relatedness } from './relatedness.ts'
import { type OpenSource, textConfig } from './source.ts'
import { isOptional, isTower } from './tensor-name.ts'

/** Sizes that must be equal, lest no two matrices fit. Layers may differ where layers are stacked. */
const SIZES = [
  'hidden_size',
  'num_attention_heads',
  'num_key_value_heads',
  'head_dim',
  'intermediate_size',
  'hidden_act',
] as const

/** What does not change a shape but what weights mean: the result can have one of them only. */
const MEANINGS = [
  'rope_theta',
  'rope_scaling',
  'rope_parameters',
  'rms_norm_eps',
  'layer_norm_eps',
  'sliding_window',
  'use_sliding_window',
] as const

/** Siblings' weights point the same way, those of models trained from different beginnings are at right angles. */
const UNRELATED = 0.1

/**
 * Makes sure that models come from one ancestor, so that equal places in their weights mean the same: by the names that fieldtrial knows, by the
 * sizes in their configs, by their tokenizers' vocabularies, and by the weights themselves.
 *
 * @param reference Whose config and tokenizer the result will have.
 * @param isBase Whether it is the common ancestor and not a sibling.
 * @param stacked Whether layers are stacked, so that models may have different numbers of them.
 * @returns What a reader of the result must know.
 * @throws FieldtrialError `MODEL_INVALID` that names both models and what tells them apart.
 */
export async function checkAncestry(
  reference: OpenSource,
  others: readonly OpenSource[],
  { isBase, stacked }: { readonly isBase: boolean; readonly stacked: boolean },
): Promise<string[]> {
  const warnings: string[] = []
  for (const source of [reference, ...others]) requireOwnBase(source)
  for (const other of others) {
    if (other.files.folder === reference.files.folder) continue
    requireFamily(reference, other, isBase)
    requireSizes(reference, other, stacked)
    if (!stacked) requireNoMore(reference, other)
    warnings.push(...differences(reference, other), ...(await vocabularyDifference(reference, other)))
    const cosine = await relatedness(reference, other)
    if (cosine !== null && Math.abs(cosine) < UNRELATED)
      throw stranger(
        reference,
        other,
        `their weights have nothing in common (cosine ${cosine.toFixed(3)}; siblings' are near 1)`,
      )
  }
  return warnings
}

/** An adapter must have been made for the model that it is put on. */
function requireOwnBase({ given, files, lora }: OpenSource): void {
  if (lora === null || lora.base === null) return
  const own = files.config._name_or_path
  const names = [given.replace(/@[^/@]*$/, ''), files.folder, ...(typeof own === 'string' ? [own] : [])]
  if (names.some((name) => sameModel(name, lora.base!))) return
  throw new FieldtrialError('MODEL_INVALID', `The adapter ${lora.given} was made for ${lora.base}, not for ${given}.`, {
    where: { file: lora.files[0]!, field: 'base_model_name_or_path' },
    hint: `Name ${lora.base} as its model.`,
  })
}

/** Equal addresses or named models; of a folder the last part counts. */
export function sameModel(name: string, base: string): boolean {
  const [one, other] = [modelByName(name), modelByName(base)]
  if (one !== undefined && other !== undefined) return one === other
  const last = (path: string) => basename(path.replaceAll('\\', '/')).toLowerCase()
  const isAddress = (path: string) => /^\w[\w.-]*\/[\w.-]+$/.test(path)
  return isAddress(name) && isAddress(base) ? name.toLowerCase() === base.toLowerCase() : last(name) === last(base)
}

function requireFamily(reference: OpenSource, other: OpenSource, isBase: boolean): void {
  const [line, otherLine] = [familyLine(reference), familyLine(other)]
  if (line.length === 0 || otherLine.length === 0) return
  const [root, otherRoot] = [line.at(-1)!, otherLine.at(-1)!]
  if (root !== otherRoot)
    throw stranger(reference, other, `one descends from ${root.name}, the other from ${otherRoot.name}`)
  if (isBase && !otherLine.includes(line[0]!))
    throw new FieldtrialError('MODEL_INVALID', `${other.name} does not descend from the base ${reference.name}.`, {
      hint: `Name an ancestor of all models as the base: ${otherLine
        .slice(1)
        .map(({ name }) => name)
        .join(', ')}.`,
    })
}

/** The model and its ancestors as fieldtrial knows them, by what the user calls it or by what its config says that it was made from. */
function familyLine({ given, files }: OpenSource): ModelEntry[] {
  const named = lineOf(given)
  const own = files.config._name_or_path
  return named.length > 0 || typeof own !== 'string' ? named : lineOf(own)
}

function requireSizes(reference: OpenSource, other: OpenSource, stacked: boolean): void {
  const [config, otherConfig] = [textConfig(reference), textConfig(other)]
  const kind = (model: unknown) =>
    String(model)
      .replace(/_(text|vl_text|vl)$/, '')
      .replace(/^qwen2_5$/, 'qwen2')
  if (kind(config.model_type) !== kind(otherConfig.model_type))
    throw stranger(
      reference,
      other,
      `one is of the type ${String(config.model_type)}, the other ${String(otherConfig.model_type)}`,
    )
  for (const field of [...SIZES, ...(stacked ? [] : (['num_hidden_layers'] as const))])
    if ((config[field] ?? null) !== (otherConfig[field] ?? null))
      throw stranger(
        reference,
        other,
        `${field} is ${String(config[field])} in one and ${String(otherConfig[field])} in the other`,
      )
  if ((config.tie_word_embeddings ?? false) !== (otherConfig.tie_word_embeddings ?? false))
    throw stranger(
      reference,
      other,
      'one shares its head with the embeddings (tie_word_embeddings), the other has a head of its own',
    )
}

/** What only the other model has would be lost without a word. What only the reference has is looked at when tensors are matched. */
function requireNoMore(reference: OpenSource, other: OpenSource): void {
  for (const [key, { place }] of other.tensors)
    if (!reference.tensors.has(key) && isFloat(place) && !isOptional(key) && !isTower(key))
      throw stranger(reference, other, `${key} is in one of them only`)
}

function differences(reference: OpenSource, other: OpenSource): string[] {
  const [config, otherConfig] = [textConfig(reference), textConfig(other)]
  return MEANINGS.filter((field) => !isDeepStrictEqual(config[field] ?? null, otherConfig[field] ?? null)).map(
    (field) =>
      `${field} is ${JSON.stringify(config[field] ?? null)} in ${reference.name} and ${JSON.stringify(otherConfig[field] ?? null)} in ${other.name}: the result has the former, with which the other's weights were not trained.`,
  )
}

interface Vocabulary {
  readonly pieces: ReadonlyMap<string, number>
  readonly added: ReadonlyMap<string, number>
}

/** @throws FieldtrialError `MODEL_INVALID` where the vocabularies differ; added tokens may, and are told. */
async function vocabularyDifference(reference: OpenSource, other: OpenSource): Promise<string[]> {
  const [text, otherText] = await Promise.all(
    [reference, other].map(({ files }) => readFile(files.tokenizerFile, 'utf8')),
  )
  if (text === otherText) return []
  const [one, two] = [vocabularyOf(text!), vocabularyOf(otherText!)]
  const piece = firstDifference(one.pieces, two.pieces)
  if (piece !== null)
    throw stranger(
      reference,
      other,
      `their tokenizers differ (${JSON.stringify(piece)} is token ${one.pieces.get(piece) ?? 'none'} in one and ${two.pieces.get(piece) ?? 'none'} in the other)`,
    )
  const added = firstDifference(one.added, two.added)
  if (added === null) return []
  return [
    `${other.name} has other added tokens than ${reference.name} (for example ${JSON.stringify(added)}): the result has the latter's tokenizer.`,
  ]
}

function vocabularyOf(text: string): Vocabulary {
  const { model, added_tokens: added = [] } = JSON.parse(text) as {
    model?: { vocab?: Readonly<Record<string, number>> | readonly (readonly [string, number])[] }
    added_tokens?: readonly { readonly id: number; readonly content: string }[]
  }
  const vocab = model?.vocab ?? {}
  return {
    // Unigram tokenizers list pieces with their scores, in the order of their ids.
    pieces: new Map(Array.isArray(vocab) ? vocab.map(([piece], id) => [piece, id]) : Object.entries(vocab)),
    added: new Map(added.map(({ content, id }) => [content, id])),
  }
}

function firstDifference(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): string | null {
  for (const [piece, id] of one) if (other.get(piece) !== id) return piece
  for (const piece of other.keys()) if (!one.has(piece)) return piece
  return null
}

/** @param why What tells them apart, as the end of a sentence. */
export function stranger(reference: { name: string }, other: { name: string }, why: string): FieldtrialError {
  return new FieldtrialError('MODEL_INVALID', `${other.name} and ${reference.name} cannot be merged: ${why}.`, {
    hint: 'Merge models that were trained from one ancestor, of one size, with one tokenizer.',
  })
}
