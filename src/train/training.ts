import type { CollectionSpec } from '../data/spec.ts'
import type { PixelBudget } from '../engines/image/settings.ts'
import type { ADAPTER_KINDS, DATA_FORMATS, SCHEDULES, STRATEGIES, VISION_MODES } from '../study/schema-train.ts'
import type { RecipeSpec } from '../study/study.ts'

export type DataFormat = (typeof DATA_FORMATS)[number]
export type Schedule = (typeof SCHEDULES)[number]
export type Strategy = (typeof STRATEGIES)[number]

/** A training file with every default that does not depend on model, data or machine filled in. */
export interface Training {
  readonly name: string
  readonly description: string
  /** Absolute folder, or hub id with optional `@revision`. */
  readonly model: string
  /** As the user wrote it. */
  readonly given: string
  readonly recipe: RecipeSpec
  readonly data: readonly DataSpec[]
  /** Hard negatives of a query in an update; null: 7 where sources bring any, else 0. */
  readonly negatives: number | null
  readonly tooLong: 'cut' | 'error'
  readonly loss: Loss
  readonly batch: Batch
  readonly optimizer: Optimizer
  /** Null: whatever suits the model. */
  readonly adapter: Adapter | 'full' | null
  /** Null: not said, which is frozen. */
  readonly vision: (typeof VISION_MODES)[number] | null
  /** Of pictures; what is absent the model's own files say. */
  readonly pixels: PixelBudget
  /** Null: float32 on the processor, else bfloat16. */
  readonly precision: 'float32' | 'bfloat16' | null
  readonly gradientCheckpointing: boolean
  readonly packed: boolean | null
  readonly compile: boolean | null
  readonly evaluation: Evaluation | null
  readonly budget: { readonly epochs: number } | { readonly steps: number }
  readonly overlap: Overlap
  readonly checkpoints: { readonly every: number | null; readonly keep: number }
  readonly device: string
  readonly strategy: Strategy | null
  readonly hosts: { readonly count: number; readonly address: string } | null
  readonly seed: number
  /** Absolute folder of the job. */
  readonly folder: string
  readonly merged: boolean
}

/** A source of examples. */
export interface DataSpec {
  /** As it is opened: an absolute path, `hf:…`, or a registered name. */
  readonly source: string
  /** As the user wrote it. */
  readonly given: string
  /** Null: found out. */
  readonly format: DataFormat | null
  readonly split: string | null
  readonly subset?: string
  readonly revision?: string
  readonly titles?: 'keep' | 'omit'
  readonly columns: { readonly query?: string; readonly positive?: string; readonly negative?: string }
  /** Absolute path of a file of mined negatives, `random`, or `none`. */
  readonly negatives: string
  readonly withoutNegatives: 'error' | 'keep' | 'skip'
  readonly missing: 'error' | 'skip'
  readonly weight: number
  readonly limit: number | null
  readonly task: string | null
}

export interface Loss {
  readonly temperature: number
  readonly inBatch: boolean
  readonly crossDevice: boolean
  readonly positives: 'random' | 'first'
  readonly maskDuplicates: boolean
  readonly matryoshka: { readonly dimensions: readonly number[]; readonly weights: readonly number[] } | null
  readonly distill: {
    readonly kind: 'kl' | 'margin-mse'
    readonly weight: number
    readonly contrastive: number
    readonly temperature: number
  } | null
  /** For recipes with a sparse half. */
  readonly sparse: { readonly weight: number; readonly dense: number }
}

export interface Batch {
  readonly queries: number
  readonly accumulate: number
  readonly chunk: number | null
}

export interface Optimizer {
  /** Null: 1e-4 for adapters, 2e-5 for all weights. */
  readonly lr: number | null
  /** Steps, or below 1 a share of all steps. */
  readonly warmup: number
  readonly schedule: Schedule
  readonly weightDecay: number
  readonly betas: readonly [number, number]
  readonly clip: number
}

export interface Adapter {
  readonly kind: (typeof ADAPTER_KINDS)[number]
  readonly r: number
  readonly alpha: number
  readonly dropout: number
  readonly targets: 'all-linear' | readonly string[]
  /** Absolute folder of LoRA weights to go on from. */
  readonly from: string | null
}

export interface Evaluation {
  readonly spec: CollectionSpec
  readonly given: string
  readonly measure: string
  readonly every: number | null
  readonly queries: number
  readonly documents: number
  /** Evaluations without a better value; 0 for no end. */
  readonly patience: number
  readonly task: string | null
}

export interface Overlap {
  /** Null: the collections that the examples come from. */
  readonly with: readonly string[] | null
  readonly split: string
  readonly allow: readonly ('queries' | 'positives')[]
  /** Examples whose query is under test are left out. */
  readonly drop: boolean
}
