import type { PublishedFigure, PublishedProtocol, PublishedSource, SystemKind } from './types.ts'

/** What the figures of one table share. */
export interface TableFacts {
  readonly source: PublishedSource
  readonly measure: string
  /** Collections of the columns, in order; `[id, split]` where the split is not `test`. */
  readonly columns: readonly (string | readonly [id: string, split: string])[]
  /** What a printed number is divided by: 100 for per cent, 1 for 0–1. */
  readonly scale: 1 | 100
  /** Decimals of the printed numbers. */
  readonly decimals: number
  readonly protocol: PublishedProtocol
  readonly verified: boolean
  readonly note?: string
}

/** A system and its printed numbers, one for each column; null where the source has none. */
export interface TableRow {
  readonly system: string
  readonly kind: SystemKind
  readonly values: readonly (number | null)[]
  /** Where it differs from the table's. */
  readonly protocol?: Partial<PublishedProtocol>
  readonly note?: string
}

/**
 * Figures out of a table as it was printed, so that a file of data can be held against its source line by line.
 *
 * @throws RangeError when a row has more or fewer numbers than there are columns.
 */
export function figuresOf(table: TableFacts, rows: readonly TableRow[]): PublishedFigure[] {
  return rows.flatMap((row) => {
    if (row.values.length !== table.columns.length)
      throw new RangeError(`${table.source.id}, ${row.system}: ${row.values.length} of ${table.columns.length} columns`)
    return row.values.flatMap((printed, i) => {
      if (printed === null) return []
      const column = table.columns[i]!
      const [collection, split] = typeof column === 'string' ? [column, 'test'] : column
      const decimals = table.scale === 100 ? table.decimals + 2 : table.decimals
      const note = row.note ?? table.note
      return [
        {
          collection,
          split,
          system: row.system,
          kind: row.kind,
          measure: table.measure,
          // 67.89 / 100 is not 0.6789 in binary; the printed digits are.
          value: Number((printed / table.scale).toFixed(decimals)),
          decimals,
          source: table.source,
          protocol: { ...table.protocol, ...row.protocol },
          verified: table.verified,
          ...(note === undefined ? {} : { note }),
        },
      ]
    })
  })
}
