import type { Run } from '../../data/types.ts'
import {
  crossFit,
  type FusionData,
  type FusionNode,
  type FusionOptions,
  fusionOptions,
  type LearningNode,
  predict,
} from '../../fusion/index.ts'

/** A way of fusing runs that the search tries. */
export interface Form {
  readonly name: string
  readonly options: FusionOptions
  readonly learned: boolean
}

/** Without anything to learn: quick, and hard to beat. */
export const FIXED_FORMS: readonly Form[] = [
  { name: 'rrf', options: { method: 'rrf' }, learned: false },
  { name: 'dbsf', options: { method: 'dbsf' }, learned: false },
  { name: 'sum', options: { method: 'sum' }, learned: false },
  { name: 'mnz', options: { method: 'mnz' }, learned: false },
]

/** With learned weights. */
export const LEARNED_FORMS: readonly Form[] = [
  { name: 'wsum', options: { method: 'wsum' }, learned: true },
  { name: 'wsum, dbsf', options: { method: 'wsum', normalisation: 'dbsf' }, learned: true },
  { name: 'wrrf', options: { method: 'wrrf' }, learned: true },
]

/** The node of a form over some of the runs; a single run stands for itself. */
export function nodeOf(form: Form | null, members: readonly number[], folds: number, seed: number): FusionNode {
  const of = members.map((run) => ({ kind: 'run', run }) as const)
  if (form === null) return of[0]!
  const options = fusionOptions(form.options, members.length)
  return form.learned ? { kind: 'learned', options, folds: { folds, seed }, of } : { kind: 'fixed', options, of }
}

/** Rankings of queries, none by what was learned from itself. */
export async function honestRun(node: FusionNode, queries: readonly string[], data: FusionData): Promise<Run> {
  if (node.kind === 'learned' || node.kind === 'route') return (await crossFit(node as LearningNode, queries, data)).run
  return (await predict(node, [], queries, data)).run
}
