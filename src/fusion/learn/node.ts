import type { ResolvedFusionOptions } from '../options.ts'
import type { RouteOptions } from '../route/options.ts'

/** How queries are parted where weights are learned on the queries that are reported on. */
export interface Folds {
  /** Number of folds, from 2 on. */
  readonly folds: number
  /** Of the parting; equal seeds give equal folds for equal queries. */
  readonly seed: number
}

/** A fusion of runs, or of fusions: the runs are its leaves. */
export type FusionNode =
  | { readonly kind: 'run'; readonly run: number }
  | { readonly kind: 'fixed'; readonly options: ResolvedFusionOptions; readonly of: readonly FusionNode[] }
  | LearningNode

/** One whose weights, or whose choice of member, are learned from queries with judgments. */
export type LearningNode =
  | {
      readonly kind: 'learned'
      readonly options: ResolvedFusionOptions
      readonly folds: Folds
      readonly of: readonly FusionNode[]
    }
  | {
      readonly kind: 'route'
      readonly route: RouteOptions
      /** How members are combined where the route chooses weights. */
      readonly options: ResolvedFusionOptions
      readonly folds: Folds
      readonly of: readonly FusionNode[]
    }

/** Whether anything in it is learned. */
export function learns(node: FusionNode): boolean {
  return node.kind === 'learned' || node.kind === 'route' || (node.kind === 'fixed' && node.of.some(learns))
}
