import type { ErrorCode, FieldtrialError } from '../../core/errors.ts'
import type { ResolvedHttpOptions } from './options.ts'

/** One answered request. */
export interface Reply {
  /** In the order of the texts; numbers not yet checked. */
  readonly vectors: readonly ArrayLike<unknown>[]
  /** Tokens of the one text of the request, if it had one text and the server counts. */
  readonly tokens: number | null
}

/** How one interface is spoken; all that differs between servers. */
export interface Wire {
  readonly path: string
  body(texts: readonly string[]): string
  /** Whether the refusal is about a feature that can be done without; the wire leaves it out from then on. */
  shouldAskOtherwise(status: number, body: string): boolean
  /** @throws FieldtrialError on an answer that cannot be used. */
  read(body: string, texts: number): Reply
}

export interface WireContext {
  readonly options: ResolvedHttpOptions
  /** An error that names the server and shows the start of its answer. */
  readonly fail: (code: ErrorCode, what: string, body: string) => FieldtrialError
}

/** @throws FieldtrialError `ENGINE_FAILED` where only a NaN or infinity keeps it from being JSON, else `NETWORK`. */
export function parseJson(body: string, { fail }: WireContext): unknown {
  try {
    return JSON.parse(body)
  } catch {
    // Python's json module writes these bare words, which JSON does not have.
    if (/[[,:]\s*-?(NaN|Infinity)\b/.test(body)) throw fail('ENGINE_FAILED', 'a vector holds NaN or infinity', body)
    throw fail('NETWORK', 'the answer is not JSON', body)
  }
}
