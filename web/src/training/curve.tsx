import { scaleLinear } from 'd3-scale'

const WIDTH = 560
const HEIGHT = 200
const LEFT = 56
const BOTTOM = 28
const TOP = 10
const RIGHT = 12

interface CurveProps {
  readonly title: string
  readonly points: readonly { readonly step: number; readonly value: number; readonly best?: boolean }[]
  /** How values are written. */
  readonly format: (value: number) => string
  /** Whether single points are drawn: there are few, and each was measured. */
  readonly dots?: boolean
  /** Whether the axis begins at zero. */
  readonly fromZero?: boolean
}

/** A figure over the steps of a training, as a line; its numbers stand in the accessible text. */
export function Curve({ title, points, format, dots = false, fromZero = false }: CurveProps) {
  if (points.length === 0) return null
  const steps = points.map(({ step }) => step)
  const values = points.map(({ value }) => value)
  const x = scaleLinear()
    .domain([Math.min(...steps), Math.max(...steps, Math.min(...steps) + 1)])
    .range([LEFT, WIDTH - RIGHT])
  const [low, high] = [fromZero ? 0 : Math.min(...values), Math.max(...values)]
  const y = scaleLinear()
    .domain(low === high ? [low - 1, high + 1] : [low, high])
    .nice(5)
    .range([HEIGHT - BOTTOM, TOP])
  const path = points.map(({ step, value }, i) => `${i === 0 ? 'M' : 'L'}${x(step).toFixed(1)} ${y(value).toFixed(1)}`)
  const first = points[0]!
  const last = points.at(-1)!
  return (
    <figure class="curve">
      <figcaption>{title}</figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${title}: ${format(first.value)} at step ${first.step}, ${format(last.value)} at step ${last.step}`}
      >
        {y.ticks(5).map((tick) => (
          <g key={tick} class="grid">
            <line x1={LEFT} x2={WIDTH - RIGHT} y1={y(tick)} y2={y(tick)} />
            <text x={LEFT - 8} y={y(tick)} text-anchor="end" dominant-baseline="middle">
              {format(tick)}
            </text>
          </g>
        ))}
        {x
          .ticks(6)
          .filter(Number.isInteger)
          .map((tick) => (
            <text key={tick} class="tick" x={x(tick)} y={HEIGHT - 8} text-anchor="middle">
              {tick}
            </text>
          ))}
        <path class="line" d={path.join(' ')} />
        {dots &&
          points.map(({ step, value, best }) => (
            <circle key={step} class={best ? 'best' : ''} cx={x(step)} cy={y(value)} r={best ? 4.5 : 3}>
              <title>{`Step ${step}: ${format(value)}${best ? ', the best so far' : ''}`}</title>
            </circle>
          ))}
      </svg>
    </figure>
  )
}
