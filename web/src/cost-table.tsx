import { tokensPerSecond } from '../../src/report/cost.ts'
import {
  formatBytes,
  formatCount,
  formatMs,
  formatRate,
  formatSeconds,
  formatShare,
  NO_VALUE,
} from '../../src/report/format.ts'
import type { TrialResult } from '../../src/study/results.ts'
import { Name, TableScroll, Text } from './parts.tsx'

/** With more trials than this, tables of trials scroll in themselves. */
export const MANY_TRIALS = 20

export function CostTable({ trials }: { trials: readonly TrialResult[] }) {
  return (
    <TableScroll label="Cost of each trial" tall={trials.length > MANY_TRIALS}>
      <table class="cost-table">
        <caption class="hidden">Cost of each trial</caption>
        <thead>
          <tr>
            <th scope="col" class="name">
              Retriever
            </th>
            <th scope="col" class="name">
              Collection
            </th>
            <th scope="col" class="number">
              Encode + index
            </th>
            <th scope="col" class="number">
              Per query
            </th>
            <th scope="col" class="number">
              On disk
            </th>
            <th scope="col" class="number">
              Tokens
            </th>
            <th scope="col" class="number">
              Tokens/s
            </th>
            <th scope="col" class="number">
              Cut
            </th>
            <th scope="col" class="number">
              Peak memory
            </th>
            <th scope="col" class="name">
              Artifacts
            </th>
          </tr>
        </thead>
        <tbody>
          {trials.map((trial) => (
            <CostRow key={`${trial.retriever}\n${trial.collection}`} trial={trial} />
          ))}
        </tbody>
      </table>
    </TableScroll>
  )
}

function CostRow({ trial }: { trial: TrialResult }) {
  const { cost } = trial
  const done = trial.status === 'done'
  return (
    <tr>
      <th scope="row">
        <Name>{trial.retriever}</Name>
      </th>
      <td>
        <Name>{trial.collection}</Name>
      </td>
      {done ? (
        <>
          <td class="number">{formatSeconds(cost.indexSeconds)}</td>
          <td class="number">{formatMs(cost.msPerQuery)}</td>
          <td class="number">{formatBytes(cost.indexBytes)}</td>
          <Sides documents={cost.documentTokens} queries={cost.queryTokens} format={formatCount} />
          <td class="number">{formatRate(tokensPerSecond(cost))}</td>
          <Sides documents={cost.truncatedDocuments} queries={cost.truncatedQueries} format={formatShare} />
          <td class="number">{formatBytes(cost.peakBytes)}</td>
          <td class="artifacts">{cost.cached ? <span class="tag">cached</span> : 'made now'}</td>
        </>
      ) : (
        <td colSpan={8}>
          <span class="tag bad">failed</span> <Text>{trial.error?.message ?? ''}</Text>
        </td>
      )}
    </tr>
  )
}

/** A figure of the documents, and in small type that of the queries. */
function Sides(props: { documents: number | null; queries: number | null; format(value: number): string }) {
  const { documents, queries, format } = props
  return (
    <td class="number">
      {documents === null ? NO_VALUE : format(documents)}
      {queries !== null && <span class="sub">queries {format(queries)}</span>}
    </td>
  )
}
