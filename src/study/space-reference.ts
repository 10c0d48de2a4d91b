import { baseOf, modelByName } from '../data/models/index.ts'
import type { SpaceComparisonResult } from './results.ts'
import type { DenseSpec } from './study.ts'

/**
 * The retriever whose space another one's is compared with: the model that its own descends from (as `fieldtrial models` knows it), under the
 * same recipe; else the same model under its first recipe; else the study's first model under the same recipe. Null for the first of all.
 *
 * @param all Dense retrievers of one collection, in the order of the study.
 */
export function referenceOf(
  spec: DenseSpec,
  all: readonly DenseSpec[],
): { readonly id: string; readonly why: SpaceComparisonResult['why'] } | null {
  const before = all.slice(
    0,
    all.findIndex(({ id }) => id === spec.id),
  )
  const ancestor = nearestAncestor(spec, all)
  if (ancestor) return { id: ancestor.id, why: 'ancestor' }
  const first = before.find((other) => sameModel(spec, other))
  if (first) return { id: first.id, why: 'recipe' }
  const model = before.find((other) => sameRecipe(spec, other))
  return model ? { id: model.id, why: 'model' } : null
}

/** The parent if the study has it, else the parent's parent, and so on. */
function nearestAncestor(spec: DenseSpec, all: readonly DenseSpec[]): DenseSpec | undefined {
  for (let entry = baseOf(spec.model.given); entry !== undefined; entry = baseOf(entry.name)) {
    const found = all.find((other) => modelByName(other.model.given) === entry && sameRecipe(spec, other))
    if (found) return found
  }
  return undefined
}

function sameModel(a: DenseSpec, b: DenseSpec): boolean {
  return JSON.stringify(a.model) === JSON.stringify(b.model)
}

function sameRecipe(a: DenseSpec, b: DenseSpec): boolean {
  return JSON.stringify([a.recipe, a.postprocess]) === JSON.stringify([b.recipe, b.postprocess])
}
