/** Which side of the search a text is on; recipes treat the two differently. */
export type Side = 'query' | 'document'

/**
 * How one vector is made of a text's token states (names as sentence-transformers writes them into `1_Pooling/config.json`).
 * `mean` sums and divides by the token count, `mean_sqrt_len` by its square root; `weightedmean` weighs position i by i+1 (SGPT);
 * `lasttoken` takes the last real token whatever the padding side.
 */
export type Pooling = 'cls' | 'mean' | 'max' | 'mean_sqrt_len' | 'weightedmean' | 'lasttoken'

/**
 * A piece of a prompt: fixed text as sent (names of special tokens in it stand for these tokens), the text of the query or document itself,
 * its image, or the collection's task instruction.
 */
export type PromptPart =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'contents' }
  | { readonly kind: 'image' }
  | { readonly kind: 'task' }

/** What a model is given for one text. */
export interface Prompt {
  readonly parts: readonly PromptPart[]
  /**
   * `text`: the parts are joined and tokenised as one text. `tokens`: each run of fixed text and each copy of the contents is tokenised by
   * itself and the ids are joined, so that no token reaches across the seam (PromptReps).
   */
  readonly join: 'text' | 'tokens'
  /** Whether the tokenizer puts its own special tokens around. False for chat layouts, whose text names them. */
  readonly addSpecialTokens: boolean
  /** Special token that must stand last, put there after truncation unless the tokenizer did; null for none. */
  readonly end: string | null
}

/** The sparse half of PromptReps (Zhuang et al. 2024, arXiv:2404.18424): the language model head's scores of the text's own words. */
export interface SparseRecipe {
  /** Terms kept per text. */
  readonly terms: number
  /** Terms kept of the whole vocabulary where a text has no words. */
  readonly fallbackTerms: number
  /** Weights are rounded after this multiplication. */
  readonly scale: number
}

/** More than one token is decoded greedily; their states are averaged, their sparse scores maximised (PromptReps' multi-token variant). */
export interface GenerateRecipe {
  readonly maxTokens: number
  /** Decoding ends with the first token whose text holds this. */
  readonly stop: string
}

/**
 * A resolved recipe: all that turns a model into a retriever, nothing left to defaults. Pure data; it enters the fingerprint whole.
 */
export interface Recipe {
  /** Name in study files, e.g. `promptreps`. */
  readonly id: string
  /** Where the recipe comes from: a paper, a tool, or the model's own files. */
  readonly source: string
  /** One prompt per side, or several whose vectors are averaged before they are normalised (MetaEOL). */
  readonly prompts: Readonly<Record<Side, readonly Prompt[]>>
  /** The same for items that are images; null: the recipe, or the model, takes text only. With a place for contents, also for images with text. */
  readonly imagePrompts: Readonly<Record<Side, readonly Prompt[]>> | null
  /** The same for images with text, where `imagePrompts` has no place for it. Absent in recipes that take no images. */
  readonly mixedPrompts?: Readonly<Record<Side, readonly Prompt[]>>
  /** What is done to the contents before they enter a prompt. `trim`: blanks around go (PromptReps). `sentence`: double quotes become single ones, a full stop ends it (MetaEOL). `lower-case`: SigLIP 2. `bare-words`: lower case without ASCII punctuation (SigLIP). */
  readonly contents: 'as-is' | 'trim' | 'sentence' | 'lower-case' | 'bare-words'
  readonly pooling: readonly Pooling[]
  /**
   * Which tokens are pooled: all; those from the (last copy of the) contents on, a token that reaches over the seam with them; or those
   * beyond as many as the text before takes by itself (sentence-transformers' `include_prompt: false`), which may leave out that token.
   */
  readonly span: 'all' | 'from-contents' | 'after-prompt'
  /** Layer whose states are pooled, from 0 (embeddings) to the number of layers; null: the model's own output. */
  readonly layer: number | null
  /** Whether the model's final norm has been applied to those states, once. Null for models that have none. */
  readonly finalNorm: boolean | null
  /** Attention direction; `model`: as the model was trained. */
  readonly attention: 'model' | 'causal' | 'bidirectional'
  /** Tokens kept of a text: of the whole prompt, special tokens included, or of each copy of the contents alone. */
  readonly maxLength: Readonly<Record<Side, number>>
  readonly lengthOf: 'prompt' | 'contents'
  /** Null: no sparse half. */
  readonly sparse: SparseRecipe | null
  /** Null: the prompt's own tokens only. */
  readonly generate: GenerateRecipe | null
  /** Whether vectors are scaled to length 1. */
  readonly normalize: boolean
  /** How two vectors are compared. With normalised vectors both are the same. */
  readonly similarity: 'cosine' | 'dot'
}

/** What a user may set over a recipe's defaults; each recipe says which of these it takes. */
export interface RecipeParameters {
  /** System turn of chat layouts: `default` (what the model's template puts there), `none`, or a text. */
  readonly system?: string
  /** Text around queries and documents, with `{text}` and `{task}` where these go; without `{text}` it is put before. */
  readonly prompts?: { readonly query?: string; readonly document?: string }
  readonly pooling?: Pooling | readonly Pooling[]
  /** Whole number: index of the layer, negative from the end (-1 is the last). Fraction 0 < f < 1: share of the depth, rounded. */
  readonly layer?: number
  readonly finalNorm?: boolean
  readonly attention?: 'causal' | 'bidirectional'
  readonly maxLength?: number | { readonly query?: number; readonly document?: number }
  readonly normalize?: boolean
  /** Whether the end-of-sequence token is put last. */
  readonly eos?: boolean
  /** Which layout of `instruct` (`e5`, `qwen3`, `gte`, `bge-code`) or of `vision-chat` (`gme`, `dse`, `qwen3-vl`). */
  readonly layout?: string
  /** Tokens decoded by PromptReps' multi-token variant; 0 or absent: none. */
  readonly generateTokens?: number
  /** Whether the sparse half is made too. */
  readonly sparse?: boolean
}

/** What recipes need to know of a model. All of it is read from the model's own files. */
export interface ModelFacts {
  /** For messages. */
  readonly name: string
  /** `model_type` of config.json. */
  readonly architecture: string
  /** Whether the model is a causal language model (a decoder). */
  readonly decoder: boolean
  /** Transformer layers; null if unknown. */
  readonly layers: number | null
  /** The most tokens that a prompt may have; null if unknown. */
  readonly context: number | null
  /** Jinja source of the chat template; null where the model has none. */
  readonly chatTemplate: string | null
  /** Special tokens by their text; null where the tokenizer has none. */
  readonly tokens: {
    readonly bos: string | null
    readonly eos: string | null
    readonly pad: string | null
    readonly unk: string | null
  }
  /** The contents of sentence-transformers' files. */
  readonly files: import('./sentence-transformers.ts').SentenceTransformersFiles
}

/** How a recipe is made for a model. */
export interface RecipeDefinition {
  readonly id: string
  /** Where it comes from. */
  readonly source: string
  /** One sentence for `fieldtrial recipe list`. */
  readonly summary: string
  /** Parameters that it takes; any other is an error. */
  readonly parameters: readonly (keyof RecipeParameters)[]
  /** @throws FieldtrialError `RECIPE_INVALID` where the model lacks what the recipe needs, or a parameter cannot be taken. */
  resolve(facts: ModelFacts, parameters: RecipeParameters): ResolvedRecipe
}

export interface ResolvedRecipe {
  readonly recipe: Recipe
  /** What follows the pooling, in order; the last normalisation is in `recipe.normalize`. */
  readonly head: readonly import('./sentence-transformers-head.ts').HeadStep[]
  readonly warnings: readonly string[]
}
