import { useState } from 'preact/hooks'
import { formatCount, formatScore, plural } from '../../src/report/format.ts'
import type { CollectionScores } from '../../src/report/page-data.ts'
import type { CollectionEvidence, QueryEvidence } from '../../src/study/results.ts'
import { useReport } from './context.ts'
import { DocumentText, GradeTag } from './document.tsx'
import { Text } from './parts.tsx'
import { scoreText } from './queries.tsx'
import { queryWords } from './words.ts'

interface Props {
  readonly id: string
  readonly a: string
  readonly b: string
  readonly evidence: CollectionEvidence | null
  readonly scores: CollectionScores
  /** All retrievers with a result here, best first. */
  readonly ranked: readonly string[]
}

/** Everything the page knows about one query. */
export function QueryDetail({ id, a, b, evidence, scores, ranked }: Props) {
  const { view } = useReport()
  const [more, setMore] = useState<readonly string[]>([])
  const query = evidence?.queries.find((q) => q.id === id)
  const position = scores.queries.indexOf(id)
  const shown = [a, b, ...more.filter((r) => r !== a && r !== b)]
  const toggle = (retriever: string) =>
    setMore((current) =>
      current.includes(retriever) ? current.filter((r) => r !== retriever) : [...current, retriever],
    )

  return (
    <div class="query-detail">
      {query !== undefined && (
        <p class="query-full">
          <Text>{query.text}</Text>
        </p>
      )}
      <div class="score-strip">
        {ranked.map((retriever) => {
          const fixed = retriever === a || retriever === b
          return (
            <button
              key={retriever}
              type="button"
              class="score-chip"
              aria-pressed={shown.includes(retriever)}
              disabled={fixed || query === undefined}
              onClick={() => toggle(retriever)}
            >
              <Text>{retriever}</Text> <b>{scoreText(scores.values[retriever]?.[view.measure]?.[position] ?? null)}</b>
            </button>
          )
        })}
      </div>
      {query === undefined || evidence === null ? (
        <p class="empty">
          {evidence === null
            ? 'The report keeps no texts of this collection.'
            : `The report keeps the texts of ${formatCount(evidence.queries.length)} of ${formatCount(evidence.queriesTotal)} queries, those on which the retrievers differ most; this is not one of them.`}
        </p>
      ) : (
        <>
          <Relevant query={query} evidence={evidence} shown={shown} />
          <div class="rankings">
            {shown.map((retriever) => (
              <Ranking key={retriever} retriever={retriever} query={query} evidence={evidence} />
            ))}
          </div>
        </>
      )}
    </div>
  )
}

/** Relevant documents, and where each of the retrievers put them. */
function Relevant({
  query,
  evidence,
  shown,
}: {
  query: QueryEvidence
  evidence: CollectionEvidence
  shown: readonly string[]
}) {
  const words = queryWords(query.text)
  return (
    <div class="relevant-documents">
      <h3>{plural(query.relevant.length, 'relevant document')}</h3>
      <table>
        <caption class="hidden">Ranks of the relevant documents</caption>
        <thead>
          <tr>
            <th scope="col" class="name">
              Document
            </th>
            {shown.map((retriever) => (
              <th key={retriever} scope="col" class="number">
                <Text>{retriever}</Text>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {query.relevant.map((document) => (
            <tr key={document.id}>
              <th scope="row">
                <GradeTag grade={document.grade} />
                <DocumentText id={document.id} evidence={evidence} words={words} />
              </th>
              {shown.map((retriever) => {
                const top = query.top[retriever] ?? []
                const rank = top.findIndex((entry) => entry.id === document.id)
                return (
                  <td key={retriever} class={`number ${rank < 0 ? 'muted' : ''}`}>
                    {rank >= 0 ? `rank ${rank + 1}` : top.length === 0 ? 'no result' : `> ${top.length}`}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Ranking({
  retriever,
  query,
  evidence,
}: {
  retriever: string
  query: QueryEvidence
  evidence: CollectionEvidence
}) {
  const top = query.top[retriever] ?? []
  const words = queryWords(query.text)
  return (
    <div class="ranking">
      <h3>
        <Text>{retriever}</Text>
      </h3>
      {top.length === 0 ? (
        <p class="empty">Found nothing.</p>
      ) : (
        <ol>
          {top.map((entry, rank) => (
            <li
              key={`${rank} ${entry.id}`}
              class={entry.grade === null ? 'unjudged' : entry.grade > 0 ? 'is-relevant' : 'is-irrelevant'}
            >
              <span class="rank">{rank + 1}</span>
              <div>
                <DocumentText id={entry.id} evidence={evidence} words={words} />
                <span class="entry-facts">
                  <GradeTag grade={entry.grade} />
                  <span class="muted">score {formatScore(entry.score)}</span>
                </span>
              </div>
            </li>
          ))}
        </ol>
      )}
    </div>
  )
}
