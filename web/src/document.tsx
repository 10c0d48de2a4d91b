import type { CollectionEvidence } from '../../src/study/results.ts'
import { Text } from './parts.tsx'
import { markWords } from './words.ts'

/** What a judge said: never by colour alone. */
export function GradeTag({ grade }: { grade: number | null }) {
  if (grade === null) return <span class="tag unjudged">not judged</span>
  if (grade > 0) return <span class="tag relevant">✓ relevant{grade > 1 ? `, grade ${grade}` : ''}</span>
  return <span class="tag irrelevant">✕ not relevant{grade < 0 ? `, grade ${grade}` : ''}</span>
}

interface Props {
  readonly id: string
  readonly evidence: CollectionEvidence
  /** Words of the query, marked in the text. */
  readonly words: ReadonlySet<string>
}

/** Characters under the title of a closed document: about two lines. */
const SNIPPET = 240

/** A document's title and the start of its text; it opens to all that the page keeps. */
export function DocumentText({ id, evidence, words }: Props) {
  const document = Object.hasOwn(evidence.documents, id) ? evidence.documents[id] : undefined
  if (document === undefined)
    return (
      <span class="document">
        <Text class="document-id">{id}</Text> <span class="muted">text not kept, or not in the corpus</span>
      </span>
    )
  const start = document.text.slice(0, SNIPPET)
  return (
    <details class="document">
      <summary>
        <Text class="document-title">{document.title || (start === '' ? '(empty document)' : '(no title)')}</Text>{' '}
        <Text class="document-id">{id}</Text>
        {start !== '' && (
          <span class="snippet" dir="auto">
            <Marked text={start} words={words} />
          </span>
        )}
      </summary>
      <p dir="auto">
        <Marked text={document.text} words={words} />
        {document.cut && <span class="muted"> … (cut here)</span>}
      </p>
    </details>
  )
}

function Marked({ text, words }: { text: string; words: ReadonlySet<string> }) {
  return (
    <>
      {markWords(text, words).map((piece, i) =>
        piece.marked ? <mark key={i}>{piece.text}</mark> : <span key={i}>{piece.text}</span>,
      )}
    </>
  )
}
