import { type DomainCell, type DomainTable, domainTables } from '../../src/report/domains/tables.ts'
import { useReport } from './context.ts'
import { Name, Section, TableScroll, Text } from './parts.tsx'

/** What unified collections show domain by domain. */
export function Domains() {
  const { study, view } = useReport()
  const all = domainTables(study.results, view.measure)
  return (
    <Section
      id="domains"
      title="Domains"
      intro="Several collections joined into one corpus: how each retriever does in each of them, where its first documents come from, and whether its scores mean the same everywhere."
    >
      {all.map(({ collection, notes, tables }) => (
        <div key={collection}>
          {all.length > 1 && (
            <h3>
              <Text>{collection}</Text>
            </h3>
          )}
          <p class="note">
            <Text>{notes.join(' ')}</Text>
          </p>
          {tables.map((table) => (
            <Figures key={table.id} table={table} collection={collection} />
          ))}
        </div>
      ))}
    </Section>
  )
}

function Figures({ table, collection }: { table: DomainTable; collection: string }) {
  const { title, meaning, head, rows } = table
  return (
    <>
      <h3>{title}</h3>
      <TableScroll label={`${title}, ${collection}`}>
        <table>
          <caption class="hidden">
            {title}, {collection}
          </caption>
          <thead>
            <tr>
              <th scope="col">Retriever</th>
              {head.map((label) => (
                <th key={label} scope="col" class="number">
                  <Text>{label}</Text>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ retriever, cells }) => (
              <tr key={retriever}>
                <th scope="row">
                  <Name>{retriever}</Name>
                </th>
                {cells.map((cell, i) => (
                  <td key={head[i]} class={`number ${toneOf(cell)}`}>
                    {cell.place === 'best' ? <strong>{cell.text}</strong> : cell.text}
                    {cell.mark}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
      <p class="note">{meaning}</p>
    </>
  )
}

const toneOf = ({ mark }: DomainCell) => (mark === '▲' ? 'better' : mark === '▼' ? 'worse' : '')
