import { type ErrorCode, FieldtrialError, type Where } from '../../core/errors.ts'
import type { gpuOption } from './devices.ts'

/** What is installed, and what it computes on. */
export interface LlamaFacts {
  /** Version of node-llama-cpp. */
  readonly version: string
  /** Release of llama.cpp that it was built from. */
  readonly release: string
  /** False: the processor. */
  readonly gpu: 'metal' | 'cuda' | 'vulkan' | false
  /** Names of the GPUs that it sees. */
  readonly devices: readonly string[]
}

interface Common {
  /** Address of node-llama-cpp. */
  readonly module: string
  readonly gpu: ReturnType<typeof gpuOption>
}

export interface ProbeRequest extends Common {
  readonly method: 'probe'
}

export interface LoadRequest extends Common {
  readonly method: 'load'
  readonly file: string
  readonly architecture: string
  /** GGUF's number of the pooling. */
  readonly pooling: number
  /** Whether tokens see only those before them; null: as the file says. */
  readonly causal: boolean | null
  readonly contextSize: number
  readonly batchSize: number
  readonly threads: number
  /** Texts with their ids, which llama.cpp's own tokenizer must find as well. */
  readonly probes: readonly { readonly text: string; readonly ids: readonly number[] }[]
}

export interface EncodeRequest {
  readonly method: 'encode'
  /** All sequences, one behind the other. */
  readonly ids: Int32Array
  readonly lengths: Int32Array
}

export type LlamaRequest = ProbeRequest | LoadRequest | EncodeRequest

export type ToWorker = { readonly id: number } & (
  | LlamaRequest
  | { readonly method: 'cancel' }
  | { readonly method: 'end' }
)

export type FromWorker =
  | { readonly id: number; readonly done: number }
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: WireError }

/** Vectors of an `encode` request, one behind the other. */
export type Encodings = Float32Array

export interface WireError {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string | undefined
  readonly where: Where | undefined
}

export function toWire(error: unknown): WireError {
  if (error instanceof FieldtrialError)
    return { code: error.code, message: error.message, hint: error.hint, where: error.where }
  return {
    code: 'ENGINE_FAILED',
    message: `llama.cpp: ${error instanceof Error ? error.message : String(error)}`,
    hint: undefined,
    where: undefined,
  }
}

export function fromWire({ code, message, hint, where }: WireError): FieldtrialError {
  return new FieldtrialError(code, message, {
    ...(hint === undefined ? {} : { hint }),
    ...(where === undefined ? {} : { where }),
  })
}
