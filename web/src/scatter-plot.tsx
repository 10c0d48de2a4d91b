import { scaleLinear, scaleLog } from 'd3-scale'
import { formatScore } from '../../src/report/format.ts'
import { shortNames } from '../../src/report/names.ts'
import { placeLabels } from './labels.ts'
import { useWidth } from './parts.tsx'

/** A retriever in a plot: its score against something else. */
export interface PlotPoint {
  readonly id: string
  readonly kind: string
  readonly isBaseline: boolean
  readonly x: number
  readonly y: number
}

interface Props {
  readonly points: readonly PlotPoint[]
  /** Points that no other beats, ordered by x; by default none is shown as such. */
  readonly front?: readonly PlotPoint[]
  /** Whether x may turn logarithmic where it spans much; default true. */
  readonly logarithmic?: boolean
  readonly xLabel: string
  readonly yLabel: string
  format(value: number): string
}

const MARGIN = { right: 24, bottom: 46, left: 52 }

/** Letters of a name in the plot. */
const MAX_LABEL = 28

/** Height of a line above the plot, which holds the name of the y axis, and beside it the legend where there is room. */
const LINE = 20
const LEGEND_ENTRY = 74

export function ScatterPlot(props: Props) {
  const [ref, width] = useWidth()
  const height = width < 560 ? 320 : 400
  return (
    <div ref={ref} class="plot" style={{ minHeight: `${height}px` }}>
      {width > 0 && <Chart {...props} width={width} height={height} />}
    </div>
  )
}

function Chart(props: Props & { width: number; height: number }) {
  const { points, front = [], logarithmic = true, xLabel, yLabel, format, width, height } = props
  const kinds = [...new Set(points.map((p) => p.kind))]
  const yTitle = `↑ ${yLabel}`
  const legendBelow = textWidth(yTitle) + 12 + kinds.length * LEGEND_ENTRY + MARGIN.right > width
  const top = 8 + LINE + (legendBelow ? LINE : 0)
  const x = xScale(points, logarithmic).range([MARGIN.left, width - MARGIN.right])
  const y = yScale(points).range([height - MARGIN.bottom, top])
  const ticks = x.ticks(Math.max(2, Math.floor(width / 140)))
  const xTicks = 'base' in x ? thin(ticks, width < 560 ? 4 : 8) : ticks
  const yTicks = y.ticks(5)
  const onFront = new Set(front)
  const names = shortNames(
    points.map((p) => p.id),
    MAX_LABEL,
  )
  const labels = placeLabels(
    points.map((p, i) => {
      const text = names[i]!
      return { x: x(p.x), y: y(p.y), text, width: textWidth(text) }
    }),
    { left: MARGIN.left, right: width, top: top - 6, bottom: height - MARGIN.bottom },
  )
  const path = front
    .map((p, i) => (i === 0 ? `M${x(p.x)},${y(p.y)}` : `H${x(p.x)}V${y(p.y)}`))
    .join('')
    .concat(`H${width - MARGIN.right}`)
  return (
    <svg width={width} height={height} role="img" aria-label={`${yLabel} against ${xLabel}`}>
      <g class="grid">
        {yTicks.map((tick) => (
          <g key={tick} transform={`translate(0,${y(tick)})`}>
            <line x1={MARGIN.left} x2={width - MARGIN.right} />
            <text x={MARGIN.left - 8} dy="0.32em" text-anchor="end">
              {y.tickFormat(5)(tick)}
            </text>
          </g>
        ))}
        {xTicks.map((tick) => (
          <g key={tick} transform={`translate(${x(tick)},0)`}>
            <line y1={top} y2={height - MARGIN.bottom} />
            <text y={height - MARGIN.bottom + 18} text-anchor="middle">
              {format(tick).replace(/\.0+(?= )/, '')}
            </text>
          </g>
        ))}
      </g>
      <text class="axis-title" x={width - MARGIN.right} y={height - 6} text-anchor="end">
        {xLabel} →
      </text>
      <text class="axis-title" x={4} y={14}>
        {yTitle}
      </text>
      {front.length > 0 && <path class="front" d={path} />}
      {points.map((p, i) => (
        <g key={p.id} class={`point ${onFront.has(p) ? 'on-front' : ''}`}>
          <title>{about(p, format)}</title>
          <circle class="target" cx={x(p.x)} cy={y(p.y)} r={14} />
          <path class="symbol" d={symbol(p.kind)} transform={`translate(${x(p.x)},${y(p.y)})`} />
          {labels[i] !== null && (
            <text x={labels[i]!.x} y={labels[i]!.y} text-anchor={labels[i]!.anchor} dy="0.32em">
              {labels[i]!.text}
            </text>
          )}
        </g>
      ))}
      <Legend
        x={legendBelow ? 0 : width - MARGIN.right - kinds.length * LEGEND_ENTRY}
        y={legendBelow ? 12 + LINE : 12}
        kinds={kinds}
      />
    </svg>
  )
}

function about(p: PlotPoint, format: (value: number) => string): string {
  return `${p.id}${p.isBaseline ? ' (baseline)' : ''}: ${formatScore(p.y)}, ${format(p.x)}`
}

/** Lexical square, dense circle, fusion diamond. */
function symbol(kind: string): string {
  if (kind === 'bm25') return 'M-4.6,-4.6h9.2v9.2h-9.2z'
  if (kind === 'fusion') return 'M0,-6.4L6.4,0L0,6.4L-6.4,0z'
  return 'M-5.2,0a5.2,5.2 0 1,0 10.4,0a5.2,5.2 0 1,0 -10.4,0z'
}

const NAMES: Record<string, string> = { bm25: 'BM25', dense: 'dense', fusion: 'fusion' }

function Legend({ x, y, kinds }: { x: number; y: number; kinds: readonly string[] }) {
  return (
    <g class="legend" transform={`translate(${x},${y})`}>
      {kinds.map((kind, i) => (
        <g key={kind} transform={`translate(${i * LEGEND_ENTRY + 12},0)`}>
          <path class="symbol" d={symbol(kind)} />
          <text x={11} dy="0.32em">
            {NAMES[kind] ?? kind}
          </text>
        </g>
      ))}
    </g>
  )
}

/** Logarithmic, where that is allowed and costs span more than a factor of eight, with some air on both sides. */
function xScale(points: readonly PlotPoint[], logarithmic: boolean) {
  const values = points.map((p) => p.x)
  const [low, high] = [Math.min(...values), Math.max(...values)]
  if (logarithmic && low > 0 && high / low > 8) return scaleLog().domain([low / 1.5, high * 1.8])
  const air = (high - low) * 0.12 || Math.abs(high) * 0.5 || 1
  return scaleLinear().domain([low > 0 && low < high / 2 ? 0 : low - air, high + air])
}

/** The values with some air around them, but never beyond what a measure can be: 0 to 1, or 0 and up for counts. */
function yScale(points: readonly PlotPoint[]) {
  const values = points.map((p) => p.y)
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const air = (high - low) * 0.15 || 0.05
  const scale = scaleLinear()
    .domain([low - air, high + air])
    .nice(5)
  const [from, to] = scale.domain() as [number, number]
  return scale.domain([low < 0 ? from : Math.max(0, from), high > 1 ? to : Math.min(1, to)])
}

let pen: CanvasRenderingContext2D | null | undefined

/** As wide as the plot's boldest labels are; a guess where the browser has no canvas to measure on. */
function textWidth(text: string): number {
  pen ??= document.createElement('canvas').getContext('2d')
  if (!pen) return text.length * 8
  pen.font = `600 12px ${getComputedStyle(document.body).fontFamily}`
  return pen.measureText(text).width + 2
}

/** Logarithmic scales give every multiple; keep powers of ten and what else fits. */
function thin(ticks: readonly number[], most: number): readonly number[] {
  if (ticks.length <= most) return ticks
  const oneTwoFive = ticks.filter((t) => /^[125]/.test(t.toExponential()))
  if (oneTwoFive.length <= most) return oneTwoFive
  const powers = ticks.filter((t) => t.toExponential().startsWith('1e'))
  return powers.length >= 2 ? powers : oneTwoFive.filter((_, i) => i % Math.ceil(oneTwoFive.length / most) === 0)
}
