import type { Json } from '../../core/fingerprint.ts'
import type { GridSettings } from '../../engines/image/settings.ts'
import type { Pooling } from '../../recipes/types.ts'
import type { Adapter, Batch, Loss, Optimizer, Strategy } from '../training.ts'

/** As `VERSION` of worker/fieldtrial_worker/training. */
export const JOB_VERSION = 1

/** All that the worker is told, as job.json. */
export interface JobFile {
  readonly version: typeof JOB_VERSION
  /** Over all that decides the numbers; a checkpoint of another one is refused. */
  readonly fingerprint: string
  readonly identity: Json
  /** Folder of config.json and weights. */
  readonly model: string
  /** What the adapter's config names as its base. */
  readonly baseName: string
  readonly decoder: boolean
  readonly weightBytes: number | null
  /** LoRA weights to go on from. */
  readonly adapter: string | null
  /** Folder of the prepared set. */
  readonly set: string
  /** Watched texts: the first `queries` are queries, the rest documents. Evaluated every so many steps. */
  readonly dev: { readonly set: string; readonly queries: number; readonly every: number } | null
  readonly out: string
  readonly seed: number
  readonly recipe: {
    readonly layer: number | null
    readonly finalNorm: boolean | null
    readonly direction: 'model' | 'causal' | 'bidirectional'
    readonly pooling: readonly Pooling[]
    readonly normalize: boolean
    readonly sparse: boolean
  }
  /** How pictures become numbers, and whether the tower that sees them is trained; null where the set has none. */
  readonly vision: { readonly settings: GridSettings; readonly trained: boolean } | null
  /** Bytes that a process may keep of what a frozen tower has made of pictures; 0 for nothing. */
  readonly keptPictures: number
  readonly loss: Omit<Loss, 'sparse'> & { readonly negatives: number; readonly sparse: Loss['sparse'] | null }
  readonly batch: Batch
  readonly optimizer: Omit<Optimizer, 'lr'> & { readonly name: 'adamw'; readonly lr: number }
  readonly steps: number
  readonly epochs: number
  /** Null: all weights are trained. */
  readonly adapterConfig: Omit<Adapter, 'from'> | null
  readonly precision: 'float32' | 'bfloat16'
  readonly checkpointing: boolean
  readonly packed: boolean
  readonly compile: boolean
  readonly devices: readonly string[]
  readonly strategy: Strategy
  readonly saveEvery: number
  readonly keep: number
  readonly threads: number | null
  /** Folder of a checkpoint to go on from. */
  readonly resume: string | null
}
