import { formatDifference } from '../../src/report/format.ts'
import { COMPARISON_COLUMNS, type ComparedSpace, WHY } from '../../src/report/space/comparisons.ts'
import { Name, TableScroll } from './parts.tsx'

/** With more rows than this the table scrolls in itself. */
const MANY = 20

/** How far each space is from that of its ancestor, or of the first recipe: nothing where there is nothing to compare. */
export function SpaceComparisons({ compared, measure }: { compared: readonly ComparedSpace[]; measure: string }) {
  if (compared.length === 0) return null
  return (
    <>
      <h3>Against other spaces</h3>
      <p class="note">
        The same documents in two spaces. A space may be better or worse for being another one: the difference in{' '}
        {measure}, which is not tested here, tells which.
      </p>
      <TableScroll label="Embedding spaces against others" tall={compared.length > MANY}>
        <table class="space-table compared">
          <caption class="hidden">Embedding spaces against others</caption>
          <thead>
            <tr>
              <th scope="col" class="name">
                Retriever
              </th>
              <th scope="col" class="name">
                Compared with
              </th>
              {COMPARISON_COLUMNS.map((column) => (
                <th key={column.label} scope="col" class="number" title={column.meaning}>
                  {column.label}
                </th>
              ))}
              <th scope="col" class="number" title="Mean of the retriever less that of the other; not tested.">
                {measure}
              </th>
            </tr>
          </thead>
          <tbody>
            {compared.map((row) => (
              <tr key={`${row.retriever}\n${row.comparison.against}`}>
                <th scope="row">
                  <Name>{row.retriever}</Name>
                </th>
                <td>
                  <Name>{row.comparison.against}</Name>
                  <span class="sub">{WHY[row.comparison.why]}</span>
                </td>
                {COMPARISON_COLUMNS.map((column) => (
                  <td key={column.label} class="number">
                    {column.text(row)}
                  </td>
                ))}
                <td class="number">{formatDifference(row.difference)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
      <details class="figures-table meanings">
        <summary>What the columns mean</summary>
        <dl>
          {COMPARISON_COLUMNS.map((column) => (
            <div key={column.label}>
              <dt>
                {column.label} <span class="muted">no direction</span>
              </dt>
              <dd>{column.meaning}</dd>
            </div>
          ))}
        </dl>
      </details>
    </>
  )
}
