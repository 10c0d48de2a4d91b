import type { Json } from '../core/fingerprint.ts'
import type { OnProgress } from '../core/progress.ts'
import type { ImageRef } from '../data/types.ts'
import type { Recipe, Side } from '../recipes/types.ts'

/** What is known of an encoder before its weights are loaded: enough to plan, to estimate and to find cached vectors. */
export interface EncoderInfo {
  readonly engine: 'onnx' | 'http' | 'torch' | 'llama'
  /** As the user named it: a folder, a hub id, or the model name that a server knows. */
  readonly model: string
  /** Everything that determines the vectors: weights' hash, tokenizer, resolved recipe, dtype, engine and its version. */
  readonly identity: Json
  readonly recipe: Recipe
  /** Numbers per vector; null where only the server's first answer tells. */
  readonly dimension: number | null
  readonly parameters: number | null
  /** Bytes of the weights once loaded; null if unknown. */
  readonly weightBytes: number | null
  /** Bytes of memory that the loaded model takes at most, working space included: for the plan and the check before loading; null if unknown. */
  readonly memoryBytes: number | null
  /** Anything a reader of the numbers must know, e.g. `int8 weights: vectors differ from float32's`. */
  readonly warnings: readonly string[]
  /** How images are read; absent: model or recipe take text only. */
  readonly images?: ImageReading
}

/** What an encoder makes of an image before its model sees it. */
export interface ImageReading {
  /** Everything that determines an image's part of a vector: pixel budget, resampling, normalisation, decoder. Enters the fingerprint of vectors of collections that have images. */
  readonly identity: Json
  /** Tokens that an image of a size takes. */
  tokens(width: number, height: number): number
}

/** What is encoded: a text, an image, or an image with a text. */
export interface EncoderItem {
  /** Contents without the recipe's prefix; empty for an image alone. */
  readonly text: string
  readonly image?: ImageRef
  /** For messages: the document's or the query's id. */
  readonly id?: string
}

/** A bare string is a text. */
export type EncoderInput = string | EncoderItem

/** Sparse vectors of n texts, row after row: the entries of text i are at `offsets[i]` to `offsets[i + 1]` of the two arrays. */
export interface SparseRows {
  /** n + 1 places; the first is 0. */
  readonly offsets: Uint32Array
  /** Term ids (the tokenizer's), ascending within a row, none twice. */
  readonly terms: Uint32Array
  /** Whole weights from 1 on. */
  readonly weights: Uint16Array
}

/** A batch of vectors. */
export interface Encoded {
  /** n × dimension, row-major, in the order of the texts. Never NaN; `normalize` already applied. */
  readonly vectors: Float32Array
  readonly dimension: number
  /** Tokens that went through the model for each text, special tokens included; -1 where a server does not tell. */
  readonly tokens: Int32Array
  /** 1 where the text was longer than `maxLength` and was cut; 255 where a server does not tell. */
  readonly truncated: Uint8Array
  /** Only where the recipe has a sparse half. */
  readonly sparse?: SparseRows
}

export interface EncodeOptions {
  /** The collection's task instruction, for recipes whose prompts hold one. Default: empty. */
  readonly task?: string
  readonly signal?: AbortSignal
  /** Told now and then how many of the call's texts are done. */
  readonly onProgress?: (texts: number) => void
}

/** A loaded model that turns texts, and perhaps images, into vectors. One call at a time is enough: engines batch and thread inside. */
export interface Encoder {
  readonly info: EncoderInfo
  /** Texts that it does best with at a time; absent: any number will do. */
  readonly chunk?: number
  /**
   * @param inputs Contents without the recipe's prefix; the encoder adds it. May be empty strings; images only where `info.images` says so.
   *   Any number; batches are made inside, and do not change the result beyond float rounding.
   * @throws FieldtrialError `ENGINE_FAILED` on NaN or an unexpected dimension, `DATA_INVALID` for an image that cannot be read, `NETWORK`, `CANCELLED`.
   */
  encode(inputs: readonly EncoderInput[], side: Side, options?: EncodeOptions): Promise<Encoded>
  close(): Promise<void>
}

/** What a model is given for one text under one prompt, token by token. */
export interface PromptPreview {
  readonly tokens: readonly {
    readonly id: number
    /** The token as people read it: a piece of text, or a special token's name. */
    readonly piece: string
    /** Whether its state goes into the vector. */
    readonly pooled: boolean
    /** Whether it belongs to the (last copy of the) query or document itself. */
    readonly contents: boolean
  }[]
  readonly truncated: boolean
  /** Tokens of the contents that were cut off. */
  readonly cutTokens: number
}

/** Tokens of one text as a model gets them, prompt included, before anything is cut off; of several prompts, those of the longest. */
export type CountTokens = (
  text: string,
  side: Side,
  /** The collection's task instruction; may be empty. */
  task: string,
) => { readonly tokens: number /** Tokens that are cut off at the maximum length. */; readonly cut: number }

/** An encoder whose files were found and whose identity is known, not yet in memory. */
export interface PreparedEncoder {
  readonly info: EncoderInfo
  /** The prompts of one text or image, token by token, without loading the model; none where an image goes into a tower of its own. Absent where a server tokenises. */
  preview?(input: EncoderInput, side: Side, task: string): Promise<PromptPreview[]>
  /** Loads the tokenizer alone, to count tokens of many texts. Absent where a server tokenises. */
  tokenCounter?(): Promise<CountTokens>
  /** @param options.onProgress Told while a file is made that the model is run from. */
  open(options?: {
    readonly threads?: number
    readonly signal?: AbortSignal
    readonly onProgress?: OnProgress
  }): Promise<Encoder>
}
