import { scaleLinear } from 'd3-scale'
import { formatDifference } from '../../src/report/format.ts'
import type { FusionResult } from '../../src/study/results.ts'
import { useWidth } from './parts.tsx'

const ROW = 20
const HEAD = 26
const MARGIN = { top: 22, right: 30, bottom: 8 }
/** Longest name shown whole; the title holds the rest. */
const NAME = 26

interface Props {
  readonly fusions: readonly FusionResult[]
  readonly measure: string
}

/** A bar for each member of each fusion: what the fusion loses without it, with the interval of the difference. */
export function ContributionChart(props: Props) {
  const [ref, width] = useWidth()
  return (
    <div ref={ref} class="plot" style={{ minHeight: `${heightOf(props.fusions)}px` }}>
      {width > 0 && <Chart {...props} width={width} />}
    </div>
  )
}

const heightOf = (fusions: readonly FusionResult[]) =>
  MARGIN.top + MARGIN.bottom + fusions.reduce((sum, { members }) => sum + HEAD + ROW * members.length, 0)

const cut = (name: string) => (name.length > NAME ? `${name.slice(0, NAME - 1)}…` : name)

function Chart({ fusions, measure, width }: Props & { width: number }) {
  const left = Math.min(200, width / 3)
  const ends = fusions.flatMap(({ members }) =>
    members.flatMap(({ contribution }) =>
      contribution === null ? [] : [...contribution.interval, contribution.difference],
    ),
  )
  const x = scaleLinear()
    .domain([Math.min(0, ...ends), Math.max(0.001, ...ends)])
    .nice(5)
    .range([left, width - MARGIN.right])
  let y = MARGIN.top
  const groups = fusions.map((fusion) => {
    const top = y
    y += HEAD + ROW * fusion.members.length
    return { fusion, top }
  })
  const height = heightOf(fusions)
  return (
    <svg
      width={width}
      height={height}
      role="img"
      aria-label={`What each member adds to the ${measure} of its fusion; the figures follow as a table.`}
      class="differences contributions"
    >
      <g class="grid">
        {x.ticks(5).map((tick) => (
          <g key={tick} transform={`translate(${x(tick)},0)`}>
            <line y1={MARGIN.top - 4} y2={height - MARGIN.bottom} class={tick === 0 ? 'zero' : ''} />
            <text y={MARGIN.top - 9} text-anchor="middle">
              {tick === 0 ? '0' : formatDifference(tick, 2)}
            </text>
          </g>
        ))}
      </g>
      {groups.map(({ fusion, top }) => (
        <g key={fusion.retriever}>
          <text class="chart-label" x={0} y={top + 16}>
            <title>{fusion.retriever}</title>
            {cut(fusion.retriever)}
          </text>
          {fusion.members.map(({ member, contribution }, i) => {
            const middle = top + HEAD + ROW * i + ROW / 2
            return (
              <g key={member}>
                <text class="chart-name" x={left - 8} y={middle} dy="0.32em" text-anchor="end">
                  <title>{member}</title>
                  {cut(member)}
                </text>
                {contribution !== null && (
                  <>
                    <path
                      class={contribution.difference < 0 ? 'worse' : 'better'}
                      d={`M${x(0)},${middle - 6}H${x(contribution.difference)}V${middle + 6}H${x(0)}Z`}
                    >
                      <title>{`${member}: ${formatDifference(contribution.difference)} (${formatDifference(contribution.interval[0])} to ${formatDifference(contribution.interval[1])})`}</title>
                    </path>
                    <line
                      class="interval"
                      x1={x(contribution.interval[0])}
                      x2={x(contribution.interval[1])}
                      y1={middle}
                      y2={middle}
                    />
                  </>
                )}
              </g>
            )
          })}
        </g>
      ))}
    </svg>
  )
}
