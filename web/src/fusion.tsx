import {
  formatBytes,
  formatCount,
  formatDifference,
  formatMs,
  formatP,
  formatScore,
  formatShare,
  NO_VALUE,
} from '../../src/report/format.ts'
import { learnedText } from '../../src/report/fusion/learned.ts'
import { ABLATION_SENTENCE, fusionSentence } from '../../src/report/fusion/words.ts'
import type { FusionResult } from '../../src/study/results.ts'
import { useReport } from './context.ts'
import { ContributionChart } from './contribution-chart.tsx'
import { Name, Section, Select, TableScroll, Text } from './parts.tsx'

export function Fusion() {
  const { study, view, update } = useReport()
  const { results } = study
  const all = results.fusions ?? []
  const here = all.filter(({ collection }) => collection === view.fusionOf)
  const collections = [...new Set(all.map(({ collection }) => collection))]
  const ablated = here.filter(({ members }) => members.some(({ contribution }) => contribution !== null))
  return (
    <Section
      id="fusion"
      title="Fusion"
      intro={fusionSentence(results)}
      tools={
        collections.length > 1 && (
          <Select
            label="Collection"
            value={view.fusionOf}
            options={collections.map((name) => ({ value: name, label: name }))}
            onChange={(fusionOf) => update({ fusionOf })}
          />
        )
      }
    >
      <Gains fusions={here} measure={results.measures[0] ?? ''} />
      {ablated.length > 0 && (
        <>
          <h3>What each member adds</h3>
          <ContributionChart fusions={ablated} measure={results.measures[0] ?? ''} />
          <p class="note">{ABLATION_SENTENCE}</p>
          <Members fusions={ablated} />
        </>
      )}
      <Learned fusions={here} />
    </Section>
  )
}

const signed = (value: number, format: (size: number) => string) => `${value < 0 ? '−' : '+'}${format(Math.abs(value))}`
const closed = (share: number | null) =>
  share === null ? NO_VALUE : share < 0 ? `−${formatShare(-share)}` : formatShare(share)

function Gains({ fusions, measure }: { fusions: readonly FusionResult[]; measure: string }) {
  return (
    <TableScroll label="Fusions against their best single retriever">
      <table>
        <caption class="hidden">Fusions against the best single retriever that each is made of</caption>
        <thead>
          <tr>
            <th scope="col">Fusion</th>
            <th scope="col" class="number">
              {measure}
            </th>
            <th scope="col">Best single</th>
            {['Its score', 'Difference', 'p', 'p adjusted', 'Oracle', 'Closed', 'Per query', 'Index', 'Encodings'].map(
              (label) => (
                <th key={label} scope="col" class="number">
                  {label}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {fusions.map(({ retriever, best, gains, oracle, cost }) => {
            const gain = gains[0]!
            const tone = !gain.significant ? '' : gain.difference > 0 ? 'better' : 'worse'
            const sign = tone === '' ? '' : tone === 'better' ? '▲' : '▼'
            return (
              <tr key={retriever}>
                <th scope="row">
                  <Name>{retriever}</Name>
                </th>
                <td class="number score">{formatScore(gain.value)}</td>
                <td>
                  <Name>{best}</Name>
                </td>
                <td class="number">{formatScore(gain.bestValue)}</td>
                <td class={`number ${tone}`}>
                  {formatDifference(gain.difference)}
                  {sign}
                </td>
                <td class="number">{formatP(gain.p)}</td>
                <td class="number">{formatP(gain.pAdjusted)}</td>
                <td class="number">{formatScore(oracle.value)}</td>
                <td class="number">{closed(oracle.closed)}</td>
                <td class="number">{signed(cost.extraMsPerQuery, formatMs)}</td>
                <td class="number">{signed(cost.extraIndexBytes, formatBytes)}</td>
                <td class="number">
                  {cost.documentEncodings} / {cost.queryEncodings}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </TableScroll>
  )
}

/** The plot as a table, with what it cannot show. */
function Members({ fusions }: { fusions: readonly FusionResult[] }) {
  return (
    <details class="figures-table">
      <summary>Figures</summary>
      <TableScroll label="Members of the fusions in figures">
        <table>
          <thead>
            <tr>
              <th scope="col">Fusion</th>
              <th scope="col">Member</th>
              {['Alone', 'Without it', 'Contribution', 'p', 'Only finder'].map((label) => (
                <th key={label} scope="col" class="number">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {fusions.flatMap(({ retriever, members, relevant }) =>
              members.map(({ member, alone, without, contribution, onlyFinder }) => (
                <tr key={`${retriever}\n${member}`}>
                  <th scope="row">
                    <Name>{retriever}</Name>
                  </th>
                  <td>
                    <Name>{member}</Name>
                  </td>
                  <td class="number">{formatScore(alone)}</td>
                  <td class="number">{formatScore(without)}</td>
                  <td class="number">{formatDifference(contribution?.difference ?? null)}</td>
                  <td class="number">{contribution === null ? NO_VALUE : formatP(contribution.p)}</td>
                  <td class="number">
                    {onlyFinder === null || relevant === null
                      ? NO_VALUE
                      : `${formatCount(onlyFinder)} of ${formatCount(relevant)}`}
                  </td>
                </tr>
              )),
            )}
          </tbody>
        </table>
      </TableScroll>
    </details>
  )
}

function Learned({ fusions }: { fusions: readonly FusionResult[] }) {
  const learned = fusions.flatMap((fusion) => {
    const text = learnedText(fusion)
    return text === null ? [] : [{ retriever: fusion.retriever, text }]
  })
  if (learned.length === 0) return null
  return (
    <>
      <h3>What was learned</h3>
      <dl class="learned">
        {learned.map(({ retriever, text }) => (
          <div key={retriever}>
            <dt>
              <Name>{retriever}</Name>
            </dt>
            <dd>
              <Text>{text}</Text>
            </dd>
          </div>
        ))}
      </dl>
    </>
  )
}
