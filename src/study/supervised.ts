import { adjust, comparePaired } from '../measure/index.ts'
import type { ComparisonSettings, SupervisedResult, TrialResult } from './results.ts'
import type { StudyEncoder } from './trained.ts'

/** A retriever whose model was trained, and one of the same base as it is. */
export interface SupervisedPair {
  readonly supervised: string
  readonly zeroShot: string
}

interface Place {
  readonly id: string
  readonly output: string
  /** Weights' hashes of the model without training, as one text. */
  readonly base: string | null
  readonly trained: boolean
}

/**
 * Which retrievers are a trained model and its base, by the hashes of weights: an adapter has its base's weights beside its own, and a model that
 * was trained whole says in its fieldtrial.json what it was made of. Halves are paired with halves.
 */
export function supervisedPairs(
  retrievers: readonly { readonly id: string; readonly output: string; readonly encoder: StudyEncoder }[],
): SupervisedPair[] {
  const places = retrievers.map(({ id, output, encoder }): Place => {
    const { weights, adapter } = encoder.info.identity as { readonly weights?: unknown; readonly adapter?: unknown }
    const whole = encoder.trained != null && encoder.trained.kind !== 'adapter'
    const base = whole ? encoder.trained.baseWeights : weights
    return {
      id,
      output,
      base: Array.isArray(base) && base.length > 0 ? JSON.stringify(base) : null,
      trained: whole || adapter !== undefined,
    }
  })
  return places
    .filter(({ trained, base }) => trained && base !== null)
    .flatMap(({ id, base, output }) =>
      places
        .filter((other) => !other.trained && other.base === base && other.output === output)
        .map((other) => ({ supervised: id, zeroShot: other.id })),
    )
}

/**
 * What training changed: every pair on every collection and measure, paired over queries. P values are corrected over all pairs of one collection
 * and measure.
 */
export function compareSupervised(
  pairs: readonly SupervisedPair[],
  trials: readonly TrialResult[],
  measures: readonly string[],
  settings: ComparisonSettings,
): SupervisedResult[] {
  const results: SupervisedResult[] = []
  for (const collection of new Set(trials.map((trial) => trial.collection))) {
    const here = new Map(
      trials.flatMap((trial) =>
        trial.collection === collection && trial.status === 'done' ? [[trial.retriever, trial] as const] : [],
      ),
    )
    for (const measure of measures) {
      const family = pairs.flatMap(({ supervised, zeroShot }) => {
        const [before, after] = [here.get(zeroShot), here.get(supervised)]
        const [from, to] = [before?.perQuery[measure], after?.perQuery[measure]]
        if (!from || !to || Object.keys(from).length === 0) return []
        const compared = comparePaired(new Map(Object.entries(from)), new Map(Object.entries(to)), settings)
        const values = { before: before!.mean[measure] ?? null, after: after!.mean[measure] ?? null }
        return [{ collection, measure, zeroShot, supervised, ...values, ...compared }]
      })
      const adjusted = adjust(
        family.map(({ p }) => p),
        settings.correction,
      )
      for (const [i, one] of family.entries())
        results.push({ ...one, pAdjusted: adjusted[i]!, significant: adjusted[i]! < settings.alpha })
    }
  }
  return results
}
