import type { ErrorCode } from '../../core/errors.ts'
import type { Pooling } from '../../recipes/types.ts'
import type { ImageSettings } from '../image/settings.ts'
import type { TorchDtype } from './plan.ts'

/** As `PROTOCOL` of worker/fieldtrial_worker/__init__.py. */
export const PROTOCOL = 2

/** Asks the worker to load a model. Everything that determines vectors is in here or in the token ids. */
export interface LoadRequest {
  readonly method: 'load'
  readonly folder: string
  /** Name of a GGUF file in the folder; null for safetensors. */
  readonly gguf: string | null
  /** Folder of a PEFT adapter; null for none. */
  readonly adapter: string | null
  readonly dtype: TorchDtype
  readonly device: string
  readonly decoder: boolean
  readonly packed: boolean
  readonly layer: number | null
  readonly finalNorm: boolean | null
  readonly direction: 'model' | 'causal' | 'bidirectional'
  readonly pooling: readonly Pooling[]
  readonly scores: boolean
  /** Tokens decoded at most; 0 for none. */
  readonly generates: number
  /** Ids of tokens that end the decoding: int32 in base64. */
  readonly stops: string
  /** Tokens of a pack. */
  readonly budget: number
  readonly threads: number | null
  readonly weightBytes: number | null
  /** How images are made of pixels; null where none will come, and the image tower is dropped. */
  readonly vision: ImageSettings | null
}

/** Asks for pooled states of sequences. Arrays are little-endian int32 in base64. */
export interface EncodeRequest {
  readonly method: 'encode'
  /** All sequences, one behind the other. */
  readonly ids: string
  readonly lengths: string
  /** First token of each sequence that is pooled. */
  readonly from: string
  /**
   * Tokens whose scores are wanted: ids one behind the other, and how many belong to each sequence. Where a sequence has none, `fallback`
   * terms of the whole vocabulary (ids below `vocabulary`) are.
   */
  readonly scores: {
    readonly words: string
    readonly counts: string
    readonly vocabulary: number
    readonly fallback: number
  } | null
  /**
   * Images in the sequences; null for none. `file`: their levels, 8 bits, rows of RGB, one image behind the other. `table`: for each
   * the sequence that it is in, the place there of its first token, its height and its width in pixels.
   */
  readonly images: { readonly file: string; readonly table: string } | null
  /**
   * File for the answer: sequences × width float32; then, for each sequence, its words' scores in float32, or `fallback` ids in int32 and as
   * many scores. All little-endian.
   */
  readonly out: string
}

export interface ExportGgufRequest {
  readonly method: 'export-gguf'
  readonly file: string
  /** Folder that gets config.json and the tokenizer's files. */
  readonly out: string
}

/** Asks the worker to drop its model. */
export interface UnloadRequest {
  readonly method: 'unload'
}

export type WorkerRequest = LoadRequest | EncodeRequest | ExportGgufRequest | UnloadRequest

export interface Hello {
  readonly protocol: number
  readonly python: string
  readonly versions: Readonly<Record<string, string | null>>
}

export interface Loaded {
  readonly dimension: number
  /** How near the first states came to transformers' own; null for encoders, which run as transformers has them. */
  readonly checked: { readonly cosine: number; readonly hiddenStatesAfterNorm: boolean } | null
}

export interface Done {
  readonly width: number
  /** Tokens of a pack from now on. */
  readonly budget: number
  /** How many times the budget was halved in this request, since memory ran out. */
  readonly halved: number
}

export interface WireError {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string | null
}

/** `id` 0 is the greeting. A line with `done` tells how many sequences of a request are done. */
export type WorkerLine =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: WireError }
  | { readonly id: number; readonly done: number }

export function int32Base64(values: ArrayLike<number>): string {
  const bytes = Buffer.allocUnsafe(values.length * 4)
  for (let i = 0; i < values.length; i++) bytes.writeInt32LE(values[i]!, i * 4)
  return bytes.toString('base64')
}
