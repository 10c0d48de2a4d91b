import type { CollectionResult } from '../study/results.ts'

/** A difference of less is none in any table. */
const LOSS = 0.00005

/** The best that can be expected of a measure on a collection. */
export interface CeilingRow {
  readonly measure: string
  readonly value: number
  /** Without identical documents. */
  readonly apart: number
}

/** The study's measures that identical documents cap. */
export function cappedMeasures({ lint }: CollectionResult): CeilingRow[] {
  return (lint?.ceilings ?? []).filter(({ value, apart }) => value < apart - LOSS)
}

/** How long the texts of one side are, in one unit. */
export interface LengthRow {
  readonly side: 'documents' | 'queries'
  /** `words`, `characters`, or `tokens of ENCODER`. */
  readonly unit: string
  /** Texts counted; fewer than the collection has where tokens were counted on a sample. */
  readonly counted: number
  readonly mean: number
  readonly median: number
  readonly p90: number
  readonly p99: number
  readonly max: number
  /** Tokens kept at most, and the share of texts that are cut; null where nothing is cut by counting. */
  readonly cut: { readonly at: number; readonly share: number } | null
}

/** Lengths in words, characters, and the tokens of each encoder whose tokenizer is at hand. */
export function lengthRows({ lint }: CollectionResult): LengthRow[] {
  if (lint === undefined) return []
  const sides = ['documents', 'queries'] as const
  const rows: LengthRow[] = []
  for (const side of sides)
    for (const unit of ['words', 'characters'] as const) {
      const spread = lint.lint.lengths[side][unit]
      if (spread !== null) rows.push({ side, unit, counted: spread.count, ...spread, cut: null })
    }
  for (const side of sides)
    for (const tokens of lint.tokens) {
      const found = tokens[side]
      if (found?.tokens == null) continue
      const { sampled, truncated, maxLength } = found
      const cut = { at: maxLength, share: truncated / sampled }
      rows.push({ side, unit: `tokens of ${tokens.encoder}`, counted: sampled, ...found.tokens, cut })
    }
  return rows
}
