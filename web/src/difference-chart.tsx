import { scaleLinear } from 'd3-scale'
import { formatDifference, plural } from '../../src/report/format.ts'
import type { PairCounts, PairRow } from './pair.ts'
import { useWidth } from './parts.tsx'

const HEIGHT = 150
const MARGIN = { top: 8, right: 8, bottom: 8, left: 44 }

interface Props {
  readonly rows: readonly PairRow[]
  readonly counts: PairCounts
  readonly a: string
  readonly b: string
}

/** Every query's difference, sorted: how often and how far the two retrievers part. One step per query, or per pixel when there are more. */
export function DifferenceChart({ rows, counts, a, b }: Props) {
  const [ref, width] = useWidth()
  return (
    <div ref={ref} class="plot" style={{ minHeight: `${HEIGHT}px` }}>
      {width > 0 && rows.length > 0 && <Chart {...{ rows, counts, a, b, width }} />}
    </div>
  )
}

function Chart({ rows, counts, a, b, width }: Props & { width: number }) {
  const sorted = rows.map((row) => row.difference).sort((x, y) => y - x)
  const widest = Math.max(Math.abs(sorted[0]!), Math.abs(sorted.at(-1)!), 1e-6)
  const x = scaleLinear()
    .domain([0, sorted.length])
    .range([MARGIN.left, width - MARGIN.right])
  const y = scaleLinear()
    .domain([-widest, widest])
    .range([HEIGHT - MARGIN.bottom, MARGIN.top])
  const label =
    `Differences by query, sorted: ${a} wins ${plural(counts.wins, 'query', 'queries')}, ` +
    `${b} wins ${counts.losses}, ${counts.ties} are ties.`
  return (
    <svg width={width} height={HEIGHT} role="img" aria-label={label} class="differences">
      <g class="grid">
        {[widest, 0, -widest].map((tick) => (
          <g key={tick} transform={`translate(0,${y(tick)})`}>
            <line x1={MARGIN.left} x2={width - MARGIN.right} class={tick === 0 ? 'zero' : ''} />
            <text x={MARGIN.left - 8} dy="0.32em" text-anchor="end">
              {tick === 0 ? '0' : formatDifference(tick, 2)}
            </text>
          </g>
        ))}
      </g>
      <path class="better" d={area(sorted.slice(0, counts.wins), 0, x, y)} />
      <path class="worse" d={area(sorted.slice(counts.wins + counts.ties), counts.wins + counts.ties, x, y)} />
      <text class="chart-label better" x={x(0) + 10} y={y(0) + 18}>
        ▲ {a.length > 24 ? 'first' : a} better: {counts.wins}
      </text>
      <text class="chart-label worse" x={x(sorted.length) - 10} y={y(0) - 10} text-anchor="end">
        ▼ {b.length > 24 ? 'second' : b} better: {counts.losses}
      </text>
    </svg>
  )
}

type Scale = (value: number) => number

function area(values: readonly number[], offset: number, x: Scale, y: Scale): string {
  if (values.length === 0) return ''
  const step = Math.max(1, Math.floor(values.length / 1200))
  let path = `M${x(offset).toFixed(1)},${y(0)}`
  for (let i = 0; i < values.length; i += step)
    path += `V${y(values[i]!).toFixed(1)}H${x(offset + Math.min(values.length, i + step)).toFixed(1)}`
  return `${path}V${y(0)}Z`
}
