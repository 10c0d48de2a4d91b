import { formatDifference, formatP, formatScore } from '../../src/report/format.ts'
import { supervisedGroups, supervisedSentence } from '../../src/report/supervised.ts'
import { correctionName, testedHead, testName } from '../../src/report/words.ts'
import type { SupervisedResult } from '../../src/study/results.ts'
import { useReport } from './context.ts'
import { Name, Section, TableScroll, Text } from './parts.tsx'

/** What training changed: each trained model beside its base as it is. */
export function Supervised() {
  const { study, view } = useReport()
  const { results } = study
  const { comparison } = results
  const groups = supervisedGroups(results).filter(({ measure }) => measure === view.measure)
  return (
    <Section
      id="supervised"
      title="Zero-shot against supervised"
      intro={
        <>
          Models as they are, and the same models trained: change in <b>{view.measure}</b>, paired by query:{' '}
          {testName(comparison)}, {correctionName(comparison).replace('retrievers', 'pairs')}, α = {comparison.alpha}.
        </>
      }
    >
      {groups.length === 0 && <p class="empty">No change in {view.measure} was measured.</p>}
      {groups.map((group) => (
        <article key={group.collection} class="published">
          <h3>
            <Text>{group.collection}</Text>
          </h3>
          <p class="muted">
            <Text>{supervisedSentence(group)}</Text>
          </p>
          <TableScroll label={`Zero-shot against supervised on ${group.collection}`}>
            <table class="published-table">
              <caption class="hidden">
                Change in {view.measure} by training on {group.collection}
              </caption>
              <thead>
                <tr>
                  {['As it is', 'Trained'].map((label) => (
                    <th key={label} scope="col" class="name">
                      {label}
                    </th>
                  ))}
                  {testedHead(comparison, 'Change').map((label) => (
                    <th key={label} scope="col" class="number">
                      {label}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {group.rows.map((row) => (
                  <Row key={`${row.zeroShot}\n${row.supervised}`} row={row} />
                ))}
              </tbody>
            </table>
          </TableScroll>
        </article>
      ))}
    </Section>
  )
}

function Row({ row }: { row: SupervisedResult }) {
  const { zeroShot, supervised, before, after, difference, interval, p, pAdjusted, significant, wins, losses, ties } =
    row
  return (
    <tr>
      <td>
        <Name>{zeroShot}</Name>
      </td>
      <th scope="row">
        <Name>{supervised}</Name>
      </th>
      <td class="number">{formatScore(before)}</td>
      <td class="number score">
        {formatScore(after)}
        {significant ? (difference > 0 ? ' ▲' : ' ▼') : ''}
      </td>
      <td class="number">{formatDifference(difference)}</td>
      <td class="number">
        {formatDifference(interval[0])} to {formatDifference(interval[1])}
      </td>
      <td class="number">{formatP(p)}</td>
      <td class="number">{formatP(pAdjusted)}</td>
      <td class="number">
        {wins} / {losses} / {ties}
      </td>
    </tr>
  )
}
