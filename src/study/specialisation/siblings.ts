import { lineOf } from '../../data/models/index.ts'
import type { ComparisonSettings, TrialResult } from '../results.ts'
import type { Place, PlaceGroup } from './places.ts'
import type { SiblingSpread } from './results.ts'
import { resampledMeans, spreadChange, type Values } from './spread.ts'

/** A collection and a measure, and what was measured there, by the retrievers' ids. */
interface Measured {
  readonly collection: string
  readonly measure: string
  readonly here: ReadonlyMap<string, TrialResult>
  readonly settings: ComparisonSettings
}

/** What runs a model, which moves its means. */
type Way = Pick<Place, 'engine' | 'dtype'>

/** Siblings of a spread, with what was measured of each. */
interface Family {
  readonly names: Omit<SiblingSpread, 'queries' | 'range' | 'deviation'>
  readonly siblings: readonly { readonly before: Values; readonly after: Values }[]
}

/**
 * Every family of siblings that stand in the study as they are and trained. Each training is held against the recipe that it trained, as the models are;
 * where that is not measured, against every recipe that is.
 */
export function spreadsOf(groups: readonly PlaceGroup[], at: Measured): SiblingSpread[] {
  const plain = groups.filter(({ training }) => training === null)
  const trained = groups.filter(({ training }) => training !== null)
  const families = trained.flatMap((after) => {
    const same = plain.filter(({ setting }) => setting === after.setting)
    const bases = [...new Set(after.places.map(({ model }) => rootOf(model.name)))]
    return bases.flatMap((base) => {
      const family = (before: PlaceGroup) => familyOf(base, before, after, at)
      const own = same.flatMap(family)
      return own.length > 0 ? own : plain.flatMap(family)
    })
  })
  const measured = [
    ...new Set(families.flatMap(({ siblings }) => siblings.flatMap(({ before, after }) => [before, after]))),
  ]
  const resampled = resampledMeans(measured, at.settings)
  const means = new Map(measured.map((values, i) => [values, resampled[i]!]))
  return families.map(({ names, siblings }) => ({
    ...names,
    queries: Object.keys(siblings[0]!.before).length,
    ...spreadChange(
      siblings.map(({ before, after }) => ({ before: means.get(before)!, after: means.get(after)! })),
      at.settings.alpha,
    ),
  }))
}

/**
 * One family, with one engine and dtype as the models are and one trained: those in which most siblings stand, the same for both sides where that costs
 * none. None where there are fewer than two siblings.
 */
function familyOf(base: string, before: PlaceGroup, after: PlaceGroup, at: Measured): Family[] {
  const [best] = waysOf(before)
    .flatMap((way) => waysOf(after).map((trainedWay) => ({ way, trainedWay })))
    .map(({ way, trainedWay }) => {
      const [first, second] = [valuesOf(base, before, way, at), valuesOf(base, after, trainedWay, at)]
      const same = way.engine === trainedWay.engine && way.dtype === trainedWay.dtype
      return { way, trainedWay, same, first, second, models: [...first.keys()].filter((name) => second.has(name)) }
    })
    .sort((a, b) => b.models.length - a.models.length || Number(b.same) - Number(a.same))
  if (best === undefined || best.models.length < 2) return []
  const { way, trainedWay, first, second, models } = best
  const { collection, measure } = at
  return [
    {
      names: {
        collection,
        measure,
        base,
        models,
        recipe: before.recipe,
        trainedRecipe: after.recipe,
        training: after.training!,
        ...way,
        trainedEngine: trainedWay.engine,
        trainedDtype: trainedWay.dtype,
      },
      siblings: models.map((name) => ({ before: first.get(name)!, after: second.get(name)! })),
    },
  ]
}

/** The engines and dtypes of a group, in the order of its places. */
function waysOf({ places }: PlaceGroup): Way[] {
  return [...new Map(places.map(({ engine, dtype }) => [JSON.stringify([engine, dtype]), { engine, dtype }])).values()]
}

/** Model → its values, of the family's members in a group that run so; the first retriever of each. */
function valuesOf(
  base: string,
  { places }: PlaceGroup,
  { engine, dtype }: Way,
  { here, measure }: Measured,
): Map<string, Values> {
  const found = new Map<string, Values>()
  for (const place of places) {
    const { name } = place.model
    if (place.engine !== engine || place.dtype !== dtype || found.has(name) || rootOf(name) !== base) continue
    const values = here.get(place.id)?.perQuery[measure]
    if (values !== undefined && Object.keys(values).length > 0) found.set(name, values)
  }
  return found
}

const rootOf = (name: string) => lineOf(name).at(-1)!.name
