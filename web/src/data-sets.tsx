import { formatCount, formatShare } from '../../src/report/format.ts'
import type { CollectionResult } from '../../src/study/results.ts'
import { useReport } from './context.ts'
import { Section, Text } from './parts.tsx'

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
            <li key={finding.code} class={finding.level}>
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
            </li>
          ))}
        </ul>
      )}
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
