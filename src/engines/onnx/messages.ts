import { type ErrorCode, FieldtrialError, type Where } from '../../core/errors.ts'
import type { Side } from '../../recipes/types.ts'
import type { Encoded } from '../types.ts'
import type { EncoderPlan } from './plan.ts'

export interface WorkerStart {
  readonly plan: EncoderPlan
  readonly threads: number
}

export const CANCELLED = 0
export const DONE = 1

export interface EncodeRequest {
  readonly id: number
  readonly texts: readonly string[]
  readonly side: Side
  readonly task: string
  /** Shared by both threads: at `CANCELLED` not 0 once the caller has given up, at `DONE` the number of texts done. */
  readonly shared: Int32Array
}

/** The first reply has id 0 and tells whether the model is loaded. */
export type WorkerReply =
  | { readonly id: number; readonly ok: true; readonly encoded: Encoded | null }
  | { readonly id: number; readonly ok: false; readonly error: PlainError }

/** An error as it can pass between threads, which keep neither class nor extra members. */
export interface PlainError {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string | undefined
  readonly where: Where | undefined
}

export function toPlain(error: unknown): PlainError {
  if (error instanceof FieldtrialError)
    return { code: error.code, message: error.message, hint: error.hint, where: error.where }
  return {
    code: 'ENGINE_FAILED',
    message: `onnxruntime: ${error instanceof Error ? error.message : String(error)}`,
    hint: 'Check the model with `fieldtrial doctor`.',
    where: undefined,
  }
}

export function fromPlain(error: PlainError): FieldtrialError {
  return new FieldtrialError(error.code, error.message, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.where === undefined ? {} : { where: error.where }),
  })
}
