import type { PlannedCollection, PlannedTrial } from './plan.ts'
import type { RetrieverSpec, Study } from './study.ts'

/** Folds by which a member that is learned on a split is made on that split itself, for what is learned above it. */
const FOLDS = 5

/** Runs of members over the judged queries of other splits, from which fusions are learned. They stand in no table. */
export interface TrainingPlan {
  /** Each after the trial of the same retriever on the collection under test, whose model it needs. */
  readonly trials: readonly { readonly trial: PlannedTrial; readonly beside: PlannedCollection }[]
  /** The split of a collection, and its trials. */
  of(on: PlannedCollection, split: string): { readonly on: PlannedCollection; readonly trials: readonly PlannedTrial[] }
}

/**
 * Plans what learning on other splits needs: all members of such fusions, over the same documents and the other split's queries.
 *
 * @param open Opens the other split of a collection.
 * @param plan Plans one retriever on it; its members are among the trials given.
 * @throws FieldtrialError `DATA_MISSING` for a split that a collection does not have.
 */
export async function planTraining(
  study: Study,
  collections: readonly PlannedCollection[],
  open: (on: PlannedCollection, split: string) => Promise<PlannedCollection>,
  plan: (spec: RetrieverSpec, on: PlannedCollection, before: readonly PlannedTrial[]) => PlannedTrial,
): Promise<TrainingPlan> {
  const places = new Map<string, { on: PlannedCollection; trials: PlannedTrial[] }>()
  const keyOf = (on: PlannedCollection, split: string) => JSON.stringify([collections.indexOf(on), split])
  const trials: { trial: PlannedTrial; beside: PlannedCollection }[] = []
  for (const split of new Set(study.retrievers.flatMap(splitOf))) {
    const wanted = new Set(
      study.retrievers.flatMap((spec) => (splitOf(spec)[0] === split ? membersOf(study, spec) : [])),
    )
    for (const beside of collections) {
      const place = { on: await open(beside, split), trials: [] as PlannedTrial[] }
      places.set(keyOf(beside, split), place)
      for (const spec of study.retrievers) {
        if (!wanted.has(spec.id)) continue
        const trial = runAlone(plan(onItself(spec, split), place.on, place.trials))
        place.trials.push(trial)
        trials.push({ trial, beside })
      }
    }
  }
  return { trials, of: (on, split) => places.get(keyOf(on, split))! }
}

/** Its run is all that is wanted: it is neither measured nor tried without its members. */
function runAlone(trial: PlannedTrial): PlannedTrial {
  const steps = trial.steps.filter(({ kind }) => kind !== 'measures' && kind !== 'fusion')
  return { ...trial, steps, cached: steps.every(({ cached }) => cached) }
}

/** The split that a fusion is learned on, if it is. */
function splitOf(spec: RetrieverSpec): string[] {
  return spec.kind === 'fusion' && spec.type !== 'space' && spec.learn !== null && 'split' in spec.learn.by
    ? [spec.learn.by.split]
    : []
}

/** All members, and theirs. */
function membersOf(study: Study, spec: RetrieverSpec): string[] {
  if (spec.kind !== 'fusion') return []
  return spec.members.flatMap((id) => [id, ...membersOf(study, study.retrievers.find((other) => other.id === id)!)])
}

/** Ranked by what it learned from the very same queries, a member would look better to the fusion above it than it is. */
function onItself(spec: RetrieverSpec, split: string): RetrieverSpec {
  if (splitOf(spec)[0] !== split || spec.kind !== 'fusion' || spec.type === 'space') return spec
  return { ...spec, learn: { ...spec.learn!, by: { folds: FOLDS } } } as RetrieverSpec
}
