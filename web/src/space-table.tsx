import { formatScore } from '../../src/report/format.ts'
import { directionWords, SPACE_COLUMNS, type SpaceColumn, type SpacePlace } from '../../src/report/space/columns.ts'
import { useReport } from './context.ts'
import { Name, SortHead, TableScroll, Text } from './parts.tsx'

export interface SpaceRow {
  readonly place: SpacePlace
  /** Of the measure chosen, on the collection of the place. */
  readonly score: number | null
}

/** With more rows than this the table scrolls in itself. */
const MANY = 20

export function SpaceTable({ rows }: { rows: readonly SpaceRow[] }) {
  const { view, update } = useReport()
  const head = (id: string, label: string, title: string) => (
    <SortHead
      key={id}
      label={label}
      title={title}
      class={id === 'retriever' ? 'name' : id === 'score' ? 'number score' : 'number'}
      sorted={view.spaceSort === id ? (view.spaceAscending ? 'ascending' : 'descending') : null}
      onSort={() =>
        update(
          view.spaceSort === id
            ? { spaceAscending: !view.spaceAscending }
            : { spaceSort: id, spaceAscending: id === 'retriever' },
        )
      }
    />
  )
  return (
    <TableScroll label="Embedding spaces" tall={rows.length > MANY}>
      <table class="space-table">
        <caption class="hidden">Figures of the embedding spaces on {view.spaceOf}</caption>
        <thead>
          <tr>
            {head('retriever', 'Retriever', 'Name in the study')}
            {head('score', view.measure, 'Higher is better')}
            {SPACE_COLUMNS.map((column) =>
              head(column.id, column.label, `${column.meaning} All else equal ${directionWords(column)}.`),
            )}
          </tr>
        </thead>
        <tbody>
          {sortRows(rows, view.spaceSort, view.spaceAscending).map((row) => (
            <tr key={row.place.space.retriever}>
              <th scope="row">
                <Name>{row.place.space.retriever}</Name>
              </th>
              <td class="number score">{formatScore(row.score)}</td>
              {SPACE_COLUMNS.map((column) => (
                <Figure key={column.id} column={column} place={row.place} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  )
}

function Figure({ column, place }: { column: SpaceColumn; place: SpacePlace }) {
  const note = column.note(place)
  return (
    <td class="number">
      {column.format(column.value(place))}
      {note !== null && <Text class="sub">{note}</Text>}
    </td>
  )
}

/** Rows without a value stay at the end whichever way the others turn. */
function sortRows(rows: readonly SpaceRow[], by: string, ascending: boolean): SpaceRow[] {
  const direction = ascending ? 1 : -1
  const name = ({ place }: SpaceRow) => place.space.retriever
  const column = SPACE_COLUMNS.find(({ id }) => id === by)
  const value = (row: SpaceRow) => (column === undefined ? row.score : column.value(row.place))
  return [...rows].sort((a, b) => {
    if (by === 'retriever') return direction * name(a).localeCompare(name(b), 'en', { numeric: true })
    const [x, y] = [value(a), value(b)]
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1
    return direction * (x - y)
  })
}
