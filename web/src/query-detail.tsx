import { useState } from 'preact/hooks'
import { formatCount, formatScore, plural } from '../../src/report/format.ts'
import type { CollectionScores } from '../../src/report/page-data.ts'
import type { CollectionEvidence, QueryEvidence } from '../../src/study/results.ts'
import { useReport } from './context.ts'
import { DocumentText, GradeTag } from './document.tsx'
import { Name, Text } from './parts.tsx'
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

/** Documents of a ranking that are shown at first; the others take a click. */
const SHORT = 5

/** Relevant documents that a study keeps per query at most; with as many there may be more. */
const MOST_RELEVANT = 10

/** Everything the page knows about one query. */
export function QueryDetail({ id, a, b, evidence, scores, ranked }: Props) {
  const [more, setMore] = useState<readonly string[]>([])
  const query = evidence?.queries.find((q) => q.id === id)
  const text = query?.text ?? (Object.hasOwn(evidence?.queryTexts ?? {}, id) ? evidence!.queryTexts[id]! : '')
  const position = scores.queries.indexOf(id)
  const shown = [a, b, ...more.filter((r) => r !== a && r !== b)]
  const toggle = (retriever: string) =>
    setMore((current) =>
      current.includes(retriever) ? current.filter((r) => r !== retriever) : [...current, retriever],
    )

  return (
    <div class="query-detail">
      {text !== '' && (
        <p class="query-full">
          <Text>{text}</Text>
        </p>
      )}
      {query === undefined || evidence === null ? (
        <>
          <Values scores={scores} position={position} ranked={ranked} pair={[a, b]} />
          <p class="note">
            {evidence === null
              ? 'The report keeps no texts of this collection.'
              : `The report keeps the documents of ${formatCount(evidence.queries.length)} of ${formatCount(evidence.queriesTotal)} queries, those on which the retrievers differ most. This is not one of them: of it, the start of its text and the values are kept.`}
          </p>
        </>
      ) : (
        <>
          <ScoreStrip {...{ scores, position, ranked, shown, toggle }} fixed={[a, b]} />
          <Relevant query={query} evidence={evidence} shown={shown} />
          <Rankings query={query} evidence={evidence} shown={shown} />
        </>
      )}
    </div>
  )
}

/** The value of each retriever under the chosen measure; a click adds its ranking to those shown. */
function ScoreStrip({
  scores,
  position,
  ranked,
  shown,
  fixed,
  toggle,
}: {
  scores: CollectionScores
  position: number
  ranked: readonly string[]
  shown: readonly string[]
  fixed: readonly string[]
  toggle(retriever: string): void
}) {
  const { view } = useReport()
  return (
    <div class="score-strip">
      {ranked.map((retriever) => (
        <button
          key={retriever}
          type="button"
          class="score-chip"
          aria-pressed={shown.includes(retriever)}
          disabled={fixed.includes(retriever)}
          onClick={() => toggle(retriever)}
        >
          <Text>{retriever}</Text> <b>{scoreText(scores.values[retriever]?.[view.measure]?.[position] ?? null)}</b>
        </button>
      ))}
    </div>
  )
}

/** All measures of all retrievers on one query. */
function Values({
  scores,
  position,
  ranked,
  pair,
}: {
  scores: CollectionScores
  position: number
  ranked: readonly string[]
  pair: readonly string[]
}) {
  const { measures } = useReport().study.results
  return (
    <div class="query-values">
      <table>
        <caption class="hidden">Values of this query</caption>
        <thead>
          <tr>
            <th scope="col" class="name">
              Retriever
            </th>
            {measures.map((measure) => (
              <th key={measure} scope="col" class="number">
                {measure}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ranked.map((retriever) => (
            <tr key={retriever}>
              <th scope="row" class={pair.includes(retriever) ? 'strong' : ''}>
                <Name>{retriever}</Name>
              </th>
              {measures.map((measure) => (
                <td key={measure} class="number">
                  {scoreText(scores.values[retriever]?.[measure]?.[position] ?? null)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
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
      <h3>
        {query.relevant.length < MOST_RELEVANT
          ? plural(query.relevant.length, 'relevant document')
          : `The ${query.relevant.length} relevant documents of the highest grade`}
      </h3>
      <table>
        <caption class="hidden">Ranks of the relevant documents</caption>
        <thead>
          <tr>
            <th scope="col" class="name">
              Document
            </th>
            {shown.map((retriever) => (
              <th key={retriever} scope="col" class="number">
                <span class="muted">Rank under</span> <Text>{retriever}</Text>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {query.relevant.map((document, i) => (
            <tr key={document.id}>
              <th scope="row">
                <GradeTag grade={document.grade} />
                <DocumentText id={document.id} evidence={evidence} words={words} />
              </th>
              {shown.map((retriever) => (
                <RankCell key={retriever} retriever={retriever} rank={query.ranks[retriever]?.[i] ?? null} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** On narrow screens the style puts the retriever's name before the rank, in place of the table's head. */
function RankCell({ retriever, rank }: { retriever: string; rank: number | null }) {
  const { depth } = useReport().study.results
  if (rank !== null)
    return (
      <td class="number" data-retriever={retriever}>
        {formatCount(rank)}
      </td>
    )
  return (
    <td
      class="number muted"
      data-retriever={retriever}
      title={`Not in the run, which is at most ${formatCount(depth)} documents deep`}
    >
      not found
    </td>
  )
}

/** What each retriever found, beside each other; one switch for all, so that they stay comparable. */
function Rankings({
  query,
  evidence,
  shown,
}: {
  query: QueryEvidence
  evidence: CollectionEvidence
  shown: readonly string[]
}) {
  const [long, setLong] = useState(false)
  const longest = Math.max(0, ...shown.map((retriever) => query.top[retriever]?.length ?? 0))
  return (
    <>
      <div class="rankings">
        {shown.map((retriever) => (
          <Ranking
            key={retriever}
            retriever={retriever}
            query={query}
            evidence={evidence}
            count={long ? longest : SHORT}
          />
        ))}
      </div>
      {longest > SHORT && (
        <button type="button" class="quiet longer" aria-expanded={long} onClick={() => setLong(!long)}>
          {long ? `Show ${SHORT} documents` : `Show ${longest} documents`}
        </button>
      )}
    </>
  )
}

function Ranking({
  retriever,
  query,
  evidence,
  count,
}: {
  retriever: string
  query: QueryEvidence
  evidence: CollectionEvidence
  count: number
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
          {top.slice(0, count).map((entry, rank) => (
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
