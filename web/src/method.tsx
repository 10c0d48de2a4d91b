import {
  formatBytes,
  formatCount,
  formatMs,
  formatSeconds,
  formatShare,
  formatTime,
  NO_VALUE,
  plural,
} from '../../src/report/format.ts'
import { correctionName, testName, trialWarnings } from '../../src/report/words.ts'
import type { RetrieverResult, TrialResult } from '../../src/study/results.ts'
import { useReport } from './context.ts'
import { Name, Section, TableScroll, Text } from './parts.tsx'

/** With more trials than this, tables of trials scroll in themselves. */
const MANY = 20

export function Method() {
  const { results } = useReport().study
  const { machine, comparison } = results
  return (
    <Section
      id="method"
      title="How it was made"
      intro="Every number can be traced: what each retriever was, on which machine, at what cost, under which fingerprint."
    >
      <div class="retrievers">
        {results.retrievers.map((retriever) => (
          <Retriever key={retriever.id} retriever={retriever} />
        ))}
      </div>
      <h3>Cost of each trial</h3>
      <p class="note">
        Times are of the work that made each artifact; “cached” trials took it from the workspace and did not repeat it.
      </p>
      <CostTable trials={results.trials} />
      <Runs trials={results.trials} />
      <h3>Measures and tests</h3>
      <dl class="facts-list wide">
        <dt>Measures</dt>
        <dd>
          {results.measures.join(', ')}; means over all judged queries of the split, queries without a result count 0
          (as trec_eval -c)
        </dd>
        <dt>Depth</dt>
        <dd>
          {formatCount(results.depth)} documents per query at most; measures without a cut, such as AP, see no more than
          these
        </dd>
        <dt>Test</dt>
        <dd>
          {results.comparisons.length === 0
            ? 'none'
            : `${testName(comparison)}; ${correctionName(comparison)}; α = ${comparison.alpha}`}
        </dd>
        <dt>Machine</dt>
        <dd>
          <Text>{machine.cpu}</Text>, {plural(machine.cores, 'core')}, {formatBytes(machine.memoryBytes)} memory,{' '}
          <Text>{machine.platform}</Text>, Node <Text>{machine.node}</Text>
        </dd>
        <dt>Software</dt>
        <dd>
          fieldtrial <Text>{results.fieldtrial}</Text>, result format {results.resultsVersion}
        </dd>
        <dt>Finished</dt>
        <dd>{formatTime(results.finishedAt)}</dd>
      </dl>
      <Warnings />
    </Section>
  )
}

function Retriever({ retriever }: { retriever: RetrieverResult }) {
  const facts = [
    retriever.dimension === null ? '' : `${formatCount(retriever.dimension)} dimensions`,
    retriever.parameters === null ? '' : `${formatCount(retriever.parameters)} parameters`,
    retriever.members.every((member) => retriever.summary.includes(member)) ? '' : `of ${retriever.members.join(', ')}`,
  ].filter(Boolean)
  return (
    <details class="card">
      <summary>
        <Text class="retriever-name">{retriever.id}</Text> <span class="tag">{retriever.kind}</span>{' '}
        <Text class="muted">{[retriever.summary, ...facts].join(' · ')}</Text>
        {retriever.warnings.map((warning) => (
          <span key={warning} class="warning">
            ! <Text>{warning}</Text>
          </span>
        ))}
      </summary>
      <pre dir="auto">{JSON.stringify(retriever.resolved, null, 2)}</pre>
    </details>
  )
}

function CostTable({ trials }: { trials: readonly TrialResult[] }) {
  return (
    <TableScroll label="Cost of each trial" tall={trials.length > MANY}>
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
              Documents cut
            </th>
            <th scope="col" class="number">
              Queries cut
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
          <td class="number">{cost.documentTokens === null ? NO_VALUE : formatCount(cost.documentTokens)}</td>
          <td class="number">{formatShare(cost.truncatedDocuments)}</td>
          <td class="number">{formatShare(cost.truncatedQueries)}</td>
          <td class="artifacts">{cost.cached ? <span class="tag">cached</span> : 'made now'}</td>
        </>
      ) : (
        <td colSpan={7}>
          <span class="tag bad">failed</span> <Text>{trial.error?.message ?? ''}</Text>
        </td>
      )}
    </tr>
  )
}

/** Where each run lies and by what it is known, for those who want to check it; folded, since the numbers do not need it. */
function Runs({ trials }: { trials: readonly TrialResult[] }) {
  return (
    <details class="figures-table">
      <summary>Run files and fingerprints</summary>
      <TableScroll label="Run files and fingerprints" tall={trials.length > MANY}>
        <table class="run-table">
          <caption class="hidden">Run files and fingerprints</caption>
          <thead>
            <tr>
              <th scope="col" class="name">
                Retriever
              </th>
              <th scope="col" class="name">
                Collection
              </th>
              <th scope="col" class="name">
                Run, beside results.json
              </th>
              <th scope="col" class="name">
                Fingerprint
              </th>
            </tr>
          </thead>
          <tbody>
            {trials.map((trial) => (
              <tr key={`${trial.retriever}\n${trial.collection}`}>
                <th scope="row">
                  <Name>{trial.retriever}</Name>
                </th>
                <td>
                  <Name>{trial.collection}</Name>
                </td>
                <td>
                  {trial.status === 'failed' ? (
                    <span class="tag bad">failed</span>
                  ) : (
                    <Text class="run-file">{trial.runFile ?? 'not written'}</Text>
                  )}
                </td>
                <td>
                  <code title={trial.fingerprint}>{trial.fingerprint.slice(0, 16)}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </details>
  )
}

function Warnings() {
  const warnings = trialWarnings(useReport().study.results)
  if (warnings.length === 0) return null
  return (
    <>
      <h3>Warnings</h3>
      <ul class="findings">
        {warnings.map(({ warning, places }) => (
          <li key={warning} class="warning">
            <span class="tag">! warning</span> <Text>{warning}</Text> <Text class="muted">{places.join('; ')}</Text>
          </li>
        ))}
      </ul>
    </>
  )
}
