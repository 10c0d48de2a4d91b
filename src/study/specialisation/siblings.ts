import { lineOf } from '../../data/models/index.ts'
import type { ComparisonSettings, TrialResult } from '../results.ts'
import type { PlaceGroup } from './places.ts'
import type { SiblingSpread } from './results.ts'
import { spreadChange } from './spread.ts'

/** A collection and a measure, and what was measured there, by the retrievers' ids. */
interface Measured {
  readonly collection: string
  readonly measure: string
  readonly here: ReadonlyMap<string, TrialResult>
  readonly settings: ComparisonSettings
}

type Values = Readonly<Record<string, number>>

/**
 * Every family of siblings that stand in the study as they are and trained. Each training is held against the recipe that it trained, as the models are;
 * where that is not measured, against every recipe that is.
 */
export function spreadsOf(groups: readonly PlaceGroup[], at: Measured): SiblingSpread[] {
  const plain = groups.filter(({ training }) => training === null)
  const trained = groups.filter(({ training }) => training !== null)
  return trained.flatMap((after) => {
    const same = plain.filter(({ setting }) => setting === after.setting)
    const bases = [...new Set(after.places.map(({ model }) => rootOf(model.name)))]
    return bases.flatMap((base) => {
      const spread = (before: PlaceGroup) => spreadOf(base, before, after, at)
      const own = same.flatMap(spread)
      return own.length > 0 ? own : plain.flatMap(spread)
    })
  })
}

/**
 * The spread of one family under one engine and dtype, since these move means too: those under which most siblings stand in both groups, the first of
 * several. None where there are fewer than two of them.
 */
function spreadOf(base: string, before: PlaceGroup, after: PlaceGroup, at: Measured): SiblingSpread[] {
  const ways = new Map(before.places.map(({ engine, dtype }) => [JSON.stringify([engine, dtype]), { engine, dtype }]))
  const [best] = [...ways.values()]
    .map((way) => {
      const [first, second] = [valuesOf(base, before, way, at), valuesOf(base, after, way, at)]
      return { way, first, second, models: [...first.keys()].filter((name) => second.has(name)) }
    })
    .sort((a, b) => b.models.length - a.models.length)
  if (best === undefined || best.models.length < 2) return []
  const { way, first, second, models } = best
  const siblings = models.map((name) => ({ before: first.get(name)!, after: second.get(name)! }))
  const names = { recipe: before.recipe, trainedRecipe: after.recipe, training: after.training! }
  const { collection, measure, settings } = at
  return [{ collection, measure, base, models, ...names, ...way, ...spreadChange(siblings, settings) }]
}

/** Model → its values, of the family's members in a group that run so; the first retriever of each. */
function valuesOf(
  base: string,
  { places }: PlaceGroup,
  { engine, dtype }: { readonly engine: string; readonly dtype: string },
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
