import { canonicalJson, type Json } from '../../core/fingerprint.ts'
import { lineOf, type ModelEntry, siblingsOf } from '../../data/models/index.ts'
import type { Place, PlaceGroup } from './places.ts'
import type { Difference, Question, SpecialisedPair } from './results.ts'

/**
 * Every specialised model of a group against its nearest ancestor there, against the root of its line, and, if it was specialised and then tuned
 * on instructions, against the family's instruct model. So long reasoning is held against the mathematical model that it was made of as well as
 * against the base, and the mathematical instruct model against the plain one.
 */
export function specialisedPairs(group: PlaceGroup): SpecialisedPair[] {
  return group.places.flatMap((place) => {
    const { model } = place
    const { specialisation } = model
    if (specialisation === 'base' || specialisation === 'retrieval') return []
    const present = (entry: ModelEntry) => partner(group, place, entry) !== undefined
    const line = lineOf(model.name).slice(1)
    const ancestors = line.filter(present)
    const root = line.at(-1)
    // The nearest that was not specialised in the same: what it is held against where the specialisation is in question.
    const unlike = ancestors.find((entry) => entry.specialisation !== specialisation)
    const counterpart = isTuned(model)
      ? siblingsOf(model.name).find((entry) => entry.specialisation === 'instruct' && present(entry))
      : undefined
    const others = new Map<ModelEntry, SpecialisedPair['relation']>()
    const add = (entry: ModelEntry | undefined, relation: SpecialisedPair['relation']) => {
      if (entry !== undefined && present(entry) && !others.has(entry)) others.set(entry, relation)
    }
    add(ancestors[0], 'ancestor')
    add(root, 'base')
    add(counterpart, 'counterpart')
    add(unlike, 'ancestor')
    return [...others].map(([entry, relation]): SpecialisedPair => {
      const other = partner(group, place, entry)!
      return {
        specialised: place.id,
        against: other.id,
        model: model.name,
        againstModel: entry.name,
        relation,
        recipe: group.recipe,
        training: group.training,
        asks: asked(model, entry, unlike, counterpart),
        differs: differences(place, other),
      }
    })
  })
}

/** Which question the difference between two models answers. */
function asked(
  { specialisation }: ModelEntry,
  other: ModelEntry,
  unlike: ModelEntry | undefined,
  counterpart: ModelEntry | undefined,
): Question[] {
  if (specialisation === other.specialisation) return specialisation === 'reasoning' ? [] : ['instruct']
  if (specialisation === 'instruct' || specialisation === 'reasoning') return [specialisation]
  if (specialisation === 'vision') return other === unlike || other === counterpart ? ['vision'] : []
  if (specialisation !== 'math' && specialisation !== 'code') return []
  return other === (counterpart ?? unlike) ? [specialisation] : []
}

/** Whether a model was specialised and then tuned on instructions. */
function isTuned({ name, specialisation }: ModelEntry): boolean {
  if (specialisation !== 'math' && specialisation !== 'code' && specialisation !== 'vision') return false
  return name.endsWith('-instruct') || lineOf(name)[1]?.specialisation === specialisation
}

/** The group's retriever of a model that is most like another: of the same kind of name, else of the same engine and dtype, else the first. */
function partner({ places }: PlaceGroup, of: Place, model: ModelEntry): Place | undefined {
  const all = places.filter((place) => place.model === model)
  return (
    all.find(({ stem }) => stem === of.stem) ??
    all.find(({ engine, dtype }) => engine === of.engine && dtype === of.dtype) ??
    all[0]
  )
}

function differences(one: Place, other: Place): Difference[] {
  const [a, b] = [one.encoder.info.recipe, other.encoder.info.recipe]
  const unlike = (x: unknown, y: unknown) => canonicalJson((x ?? null) as Json) !== canonicalJson((y ?? null) as Json)
  return [
    ...(unlike(a.prompts, b.prompts) ? ['prompts' as const] : []),
    ...(unlike(a.maxLength, b.maxLength) ? ['lengths' as const] : []),
    ...(a.layer !== b.layer ? ['layer' as const] : []),
    ...(one.engine !== other.engine ? ['engine' as const] : []),
    ...(one.dtype !== other.dtype ? ['dtype' as const] : []),
  ]
}
