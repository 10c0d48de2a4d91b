import { formatBytes, formatCount, formatTime, plural } from '../../src/report/format.ts'
import { recipeFacts, shortSummary } from '../../src/report/recipe-facts.ts'
import { correctionName, testName, trialWarnings } from '../../src/report/words.ts'
import type { RetrieverResult, TrialResult } from '../../src/study/results.ts'
import { useReport } from './context.ts'
import { CostTable, MANY_TRIALS } from './cost-table.tsx'
import { Folded, Name, Section, TableScroll, Text } from './parts.tsx'
import { RecipeCard } from './recipe-card.tsx'

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
        Tokens count what the model read, prompts included; in small type those of queries. Tokens per second are of
        documents. Cut are texts longer than the maximum length. Peak memory is the process’s largest resident memory
        while documents were encoded.
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
  const facts = recipeFacts(useReport().study.results, retriever)
  const figures = [
    retriever.dimension === null ? '' : `${formatCount(retriever.dimension)} dimensions`,
    retriever.parameters === null ? '' : `${formatCount(retriever.parameters)} parameters`,
    retriever.members.every((member) => retriever.summary.includes(member)) ? '' : `of ${retriever.members.join(', ')}`,
  ].filter(Boolean)
  const resolved = () => <pre dir="auto">{JSON.stringify(retriever.resolved, null, 2)}</pre>
  const summary = (
    <>
      <Text class="retriever-name">{retriever.id}</Text> <span class="tag">{retriever.kind}</span>{' '}
      <Text class="muted">{[shortSummary(retriever), ...figures].join(' · ')}</Text>
      {retriever.warnings.map((warning) => (
        <span key={warning} class="warning">
          ! <Text>{warning}</Text>
        </span>
      ))}
    </>
  )
  return (
    <Folded class="card" summary={summary}>
      {facts === null
        ? resolved
        : () => (
            <>
              <RecipeCard facts={facts} />
              <Folded class="resolved" summary="All that was resolved, as it enters the fingerprint">
                {resolved}
              </Folded>
            </>
          )}
    </Folded>
  )
}

/** Where each run lies and by what it is known, for those who want to check it; folded, since the numbers do not need it. */
function Runs({ trials }: { trials: readonly TrialResult[] }) {
  return (
    <Folded class="figures-table" summary="Run files and fingerprints">
      {() => (
        <TableScroll label="Run files and fingerprints" tall={trials.length > MANY_TRIALS}>
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
      )}
    </Folded>
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
