/**
 * Every failure that a person may meet has a stable code; the code decides the exit status of the command.
 * A code is never renamed once released: scripts match on it.
 */
export const ERROR_CODES = {
  USAGE: { exit: 2, means: 'a flag, an argument or a name that fieldtrial does not know' },
  STUDY_INVALID: { exit: 2, means: 'a study or training file does not say what it must' },
  RECIPE_INVALID: { exit: 2, means: 'a recipe that the model, or the engine, cannot follow' },
  DATA_INVALID: { exit: 3, means: 'a collection, run or qrels file is broken' },
  DATA_MISSING: { exit: 3, means: 'a collection, file or split is not there, or may not be read' },
  MODEL_INVALID: { exit: 4, means: 'a model folder lacks a file, or holds one that cannot be used' },
  MODEL_MISSING: { exit: 4, means: 'a model is neither a folder nor to be had from the hub' },
  ENGINE_FAILED: {
    exit: 4,
    means: 'an engine gave no vectors, or vectors that cannot be right (NaN, zero, wrong dimension)',
  },
  NETWORK: { exit: 5, means: 'a server or the hub gave no usable answer' },
  OFFLINE: { exit: 5, means: 'offline mode forbids the network, and the file is not in the cache' },
  WORKSPACE_CORRUPT: { exit: 6, means: 'an artifact in the workspace is damaged' },
  WORKSPACE_VERSION: { exit: 6, means: 'the workspace was written by a newer fieldtrial' },
  WORKSPACE_LOCKED: { exit: 6, means: 'another process holds the artifact for too long' },
  NOT_WRITABLE: { exit: 6, means: 'a file or folder that may not be written' },
  DISK_FULL: { exit: 6, means: 'the disk has no room left' },
  FINGERPRINT_MISMATCH: { exit: 6, means: 'two artifacts that must not be mixed' },
  CANCELLED: { exit: 130, means: 'stopped by the user; finished work is kept' },
  INTERNAL: { exit: 1, means: 'a bug in fieldtrial' },
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/** Where an error lies. Lines and columns count from 1. */
export interface Where {
  readonly file?: string
  readonly line?: number
  readonly column?: number
  /** Path of a field, e.g. `collections[0].split`. */
  readonly field?: string
}

export interface FieldtrialErrorOptions {
  /** What to do about it: one imperative sentence. */
  readonly hint?: string
  readonly where?: Where
  readonly cause?: unknown
  /** Further problems of the same input, reported together. */
  readonly problems?: readonly FieldtrialError[]
}

/** The one error class: what happened (`message`), where, and what to do (`hint`). */
export class FieldtrialError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly where: Where | undefined
  readonly problems: readonly FieldtrialError[]

  constructor(code: ErrorCode, message: string, options: FieldtrialErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'FieldtrialError'
    this.code = code
    this.hint = options.hint
    this.where = options.where
    this.problems = options.problems ?? []
  }

  get exitCode(): number {
    return ERROR_CODES[this.code].exit
  }
}

/** `file:line:column`, as editors and terminals make clickable; empty when nothing is known. */
export function formatWhere(where: Where | undefined): string {
  if (!where) return ''
  const place = [where.file, where.line, where.line === undefined ? undefined : where.column].filter(
    (p) => p !== undefined,
  )
  return [place.join(':'), where.field].filter(Boolean).join(' ')
}

/** The system's error code (`ENOSPC`, `ENOENT` …) of a thrown value, if it has one. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

/** Turns an aborted signal into a `CANCELLED` error; call it in every long loop. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new FieldtrialError('CANCELLED', 'Stopped.', {
      hint: 'Run the same command again: finished work is kept.',
      cause: signal.reason,
    })
}
