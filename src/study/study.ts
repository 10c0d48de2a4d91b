import type { FieldtrialError } from '../core/errors.ts'
import type { CollectionSpec } from '../data/index.ts'
import type { FusionOptions, RouteOptions, SpaceOptions } from '../fusion/index.ts'
import type { MergeSpec } from '../fusion/weights/index.ts'
import type { Bm25Options } from '../index/bm25/index.ts'
import type { PostprocessStep } from '../index/postprocess/index.ts'
import type { Measure } from '../measure/index.ts'
import type { RecipeParameters } from '../recipes/types.ts'
import type { BrokenImages } from './images/options.ts'
import type { ComparisonSettings } from './results.ts'
import type { BiasMode, SampleSize } from './sample/options.ts'
import type { REPORT_FORMATS } from './schema.ts'
import type { TrainInput } from './schema-train.ts'

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
  /** Whether pictures that cannot be decoded stop a trial, or are left out and counted. */
  readonly brokenImages: BrokenImages
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
  /** What is joined into one corpus; `source` only describes it then. */
  readonly unified?: readonly StudyCollection[]
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
  readonly engine: 'onnx' | 'http' | 'torch' | 'llama'
  /** Absolute folder, hub id with optional `@revision`, or a server's model name. */
  readonly model: string
  /** The same as the user wrote it; reports show this, not where it lies on this machine. */
  readonly given: string
  /** `auto` in engine torch: float32 on the processor, bfloat16 on GPUs; in engine llama: the file's own, or the checkpoint's. */
  readonly dtype: 'auto' | 'float32' | 'int8' | 'int4' | 'bfloat16' | 'float16' | 'float8'
  /** As the engine names devices. */
  readonly device: string
  /** Folder or hub id of LoRA weights, for engine torch. */
  readonly adapter?: string
  /** The pixel budget of models that read images of any size; absent: what the model's own files say. */
  readonly minPixels?: number
  readonly maxPixels?: number
  /** The model is trained first (src/train); `model` and `given` only name it until then. */
  readonly training?: TrainingRef
  /** The model is made by merging others; `model` and `given` only describe it then. */
  readonly merge?: MergeSpec
  readonly url?: string
  readonly api?: 'openai' | 'tei'
  readonly apiKeyEnv?: string
  readonly dimensions?: number
  readonly batchSize?: number
  readonly concurrency?: number
  readonly timeoutSeconds?: number
  readonly retries?: number
}

/** A training file, or what would stand in one. Paths are absolute. */
export type TrainingRef = (
  | { readonly file: string; readonly model?: string }
  | { readonly input: TrainInput; readonly folder: string; readonly name: string }
) & {
  /** Why it came to nothing; its trials fail with this, and the others go on. */
  readonly failed?: FieldtrialError
}

/** What a study asks of a recipe; whatever is absent is the recipe's default, or read from the model's own files. */
export interface RecipeSpec {
  readonly recipe: string
  readonly parameters: RecipeParameters
  /** Nobody chose it: a model that was trained with a recipe brings its own. */
  readonly byDefault?: boolean
}

/** A retriever made of others. */
export type FusionSpec = RunFusionSpec | RouteSpec | SpaceFusionSpec

interface FusionBase {
  readonly kind: 'fusion'
  readonly id: string
  /** Ids of retrievers that stand before this one. */
  readonly members: readonly string[]
  /** Whether it is tried without each of its members. */
  readonly ablation: boolean
}

/** One run out of several. */
export interface RunFusionSpec extends FusionBase {
  readonly type: 'run'
  readonly options: FusionOptions
  /** Null: its weights, if it has any, are given. */
  readonly learn: LearnSpec | null
}

/** Each query by the member, or the weights, that fit it. */
export interface RouteSpec extends FusionBase {
  readonly type: 'route'
  readonly options: FusionOptions
  readonly route: RouteOptions
  readonly learn: LearnSpec
}

/** One embedding space out of several. */
export interface SpaceFusionSpec extends FusionBase {
  readonly type: 'space'
  readonly space: SpaceOptions
}

/** From which judgments a fusion is learned: never from those of the queries that it is reported on. */
export interface LearnSpec {
  /** The other folds of the queries under test, or the queries of another split. */
  readonly by: { readonly folds: number } | { readonly split: string }
  /** Canonical name of the measure that is made as high as can be. */
  readonly measure: string
  /** Of the parting into folds. */
  readonly seed: number
}
