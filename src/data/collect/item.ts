import type { Json } from '../../core/fingerprint.ts'

/** A document that a collector has found, and the queries that ask for it. */
export interface Item {
  /** Without white space, unique; a second document of the same id gets `~2`. */
  readonly id: string
  readonly title: string
  readonly text: string
  /** For pictures: the path in the collection's folder. */
  readonly image?: string
  readonly metadata?: { readonly [key: string]: Json }
  /** What makes two documents the same; default: the text. */
  readonly sameness?: string
  readonly queries: readonly ItemQuery[]
}

export interface ItemQuery {
  readonly text: string
  /** What decides the split. */
  readonly group: string
  /** Relevance. Default: 1. */
  readonly grade?: number
  /** The thing asked for, where it lies in several documents: the parts of a section have one. Default: the document. */
  readonly target?: string
}
