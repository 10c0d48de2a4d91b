import { scaleLinear } from 'd3-scale'
import { formatCount, formatDifference, formatP, NO_VALUE } from '../../src/report/format.ts'
import { mark } from '../../src/report/leaderboard.ts'
import { correctionName, intervalLevel, testName, whyNothingTested } from '../../src/report/words.ts'
import type { ComparisonResult } from '../../src/study/results.ts'
import { useReport } from './context.ts'
import { Name, Section, TableScroll, Text } from './parts.tsx'

const PLOT_WIDTH = 240
const ROW_HEIGHT = 38
const MIDDLE = ROW_HEIGHT / 2

export function Significance() {
  const { study, view, link } = useReport()
  const { results } = study
  const { comparison } = results
  const shown = results.comparisons.filter((c) => c.measure === view.measure)
  if (comparison.baseline === null || shown.length === 0)
    return (
      <Section id="significance" title="Significance">
        <p class="empty">
          {results.retrievers.length < 2
            ? 'The study has one retriever: there is nothing to compare it with.'
            : (whyNothingTested(results) ?? `No difference in ${view.measure} was tested.`)}
        </p>
      </Section>
    )
  const ends = shown.flatMap((c) => [...c.interval, c.difference])
  const scale = scaleLinear()
    .domain([Math.min(0, ...ends), Math.max(0, ...ends)])
    .range([22, PLOT_WIDTH - 22])
  const groups = results.collections
    .map((collection) => ({
      collection,
      rows: shown.filter((c) => c.collection === collection.name).sort((a, b) => b.difference - a.difference),
    }))
    .filter((group) => group.rows.length > 0)
  const level = intervalLevel(comparison)
  return (
    <Section
      id="significance"
      title="Significance"
      intro={
        <>
          Difference in <b>{view.measure}</b> to the baseline <Text>{comparison.baseline}</Text>, paired by query:{' '}
          {testName(comparison)}, {correctionName(comparison)}, α = {comparison.alpha}. Intervals ({level}, bootstrap)
          hold for each comparison by itself.
        </>
      }
    >
      <TableScroll label="Differences to the baseline">
        <table class="significance">
          <caption class="hidden">Differences in {view.measure} to the baseline</caption>
          <thead>
            <tr>
              <th scope="col" class="name">
                Retriever
              </th>
              <th scope="col" class="number">
                Difference
              </th>
              <th scope="col">
                <Axis scale={scale} label={`${level} interval`} />
              </th>
              <th scope="col" class="number">
                p
              </th>
              <th scope="col" class="number">
                p adjusted
              </th>
              <th scope="col" class="number" title="Cohen's d_z: mean difference over its standard deviation">
                Effect d<sub>z</sub>
              </th>
              <th scope="col" class="number">
                Wins / losses / ties
              </th>
            </tr>
          </thead>
          {groups.map(({ collection, rows }) => (
            <tbody key={collection.name}>
              {groups.length > 1 && (
                <tr class="group">
                  <th scope="rowgroup" colSpan={7}>
                    <Text>{collection.name}</Text> <span class="muted">{formatCount(collection.queries)} queries</span>
                  </th>
                </tr>
              )}
              {rows.map((c) => (
                <tr key={c.retriever}>
                  <th scope="row">
                    <a
                      href={link({
                        section: 'queries',
                        collection: c.collection,
                        a: c.retriever,
                        b: c.baseline,
                        open: '',
                        page: 0,
                      })}
                    >
                      <Name>{c.retriever}</Name>
                    </a>
                  </th>
                  <td class="number">
                    {formatDifference(c.difference)}
                    <span class={`mark ${c.difference > 0 ? 'better' : 'worse'}`}>{mark(c)}</span>
                  </td>
                  <td class="forest">
                    <Forest c={c} scale={scale} />
                  </td>
                  <td class="number">{formatP(c.p)}</td>
                  <td class={`number ${c.significant ? 'strong' : ''}`}>{formatP(c.pAdjusted)}</td>
                  <td class="number">{c.effect === null ? NO_VALUE : formatDifference(c.effect, 2)}</td>
                  <td class="number">
                    {formatCount(c.wins)} / {formatCount(c.losses)} / {formatCount(c.ties)}
                  </td>
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      </TableScroll>
      <p class="note">
        Each retriever is tested against the baseline only. Two retrievers that both differ from it need not differ from
        each other.
      </p>
    </Section>
  )
}

type Scale = ReturnType<typeof scaleLinear<number, number>>

function Axis({ scale, label }: { scale: Scale; label: string }) {
  return (
    <span class="forest-head">
      {label}
      <svg width={PLOT_WIDTH} height={16} aria-hidden="true">
        {scale.ticks(3).map((tick) => (
          <text key={tick} x={scale(tick)} y={12} text-anchor="middle">
            {tick === 0 ? '0' : formatDifference(tick, scale.ticks(3).every((t) => Number.isInteger(t * 10)) ? 1 : 2)}
          </text>
        ))}
      </svg>
    </span>
  )
}

function Forest({ c, scale }: { c: ComparisonResult; scale: Scale }) {
  const tone = c.significant ? (c.difference > 0 ? 'better' : 'worse') : 'open'
  const [low, high] = c.interval
  return (
    <svg
      width={PLOT_WIDTH}
      height={ROW_HEIGHT}
      class={tone}
      role="img"
      aria-label={`${formatDifference(low)} to ${formatDifference(high)}`}
    >
      <title>{`${formatDifference(low)} to ${formatDifference(high)}`}</title>
      {scale.ticks(3).map((tick) => (
        <line
          key={tick}
          class={tick === 0 ? 'zero' : 'tick'}
          x1={scale(tick)}
          x2={scale(tick)}
          y1={0}
          y2={ROW_HEIGHT}
        />
      ))}
      <line class="whisker" x1={scale(low)} x2={scale(high)} y1={MIDDLE} y2={MIDDLE} />
      <line class="whisker" x1={scale(low)} x2={scale(low)} y1={MIDDLE - 3.5} y2={MIDDLE + 3.5} />
      <line class="whisker" x1={scale(high)} x2={scale(high)} y1={MIDDLE - 3.5} y2={MIDDLE + 3.5} />
      <circle cx={scale(c.difference)} cy={MIDDLE} r={4} />
    </svg>
  )
}
