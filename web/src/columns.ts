import { type Cell, type Leaderboard, leaderboard } from '../../src/report/leaderboard.ts'
import type { StudyResults } from '../../src/study/results.ts'

/** A column of scores: a collection under the chosen measure, or a measure where the study has one collection only. */
export interface ScoreColumn {
  readonly key: string
  /** Beside the rows of the leaderboard. */
  readonly cells: readonly Cell[]
}

export interface ScoreTable {
  /** Under the chosen measure; it gives the rows and their averages. */
  readonly board: Leaderboard
  readonly columns: readonly ScoreColumn[]
  /** Whether the columns are measures. */
  readonly byMeasure: boolean
}

/** One collection: all measures side by side. Several: the collections under one measure. */
export function scoreTable(results: StudyResults, measure: string): ScoreTable {
  const board = leaderboard(results, measure)
  if (board.collections.length !== 1)
    return {
      board,
      byMeasure: false,
      columns: board.collections.map((c, i) => ({ key: c.name, cells: board.rows.map((row) => row.cells[i]!) })),
    }
  const columns = results.measures.map((key) => {
    const rows = new Map(leaderboard(results, key).rows.map((row) => [row.retriever.id, row.cells[0]!]))
    return { key, cells: board.rows.map((row) => rows.get(row.retriever.id)!) }
  })
  return { board, byMeasure: true, columns }
}
