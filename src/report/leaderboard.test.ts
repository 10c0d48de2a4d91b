import { describe, expect, it } from 'vitest'
import { describeShared } from '../../test/support/shared.ts'
import { scifactStudy, studyFixture } from '../../test/support/study-fixture.ts'
import { leaderboard, mark, places } from './leaderboard.ts'

describe('places', () => {
  it('gives the best and the second, shared where equal, none where all are equal or alone', () => {
    expect(places([0.1, 0.3, null, 0.2, 0.3])).toEqual([null, 'best', null, 'second', 'best'])
    expect(places([0.3, 0.2, 0.2, 0.1])).toEqual(['best', 'second', 'second', null])
    expect(places([0.1 + 0.2, 0.3, 0])).toEqual(['best', 'best', 'second'])
    expect(places([0.5, 0.5])).toEqual([null, null])
    expect(places([0.5, null])).toEqual([null, null])
    expect(places([])).toEqual([])
  })
})

describe('leaderboard', () => {
  it('orders by average and averages over collections, not over queries', () => {
    const { results } = studyFixture()
    const board = leaderboard(results)
    const averages = board.rows.map((row) => row.average!)
    expect(averages).toEqual([...averages].sort((a, b) => b - a))
    const row = board.rows[0]!
    expect(row.average).toBeCloseTo(row.cells.reduce((sum, cell) => sum + cell.value!, 0) / 3, 12)
    expect(row.averagePlace).toBe('best')
  })

  it('gives a retriever that failed somewhere no average and puts it last', () => {
    const { results } = studyFixture({ failed: [['bge-base', 'cosqa']] })
    const last = leaderboard(results).rows.at(-1)!
    expect(last.retriever.id).toBe('bge-base')
    expect(last.average).toBeNull()
    expect(last.cells.map((cell) => cell.value === null)).toEqual([false, false, true])
    expect(last.cells[0]!.place).toBe('best')
  })

  it('ranks by the measure asked for', () => {
    const { results } = studyFixture()
    const board = leaderboard(results, 'MRR@10')
    expect(board.rows[0]!.cells[0]!.value).toBe(
      results.trials.find((t) => t.retriever === board.rows[0]!.retriever.id)!.mean['MRR@10'],
    )
  })

  it('marks only what is significant', () => {
    const { results } = studyFixture()
    const comparison = results.comparisons[0]!
    expect(mark({ ...comparison, significant: true, difference: 0.1 })).toBe('▲')
    expect(mark({ ...comparison, significant: true, difference: -0.1 })).toBe('▼')
    expect(mark({ ...comparison, significant: false, difference: 0.1 })).toBe('')
    expect(mark(null)).toBe('')
  })
})

describeShared('leaderboard of real scores', ['golden/stats/scores.json'], () => {
  it("shows Anserini's figure for BM25 on SciFact", () => {
    const row = leaderboard(scifactStudy()).rows.find((r) => r.isBaseline)!
    expect(row.cells[0]!.value!.toFixed(4)).toBe('0.6789')
  })
})
