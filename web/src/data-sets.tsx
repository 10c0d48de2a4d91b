import { formatCount, formatScore, formatShare, NO_VALUE } from '../../src/report/format.ts'
import { cappedMeasures, lengthRows } from '../../src/report/lint-rows.ts'
import type { CollectionResult } from '../../src/study/results.ts'
import { useReport } from './context.ts'
import { Section, TableScroll, Text } from './parts.tsx'

export function DataSets() {
  const { collections } = useReport().study.results
  return (
    <Section id="data" title="Data" intro="What the collections hold, and what a reader of their numbers should know.">
      <div class="cards">
        {collections.map((collection) => (
          <Card key={collection.name} collection={collection} />
        ))}
      </div>
    </Section>
  )
}

function Card({ collection }: { collection: CollectionResult }) {
  const perQuery = collection.queries === 0 ? 0 : collection.judgments / collection.queries
  return (
    <article class="card">
      <h3>
        <Text>{collection.name}</Text> <span class="muted">{collection.split}</span>
      </h3>
      <dl class="figures">
        <Figure name="documents" value={formatCount(collection.documents)} />
        <Figure name="queries" value={formatCount(collection.queries)} />
        <Figure name="judgments" value={formatCount(collection.judgments)} />
        <Figure name="per query" value={perQuery.toFixed(1)} />
      </dl>
      <dl class="facts-list">
        <dt>Source</dt>
        <dd>
          <Text>{collection.source}</Text>
        </dd>
        <dt>Text</dt>
        <dd>
          <Text>{collection.titleRule}</Text>
        </dd>
        <dt>Own id</dt>
        <dd>
          {collection.removeSelf
            ? "a document with the query's id is dropped from its ranking (BEIR's rule)"
            : 'documents are never dropped from a ranking'}
        </dd>
        <dt>Fingerprint</dt>
        <dd>
          <code title={collection.fingerprint}>{collection.fingerprint.slice(0, 16)}</code>
        </dd>
      </dl>
      {collection.findings.length === 0 ? (
        <p class="muted">Nothing to report.</p>
      ) : (
        <ul class="findings">
          {collection.findings.map((finding) => (
            <li key={`${finding.code} ${finding.message}`} class={finding.level}>
              <span class="tag">{finding.level === 'warning' ? '! warning' : 'info'}</span>{' '}
              <Text>{finding.message}</Text>{' '}
              {finding.level === 'warning' && finding.count < finding.of && (
                <span class="muted">({formatShare(finding.count / finding.of)})</span>
              )}
              {finding.examples.length > 0 && (
                <div class="muted examples">
                  e.g. <Text>{finding.examples.join(', ')}</Text>
                </div>
              )}
              {finding.level === 'warning' && finding.hint !== undefined && (
                <div class="muted hint">
                  <Text>{finding.hint}</Text>
                </div>
              )}
            </li>
          ))}
        </ul>
      )}
      <Ceilings collection={collection} />
      <Lengths collection={collection} />
    </article>
  )
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

/** The best that identical documents leave to be reached. */
function Ceilings({ collection }: { collection: CollectionResult }) {
  const rows = cappedMeasures(collection)
  if (rows.length === 0) return null
  return (
    <TableScroll label={`Ceilings of ${collection.name}`}>
      <table>
        <caption>Identical documents cap these measures</caption>
        <thead>
          <tr>
            <th scope="col">Measure</th>
            <th scope="col" class="number">
              At best
            </th>
            <th scope="col" class="number">
              Without twins
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ measure, value, apart }) => (
            <tr key={measure}>
              <th scope="row">{measure}</th>
              <td class="number">{formatScore(value)}</td>
              <td class="number">{formatScore(apart)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  )
}

/** How long documents and queries are, and what each encoder cuts. */
function Lengths({ collection }: { collection: CollectionResult }) {
  const rows = lengthRows(collection)
  if (rows.length === 0) return null
  return (
    <details>
      <summary>Lengths of documents and queries</summary>
      <TableScroll label={`Lengths of ${collection.name}`}>
        <table>
          <thead>
            <tr>
              <th scope="col">Of</th>
              <th scope="col">Length in</th>
              {['Mean', 'Median', '90 %', '99 %', 'Most', 'Cut'].map((label) => (
                <th key={label} scope="col" class="number">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ side, unit, mean, median, p90, p99, max, cut }) => (
              <tr key={`${side} ${unit}`}>
                <td>{side}</td>
                <td>
                  <Text>{unit}</Text>
                </td>
                {[Math.round(mean), median, p90, p99, max].map((value, i) => (
                  <td key={i} class="number">
                    {formatCount(value)}
                  </td>
                ))}
                <td class="number">
                  {cut === null ? NO_VALUE : `${formatShare(cut.share)} at ${formatCount(cut.at)}`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </details>
  )
}
