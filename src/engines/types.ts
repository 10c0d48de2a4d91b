import type { Json } from '../core/fingerprint.ts'
import type { Recipe, Side } from '../recipes/types.ts'

/** What is known of an encoder before its weights are loaded: enough to plan, to estimate and to find cached vectors. */
export interface EncoderInfo {
  readonly engine: 'onnx' | 'http'
  /** As the user named it: a folder, a hub id, or the model name that a server knows. */
  readonly model: string
  /** Everything that determines the vectors: weights' hash, tokenizer, resolved recipe, dtype, engine and its version. */
  readonly identity: Json
  readonly recipe: Recipe
  /** Numbers per vector; null where only the server's first answer tells. */
  readonly dimension: number | null
  readonly parameters: number | null
  /** Bytes of weights in memory, for the plan's estimate; null if unknown. */
  readonly weightBytes: number | null
  /** Anything a reader of the numbers must know, e.g. `int8 weights: vectors differ from float32's`. */
  readonly warnings: readonly string[]
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
}

export interface EncodeOptions {
  readonly signal?: AbortSignal
  /** Told now and then how many of the call's texts are done. */
  readonly onProgress?: (texts: number) => void
}

/** A loaded model that turns texts into vectors. One call at a time is enough: engines batch and thread inside. */
export interface Encoder {
  readonly info: EncoderInfo
  /**
   * @param texts Contents without the recipe's prefix; the encoder adds it. May be empty strings. Any number; batches are made inside,
   *   and do not change the result beyond float rounding.
   * @throws FieldtrialError `ENGINE_FAILED` on NaN or an unexpected dimension, `NETWORK`, `CANCELLED`.
   */
  encode(texts: readonly string[], side: Side, options?: EncodeOptions): Promise<Encoded>
  close(): Promise<void>
}

/** An encoder whose files were found and whose identity is known, not yet in memory. */
export interface PreparedEncoder {
  readonly info: EncoderInfo
  open(options?: { readonly threads?: number; readonly signal?: AbortSignal }): Promise<Encoder>
}
