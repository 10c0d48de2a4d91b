import type { CollectionSpec } from '../data/index.ts'
import type { FusionOptions } from '../fusion/index.ts'
import type { Bm25Options } from '../index/bm25/index.ts'
import type { PostprocessStep } from '../index/postprocess/index.ts'
import type { Measure } from '../measure/index.ts'
import type { RecipeParameters } from '../recipes/types.ts'
import type { ComparisonSettings } from './results.ts'
import type { BiasMode, SampleSize } from './sample/options.ts'
import type { REPORT_FORMATS } from './schema.ts'

export type ReportFormat = (typeof REPORT_FORMATS)[number]
export type VectorDtype = 'float32' | 'float16' | 'int8'

/** A study with every default filled in and every name checked: what the plan is made from. */
export interface Study {
  readonly name: string
  readonly description: string
  readonly collections: readonly StudyCollection[]
  /** Groups of collections that the file names, and what they came to. */
  readonly groups: readonly StudyGroup[]
  /** In the order of the tables; a fusion stands after its members. */
  readonly retrievers: readonly RetrieverSpec[]
  readonly measures: readonly Measure[]
  /** Documents kept per query. */
  readonly depth: number
  readonly vectorDtype: VectorDtype
  readonly comparison: ComparisonSettings
  readonly outputFolder: string
  readonly formats: readonly ReportFormat[]
  /** Result files of MTEB, or folders of them, as absolute paths. */
  readonly mteb: readonly string[]
}

export interface StudyCollection extends CollectionSpec {
  readonly name: string
  /** The source as the user wrote it; reports show this, not where it lies on this machine. */
  readonly given: string
  /** The user's own task instruction. */
  readonly task?: string
  /** A smaller collection is drawn from it, and takes its place. */
  readonly sample?: StudySample
  /** The known collection that this is, by the user's word; false for none. */
  readonly published?: string | false
}

/** How a study draws a sample. */
export interface StudySample extends SampleSize {
  /** Default: `auto`. */
  readonly bias?: BiasMode
  /** Models that give hard distractors. */
  readonly models: readonly DenseSpec[]
  /** TREC runs that do, as absolute paths. */
  readonly runs: readonly string[]
}

/** A name such as `beir-13` or `coir/*`, taken apart. */
export interface StudyGroup {
  readonly given: string
  /** Names of the collections that it became. */
  readonly members: readonly string[]
  /** Registry ids of those that were left out, and why. */
  readonly left: readonly { readonly id: string; readonly why: string }[]
}

export type RetrieverSpec = Bm25Spec | DenseSpec | FusionSpec

export interface Bm25Spec {
  readonly kind: 'bm25'
  readonly id: string
  readonly options: Bm25Options
}

/** Which retriever is made of a recipe that has a dense and a sparse half; all others are dense. */
export type DenseOutput = 'dense' | 'sparse' | 'hybrid'

/** A retriever with a model. */
export interface DenseSpec {
  readonly kind: 'dense'
  readonly id: string
  readonly model: ModelSpec
  readonly recipe: RecipeSpec
  readonly output: DenseOutput
  /** Weight of the dense half, for `hybrid`. */
  readonly alpha: number
  readonly postprocess: readonly PostprocessStep[]
  /** Where the queries' mean comes from, for steps that centre. */
  readonly queryMean: 'auto' | 'train' | 'sentences'
}

/** What runs, and how it is reached; nothing about prompts or pooling. */
export interface ModelSpec {
  readonly engine: 'onnx' | 'http' | 'torch'
  /** Absolute folder, hub id with optional `@revision`, or a server's model name. */
  readonly model: string
  /** The same as the user wrote it; reports show this, not where it lies on this machine. */
  readonly given: string
  /** `auto` in engine torch: float32 on the processor, bfloat16 on GPUs. */
  readonly dtype: 'auto' | 'float32' | 'int8' | 'int4' | 'bfloat16' | 'float16' | 'float8'
  /** As the engine names devices. */
  readonly device: string
  /** Folder or hub id of LoRA weights, for engine torch. */
  readonly adapter?: string
  readonly url?: string
  readonly api?: 'openai' | 'tei'
  readonly apiKeyEnv?: string
  readonly dimensions?: number
  readonly batchSize?: number
  readonly concurrency?: number
  readonly timeoutSeconds?: number
  readonly retries?: number
}

/** What a study asks of a recipe; whatever is absent is the recipe's default, or read from the model's own files. */
export interface RecipeSpec {
  readonly recipe: string
  readonly parameters: RecipeParameters
}

export interface FusionSpec {
  readonly kind: 'fusion'
  readonly id: string
  readonly options: FusionOptions
  /** Ids of retrievers that stand before this one. */
  readonly members: readonly string[]
}
