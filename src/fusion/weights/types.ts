/**
 * How models become one. Names as in mergekit; formulas in `methods/`.
 *
 * - `linear`: weighted mean of the weights (Wortsman et al. 2022, Model soups, arXiv:2203.05482).
 * - `slerp`: spherical interpolation between two models (Shoemake 1985).
 * - `task_arithmetic`: the ancestor plus weighted differences from it (Ilharco et al. 2023, arXiv:2212.04089).
 * - `ties`: the same after small differences were dropped, and those against the majority's sign (Yadav et al. 2023, arXiv:2306.01708).
 * - `dare_linear`, `dare_ties`: differences dropped at random and the rest scaled up (Yu et al. 2024, arXiv:2311.03099), then as
 *   `task_arithmetic` or with the signs' election of `ties`.
 * - `passthrough`: layers taken as they are, one source per slice (layer stacking).
 */
export const MERGE_METHODS = [
  'linear',
  'slerp',
  'task_arithmetic',
  'ties',
  'dare_linear',
  'dare_ties',
  'passthrough',
] as const
export type MergeMethod = (typeof MERGE_METHODS)[number]

export const MERGE_DTYPES = ['float32', 'bfloat16', 'float16'] as const
export type MergeDtype = (typeof MERGE_DTYPES)[number]

/**
 * A number for all tensors; a list over the depth of the model, interpolated between its entries (the first holds for embeddings, the last
 * for the final norm and the head); or rules, of which the first whose filter is part of a tensor's name counts (one without a filter always does).
 */
export type Setting =
  | number
  | readonly number[]
  | readonly { readonly filter?: string | undefined; readonly value: number | readonly number[] }[]

/** One model that goes into a merge. */
export interface MergeSource {
  /** Folder, name that `fieldtrial models` lists, or address on the hub. */
  readonly model: string
  /** LoRA weights in PEFT's layout on top of it. */
  readonly adapter?: string
  /** Default: 1. */
  readonly weight?: Setting
  /** Share of the differences that is kept, for `ties` and `dare_…`. Default: 1. */
  readonly density?: Setting
}

export interface SliceSource extends MergeSource {
  /** Layers from the first to the one before the second, counted from 0. */
  readonly layers: readonly [number, number]
}

/** Consecutive layers of the result. */
export interface MergeSlice {
  readonly sources: readonly SliceSource[]
  /** For `slerp`, in place of the merge's own. */
  readonly t?: Setting
}

/** A merge as the user writes it. Either `models` or `slices`. */
export interface MergeSpec {
  readonly method: MergeMethod
  /** The common ancestor, which methods of differences need. */
  readonly base?: string
  readonly models?: readonly MergeSource[]
  readonly slices?: readonly MergeSlice[]
  /** `slerp`: 0 is the first model, 1 the second. Default: 0.5. */
  readonly t?: Setting
  /** Factor of the merged difference. Default: 1. */
  readonly lambda?: Setting
  /** Divide by the sum of the weights. Default: true for `linear` and `ties`, else false. */
  readonly normalize?: boolean
  /** Of the result. Default: each tensor's own, as in the base or the first model. */
  readonly dtype?: MergeDtype
  /** Of what `dare_…` drops. Default: 1. */
  readonly seed?: number
  /** `adapter`: merge LoRA weights into LoRA weights. Default: `adapter` if all sources are adapters and the method allows it, else `model`. */
  readonly output?: 'model' | 'adapter'
  /** Rank of a merged adapter. Default: the sum of the sources', which loses nothing. */
  readonly rank?: number
}

/** Methods that merge differences from a base. */
export function needsBase(method: MergeMethod): boolean {
  return method === 'task_arithmetic' || method === 'ties' || method.startsWith('dare_')
}

/** Methods that are linear in the differences: LoRA weights can be merged without the model that they are for. */
export function mergesAdapters(method: MergeMethod): boolean {
  return method === 'linear' || method === 'task_arithmetic'
}

/** As in mergekit. */
export function normalizes(spec: MergeSpec): boolean {
  return spec.normalize ?? (spec.method === 'linear' || spec.method === 'ties')
}
