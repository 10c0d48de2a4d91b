/** What a long step tells about itself, a few times a second at most. Counts only grow within one step. */
export interface Progress {
  /** What is going on, e.g. `encode documents`. */
  readonly step: string
  /** On what, e.g. `minilm × scifact`. */
  readonly subject?: string
  /** Units done, of `total` if it is known. */
  readonly done: number
  readonly total?: number
  readonly unit: 'documents' | 'queries' | 'bytes' | 'records' | 'steps'
  /** Model tokens done, where a model is at work. */
  readonly tokens?: number
  /** Further figures of the moment, e.g. `loss 0.31`. */
  readonly note?: string
}

export type OnProgress = (progress: Progress) => void

/** A message that a person should see although nothing failed. */
export interface Notice {
  readonly level: 'info' | 'warning'
  /** Stable, dotted, e.g. `collection.duplicates`. */
  readonly code: string
  readonly message: string
}

export type OnNotice = (notice: Notice) => void

/** Options that everything long takes. */
export interface LongWork {
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
  readonly onNotice?: OnNotice
}
