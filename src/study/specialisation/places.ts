import { basename, isAbsolute } from 'node:path'
import { canonicalJson, type Json } from '../../core/fingerprint.ts'
import { baseOf, type ModelEntry, modelByName } from '../../data/models/index.ts'
import { slugOfSteps } from '../../index/postprocess/index.ts'
import { slugOfParameters } from '../slug.ts'
import type { DenseSpec } from '../study.ts'
import { type StudyEncoder, trainedRecipe } from '../trained.ts'

/** A retriever of a named model. */
export interface Place {
  readonly id: string
  /** Of a trained retriever: the model that was trained. */
  readonly model: ModelEntry
  readonly recipe: string
  readonly training: string | null
  readonly engine: string
  readonly dtype: string
  readonly encoder: StudyEncoder
  /** The id without the model's name: tells which of several retrievers of one model and recipe belong together. */
  readonly stem: string
}

/** Retrievers that differ in their model alone: one recipe, one output, one kind of training. */
export interface PlaceGroup {
  readonly recipe: string
  /** All that the recipe and the output are, whatever the training: equal for two groups of which one is the other, trained. */
  readonly setting: string
  readonly training: string | null
  readonly places: readonly Place[]
}

/**
 * The retrievers whose models have names, by recipe and training. A model in a folder has none, whatever the folder is called, nor has one that
 * was merged.
 */
export function placeGroups(retrievers: readonly { readonly spec: DenseSpec; readonly encoder: StudyEncoder }[]) {
  const groups = new Map<string, PlaceGroup & { readonly places: Place[] }>()
  for (const { spec, encoder } of retrievers) {
    const named = namedModel(spec, encoder)
    if (named === null) continue
    const { parameters } = trainedRecipe(spec.recipe, encoder.trained ?? null)
    // Retrievers that share an encoding with a sparse one make the sparse half too, which changes nothing for them.
    const { sparse: _, ...asked } = parameters
    const { id, pooling, span, contents, attention, normalize, similarity } = encoder.info.recipe
    const { output, alpha, postprocess, queryMean } = spec
    const recipe = [
      id,
      ...slugOfParameters(asked),
      ...(postprocess.length > 0 ? [slugOfSteps(postprocess)] : []),
      ...(output === 'dense' ? [] : [output]),
    ].join('-')
    const setting = canonicalJson([
      [id, asked, pooling, span, contents, attention, normalize, similarity],
      [output, output === 'hybrid' ? alpha : null, postprocess, queryMean],
    ] as unknown as Json)
    const key = JSON.stringify([setting, named.training])
    const group = groups.get(key) ?? { recipe, setting, training: named.training, places: [] }
    groups.set(key, group)
    group.places.push({
      id: spec.id,
      model: named.model,
      recipe,
      training: named.training,
      engine: encoder.info.engine,
      dtype: dtypeOf(spec, encoder),
      encoder,
      stem: stemOf(spec.id, named.model),
    })
  }
  return distinctLabels([...groups.values()])
}

/** The named model behind a retriever, and how it was trained for retrieval. */
function namedModel({ model }: DenseSpec, { trained }: StudyEncoder) {
  if (model.merge !== undefined) return null
  if (trained != null) {
    // A base that lies in a folder of the user's own is no named model.
    const base = trained.baseFolder === undefined ? modelByName(trained.base) : undefined
    const what = trained.kind === 'whole' ? 'all weights' : trained.kind === 'merged' ? 'merged adapter' : 'adapter'
    return base === undefined ? null : { model: base, training: `${what}, on ${trained.data.join(', ')}` }
  }
  const entry = isAbsolute(model.model) ? undefined : modelByName(model.model)
  if (entry === undefined) return null
  if (model.adapter !== undefined) return { model: entry, training: `adapter ${basename(model.adapter)}` }
  if (entry.kind !== 'adapter' && entry.specialisation !== 'retrieval') return { model: entry, training: null }
  const base = baseOf(entry.name)
  return base === undefined ? null : { model: base, training: entry.descendsFrom!.how }
}

function dtypeOf({ model }: DenseSpec, { info }: StudyEncoder): string {
  const { dtype } = info.identity as { readonly dtype?: unknown }
  return typeof dtype === 'string' ? dtype : model.dtype
}

function stemOf(id: string, { name, hub }: ModelEntry): string {
  const lower = id.toLowerCase()
  const found = [name, ...(hub === null ? [] : [basename(hub).toLowerCase()])].find((one) => lower.includes(one))
  return found === undefined ? id : lower.replace(found, '')
}

/** Recipes that differ in what their names do not tell, such as the weight of a half, get numbers. */
function distinctLabels(groups: readonly PlaceGroup[]): PlaceGroup[] {
  const seen = new Map<string, number>()
  return groups.map((group) => {
    const key = JSON.stringify([group.recipe, group.training])
    const count = (seen.get(key) ?? 0) + 1
    seen.set(key, count)
    if (count === 1) return group
    const recipe = `${group.recipe} (${count})`
    return { ...group, recipe, places: group.places.map((place) => ({ ...place, recipe })) }
  })
}
