import { formatDifference, formatP, formatScore, NO_VALUE } from '../../src/report/format.ts'
import { answeredQuestions } from '../../src/report/specialisation/answers.ts'
import { RELATIONS, settingOf, specialisedNote, specialisedRows } from '../../src/report/specialisation/table.ts'
import { testedHead } from '../../src/report/words.ts'
import type { SpecialisedRow } from '../../src/study/results.ts'
import { useReport } from './context.ts'
import { Name, Section, TableScroll, Text } from './parts.tsx'

/** What specialisation did: questions, answers, and the siblings that they are about. */
export function Specialisation() {
  const { study, view } = useReport()
  const { results } = study
  const rows = specialisedRows(results, view.measure)
  return (
    <Section
      id="specialisation"
      title="What specialisation did"
      intro={
        <>
          Models of one family under the same recipe, each against what it was made of, by <b>{view.measure}</b>, paired
          by query.
        </>
      }
    >
      {rows.length === 0 && <p class="empty">No two siblings were measured by {view.measure}.</p>}
      {answeredQuestions(results, view.measure).map(({ id, title, headline, sentences }) => (
        <article key={id} class="published">
          <h3>{title}</h3>
          <p>
            <Text>{headline}</Text>
          </p>
          <ul class="muted">
            {sentences.map((text) => (
              <li key={text}>
                <Text>{text}</Text>
              </li>
            ))}
          </ul>
        </article>
      ))}
      {rows.length > 0 && (
        <>
          <TableScroll label="Siblings against each other" tall={rows.length > 24}>
            <table>
              <caption class="hidden">Specialised models against what they were made of, by {view.measure}</caption>
              <thead>
                <tr>
                  {['Collection', 'Model', 'Against', 'Which is its', 'Recipe', 'Also differs'].map((label) => (
                    <th key={label} scope="col">
                      {label}
                    </th>
                  ))}
                  {testedHead(results.comparison).map((label) => (
                    <th key={label} scope="col" class="number">
                      {label}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <Row key={JSON.stringify([row.collection, row.specialised, row.against])} row={row} />
                ))}
              </tbody>
            </table>
          </TableScroll>
          <p class="note">{specialisedNote(results)}</p>
        </>
      )}
    </Section>
  )
}

function Row({ row }: { row: SpecialisedRow }) {
  const { significant, difference, interval } = row
  const tone = !significant ? '' : difference > 0 ? 'better' : 'worse'
  return (
    <tr>
      <td>
        <Name>{row.collection}</Name>
      </td>
      <th scope="row" title={row.specialised}>
        <Name>{row.model}</Name>
      </th>
      <td title={row.against}>
        <Name>{row.againstModel}</Name>
      </td>
      <td>{RELATIONS[row.relation]}</td>
      <td>
        <Name>{settingOf(row)}</Name>
      </td>
      <td>{row.differs.length === 0 ? NO_VALUE : row.differs.join(', ')}</td>
      <td class="number">{formatScore(row.before)}</td>
      <td class="number score">{formatScore(row.after)}</td>
      <td class={`number ${tone}`}>
        {formatDifference(difference)}
        {tone === '' ? '' : tone === 'better' ? '▲' : '▼'}
      </td>
      <td class="number">
        {formatDifference(interval[0])} to {formatDifference(interval[1])}
      </td>
      <td class="number">{formatP(row.p)}</td>
      <td class="number">{formatP(row.pAdjusted)}</td>
      <td class="number">
        {row.wins} / {row.losses} / {row.ties}
      </td>
    </tr>
  )
}
