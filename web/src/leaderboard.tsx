import { renderCsv } from '../../src/report/csv.ts'
import { formatDifference, formatP, formatScore, NO_VALUE } from '../../src/report/format.ts'
import { renderLatex } from '../../src/report/latex.ts'
import { type Cell, type LeaderboardRow, mark, type Place } from '../../src/report/leaderboard.ts'
import { measureTable } from '../../src/report/markdown.ts'
import { shortSummary } from '../../src/report/recipe-facts.ts'
import { methodSentence } from '../../src/report/words.ts'
import { type ScoreColumn, scoreTable } from './columns.ts'
import { useReport } from './context.ts'
import { CopyButton, Name, Section, SortHead, TableScroll, Text } from './parts.tsx'

/** With more collections than this, intervals move into the tool tip and the table gets denser. */
const MANY = 4

/** With more retrievers than this, what they are stands in the last section only. */
const MANY_ROWS = 20

export function Leaderboard() {
  const { study, view, update } = useReport()
  const { results } = study
  const { board, columns, byMeasure } = scoreTable(results, view.measure)
  const several = board.collections.length > 1
  const known = ['retriever', ...(several ? ['average'] : []), ...columns.map((c) => c.key)]
  const sorted = known.includes(view.sort) ? view.sort : several ? 'average' : view.measure
  const order = sortRows(board.rows, columns, sorted, view.ascending)

  const head = (column: string, label: string) => (
    <SortHead
      key={column}
      label={label}
      class={column === 'retriever' ? 'name' : 'number'}
      sorted={sorted === column ? (view.ascending ? 'ascending' : 'descending') : null}
      onSort={() =>
        update(
          sorted === column
            ? { sort: column, ascending: !view.ascending }
            : { sort: column, ascending: column === 'retriever' },
        )
      }
    />
  )
  return (
    <Section
      id="leaderboard"
      title="Leaderboard"
      intro={
        <>
          Mean{' '}
          {byMeasure ? (
            <>
              measures on <Text>{board.collections[0]!.name}</Text>
            </>
          ) : (
            <b>{view.measure}</b>
          )}{' '}
          over all judged queries.{results.retrievers.length > 1 && ' Best in bold, second underlined.'}
        </>
      }
      tools={
        <>
          {results.comparisons.length > 0 && (
            <label class="check">
              <input
                type="checkbox"
                checked={view.intervals}
                onChange={(event) => update({ intervals: event.currentTarget.checked })}
              />
              Differences
            </label>
          )}
          <span class="copy-group">
            <span class="field-label">Copy</span>
            <CopyButton label="Markdown" text={() => measureTable(results, view.measure)} />
            <CopyButton label="LaTeX" text={() => renderLatex(results, { measures: [view.measure] })} />
            <CopyButton label="CSV" text={() => renderCsv(results)} />
          </span>
        </>
      }
    >
      <TableScroll label="Leaderboard">
        <table
          class={`leaderboard ${columns.length > MANY ? 'dense' : ''} ${board.rows.length > MANY_ROWS ? 'many' : ''}`}
        >
          <caption class="hidden">
            {view.measure} of {results.retrievers.length} retrievers. {methodSentence(results)}
          </caption>
          <thead>
            <tr>
              {head('retriever', 'Retriever')}
              {several && head('average', 'average')}
              {columns.map((c) => head(c.key, c.key))}
            </tr>
          </thead>
          <tbody>
            {order.map(({ row, index }) => (
              <tr key={row.retriever.id} class={row.isBaseline ? 'baseline' : ''}>
                <th scope="row">
                  <span class="retriever">
                    <Name>{row.retriever.id}</Name>
                    {row.isBaseline && <span class="tag">baseline</span>}
                  </span>
                  <Text class="summary">{shortSummary(row.retriever)}</Text>
                </th>
                {several && <AverageCell row={row} intervals={view.intervals} />}
                {columns.map((column) => (
                  <ScoreCell key={column.key} cell={column.cells[index]!} intervals={view.intervals} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
      <p class="note">{methodSentence(results)}</p>
    </Section>
  )
}

const placeClass = (place: Place) => (place === null ? 'score' : `score ${place}`)

function ScoreCell({ cell, intervals }: { cell: Cell; intervals: boolean }) {
  if (cell.trial?.status === 'failed')
    return (
      <td class="number">
        <span class="tag bad" title={cell.trial.error?.message}>
          failed
        </span>
      </td>
    )
  const c = cell.comparison
  const sign = mark(c)
  return (
    <td class="number">
      <span class={placeClass(cell.place)}>{formatScore(cell.value)}</span>
      <span class={`mark ${sign === '▲' ? 'better' : 'worse'}`}>
        {sign}
        {sign !== '' && <span class="hidden">{sign === '▲' ? ' significantly better' : ' significantly worse'}</span>}
      </span>
      {intervals && c !== null && (
        <span
          class="sub"
          title={`${formatDifference(c.interval[0])} to ${formatDifference(c.interval[1])}, adjusted p ${formatP(c.pAdjusted)}, ${c.queries} queries`}
        >
          {formatDifference(c.difference)}{' '}
          <span class="interval">
            [{formatDifference(c.interval[0])}, {formatDifference(c.interval[1])}]
          </span>
        </span>
      )}
    </td>
  )
}

function AverageCell({ row, intervals }: { row: LeaderboardRow; intervals: boolean }) {
  return (
    <td class="number average" title={row.average === null ? 'Not on all collections: no average' : undefined}>
      <span class={placeClass(row.averagePlace)}>{formatScore(row.average)}</span>
      <span class="mark" />
      {intervals && row.averageDifference !== null && (
        <span class="sub">{formatDifference(row.averageDifference)}</span>
      )}
      {row.average === null && <span class="hidden">{NO_VALUE} not on all collections</span>}
    </td>
  )
}

interface Ordered {
  readonly row: LeaderboardRow
  /** Place in the leaderboard, and so in every column. */
  readonly index: number
}

/** Rows without a value stay at the end whichever way the others turn. */
function sortRows(
  rows: readonly LeaderboardRow[],
  columns: readonly ScoreColumn[],
  column: string,
  ascending: boolean,
): Ordered[] {
  const direction = ascending ? 1 : -1
  const all = rows.map((row, index) => ({ row, index }))
  if (column === 'retriever')
    return all.sort((a, b) => direction * a.row.retriever.id.localeCompare(b.row.retriever.id, 'en', { numeric: true }))
  const cells = columns.find((c) => c.key === column)?.cells
  const value = ({ row, index }: Ordered) => (cells === undefined ? row.average : cells[index]!.value)
  return all.sort((a, b) => {
    const [x, y] = [value(a), value(b)]
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1
    return direction * (x - y)
  })
}
