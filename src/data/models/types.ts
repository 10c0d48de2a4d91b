/**
 * What a model is to fieldtrial. `llm`: a decoder that was trained to continue text; `vision-llm`: one that reads images too; `retriever`: a
 * decoder fine-tuned to give vectors; `encoder`: a model of the BERT kind; `adapter`: LoRA weights for another model, for which no engine is
 * here yet.
 */
export type ModelKind = 'llm' | 'vision-llm' | 'retriever' | 'encoder' | 'adapter'

/** What a model was made for after its first training; the arms of a comparison of specialised models. */
export type Specialisation = 'base' | 'instruct' | 'code' | 'math' | 'reasoning' | 'vision' | 'retrieval'

/** Fields that can be wrong: a record lists those of them that nobody has checked against the model's own files. */
export type ModelField =
  | 'hub'
  | 'revision'
  | 'architecture'
  | 'parameters'
  | 'shape'
  /** Whether the head is shared with the embeddings. */
  | 'head'
  | 'context'
  | 'tokens'
  | 'systemTurn'
  | 'descendsFrom'
  | 'licence'
  | 'recipe'

export interface SpecialToken {
  readonly text: string
  readonly id: number
}

/** The sizes in a model's config.json. */
export interface ModelShape {
  /** Transformer layers. */
  readonly layers: number
  /** Numbers per token state, and so per dense vector. */
  readonly hidden: number
  readonly heads: number
  /** Heads of keys and values, which groups of query heads share; equal to `heads` where none are shared. */
  readonly kvHeads: number
  /** Numbers per head. */
  readonly headSize: number
  /** Width of the feed-forward part. */
  readonly intermediate: number
  /** Rows of the table of token embeddings; some are padding beyond the tokenizer's last token. */
  readonly vocabulary: number
  /** The matrix that scores the next token: one with the embeddings, its own, or absent (retrievers and encoders). */
  readonly head: 'tied' | 'own' | 'none'
}

/** The recipe that fits a model where a study names none. */
export interface DefaultRecipe {
  readonly recipe: string
  readonly layout?: string
  readonly pooling?: string
  readonly attention?: 'bidirectional'
  readonly prompts?: { readonly query: string; readonly document: string }
}

/** A model that can be named without an address. */
export interface ModelEntry {
  /** As study files name it: `qwen2.5-coder-7b-instruct`. Lower case. */
  readonly name: string
  /** The file of the list that it stands in: `qwen2.5`, `retrievers`. */
  readonly family: string
  /** `owner/name` on the Hugging Face hub; null for models that come with fieldtrial. */
  readonly hub: string | null
  /** Folder within the repository, for repositories that hold several models; null for the root. */
  readonly subfolder: string | null
  /** The commit that the name stands for; null where none is known: then `main` is used, and the plan says so. */
  readonly revision: string | null
  readonly kind: ModelKind
  readonly specialisation: Specialisation
  /** `model_type` of config.json. */
  readonly architecture: string
  /** All weights, the head and the vision tower included; of an adapter: its own. Null if unknown. */
  readonly parameters: number | null
  /** Those of them that read images. */
  readonly visionParameters: number
  readonly shape: ModelShape
  /** `max_position_embeddings`, or the length that an encoder's files set. */
  readonly context: number
  readonly eos: SpecialToken | null
  readonly pad: SpecialToken | null
  readonly bos: SpecialToken | null
  /** Whether the tokenizer brings a chat template. */
  readonly chat: boolean
  /** What the chat template puts into the system turn when a conversation has none; null: no system turn, or no template. */
  readonly systemTurn: string | null
  /** The named model that this one was trained from, and how; null for those trained from nothing, or from a model without a name here. */
  readonly descendsFrom: { readonly name: string; readonly how: string } | null
  /** SPDX identifier, or the name of the licence on the model card. */
  readonly licence: string
  /** Null where no recipe of fieldtrial does what the model needs; `note` says what. */
  readonly recipe: DefaultRecipe | null
  /** What a user of the model must know; null for nothing. */
  readonly note: string | null
  /** Written from memory: checked against no copy of the model's files or card. */
  readonly unverified: readonly ModelField[]
}
