import { formatBytes, formatCount, formatTime, plural } from '../../src/report/format.ts'
import { failures } from '../../src/report/leaderboard.ts'
import { type Tone, type Verdict, verdicts } from '../../src/report/verdict.ts'
import { failureSummary, smokeSentence } from '../../src/report/words.ts'
import { useReport } from './context.ts'
import { Text } from './parts.tsx'

/** A glyph and a word for each tone, so that colour is never the only sign. */
const SIGNS: Record<Tone, { glyph: string; word: string }> = {
  better: { glyph: '▲', word: 'significantly better than the baseline' },
  level: { glyph: '≈', word: 'no significant lead over the baseline' },
  baseline: { glyph: '●', word: 'nothing above the baseline' },
  untested: { glyph: '○', word: 'not tested' },
  empty: { glyph: '✕', word: 'no result' },
}

/** With more collections than this, their sentences are folded: the reader with thirty seconds comes first. */
const MANY = 4

export function Masthead() {
  const { study, view } = useReport()
  const { results } = study
  const [first, ...rest] = verdicts(results, view.measure)
  const queries = results.collections.reduce((sum, c) => sum + c.queries, 0)
  return (
    <header class="masthead">
      <p class="eyebrow">
        <span class="brand">fieldtrial</span> {results.fieldtrial} · {formatTime(results.finishedAt)}
      </p>
      <h1>
        <Text>{results.study}</Text>
      </h1>
      {results.description !== '' && (
        <p class="description">
          <Text>{results.description}</Text>
        </p>
      )}
      <p class="facts">
        {plural(results.retrievers.length, 'retriever')} · {plural(results.collections.length, 'collection')} ·{' '}
        {plural(queries, 'query', 'queries')} · {formatCount(results.collections.reduce((s, c) => s + c.documents, 0))}{' '}
        documents · {results.machine.cpu}, {plural(results.machine.cores, 'core')},{' '}
        {formatBytes(results.machine.memoryBytes)}
      </p>
      <Banners />
      {first !== undefined && (
        <div class="verdict">
          <p class="headline">
            <Sentence verdict={first} />
          </p>
          {rest.length > MANY ? (
            <details>
              <summary>
                {rest.map((verdict) => (
                  <span key={verdict.collection} class={`outcome ${verdict.tone}`}>
                    <Sign tone={verdict.tone} /> <bdi>{verdict.collection}</bdi>
                  </span>
                ))}
              </summary>
              <Sentences verdicts={rest} />
            </details>
          ) : (
            rest.length > 0 && <Sentences verdicts={rest} />
          )}
        </div>
      )}
    </header>
  )
}

/** `p = 0.01` and `95 %` are not broken over lines. */
function keepTogether(text: string): string {
  return text.replace(/ ([=<%]) ?/g, (match) => match.replaceAll(' ', '\u00a0').replace(/%\u00a0/, '% '))
}

function Sentences({ verdicts }: { verdicts: readonly Verdict[] }) {
  return (
    <ul>
      {verdicts.map((verdict) => (
        <li key={verdict.collection} class={verdict.tone}>
          <Sign tone={verdict.tone} />
          <span>
            <Sentence verdict={verdict} />
          </span>
        </li>
      ))}
    </ul>
  )
}

function Sign({ tone }: { tone: Tone }) {
  return (
    <span class="sign" role="img" aria-label={SIGNS[tone].word} title={SIGNS[tone].word}>
      {SIGNS[tone].glyph}
    </span>
  )
}

function Sentence({ verdict }: { verdict: Verdict }) {
  return (
    <>
      {verdict.parts.map((part, i) =>
        part.kind === 'text' ? (
          keepTogether(part.text)
        ) : part.kind === 'name' ? (
          <strong key={i}>
            <bdi>{part.text}</bdi>
          </strong>
        ) : (
          <span key={i} class="value">
            {part.text}
          </span>
        ),
      )}
    </>
  )
}

function Banners() {
  const { results } = useReport().study
  const smoke = smokeSentence(results)
  const failed = failureSummary(results)
  return (
    <>
      {smoke !== null && (
        <div class="banner smoke" role="alert">
          <strong>Not a result</strong>
          <p>{smoke}</p>
        </div>
      )}
      {failed !== null && (
        <div class="banner failed" role="alert">
          <strong>{failed}</strong>
          <ul>
            {failures(results).map((trial) => (
              <li key={`${trial.retriever}\n${trial.collection}`}>
                <Text>{trial.retriever}</Text> on <Text>{trial.collection}</Text>:{' '}
                <Text>{trial.error?.message ?? 'no reason was recorded'}</Text>
                {trial.error?.hint !== undefined && (
                  <>
                    {' '}
                    <Text>{trial.error.hint}</Text>
                  </>
                )}{' '}
                {trial.error !== null && <code>{trial.error.code}</code>}
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  )
}
