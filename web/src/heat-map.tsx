import { formatDifference, formatScore } from '../../src/report/format.ts'
import { mark } from '../../src/report/leaderboard.ts'
import { scoreTable } from './columns.ts'
import { useReport } from './context.ts'
import { Name, Section, Segmented, TableScroll, Text } from './parts.tsx'

interface HeatCell {
  readonly key: string
  readonly text: string
  readonly value: number | null
  readonly sign: string
  readonly failed: boolean
}

export function HeatMap() {
  const { study, view, update } = useReport()
  const { results } = study
  const { board, columns, byMeasure } = scoreTable(results, view.measure)
  const base = board.rows.findIndex((row) => row.isBaseline)
  const baseline = board.rows[base]
  const deltas = view.heat === 'difference' && baseline !== undefined
  const several = board.collections.length > 1
  const format = deltas ? formatDifference : formatScore

  const rows = board.rows.map((row, index) => {
    const average = deltas ? (row.isBaseline ? 0 : row.averageDifference) : row.average
    const scores = columns.map((column): HeatCell => {
      const cell = column.cells[index]!
      const reference = column.cells[base]?.value ?? null
      const difference = cell.value === null || reference === null ? null : cell.value - reference
      const value = deltas ? difference : cell.value
      return {
        key: column.key,
        value,
        text: format(value),
        sign: mark(cell.comparison),
        failed: cell.trial?.status === 'failed',
      }
    })
    const first: HeatCell = { key: 'average', value: average, text: format(average), sign: '', failed: false }
    return { row, cells: several ? [first, ...scores] : scores }
  })
  const ranges = Array.from({ length: rows[0]?.cells.length ?? 0 }, (_, i) => range(rows.map((r) => r.cells[i]!.value)))
  const widest = Math.max(...rows.flatMap((r) => r.cells.map((c) => Math.abs(c.value ?? 0))), 1e-9)

  return (
    <Section
      id="heatmap"
      title="Heat map"
      intro={
        deltas ? (
          <>
            Difference in <b>{view.measure}</b> to the baseline <Text>{baseline.retriever.id}</Text>. Blue is better,
            orange worse; one scale for all collections.
          </>
        ) : byMeasure ? (
          'Each measure has its own scale, from its lowest to its highest value.'
        ) : (
          <>
            <b>{view.measure}</b>. Each collection has its own scale from its lowest to its highest score, because
            collections differ in difficulty.
          </>
        )
      }
      tools={
        baseline !== undefined &&
        board.rows.length > 1 && (
          <Segmented
            label="Colour shows"
            value={view.heat}
            options={[
              { value: 'score', label: 'Score' },
              { value: 'difference', label: 'Difference to baseline' },
            ]}
            onChange={(heat) => update({ heat })}
          />
        )
      }
    >
      <TableScroll label="Heat map">
        <table class="heat-map">
          <caption class="hidden">Heat map of {view.measure}</caption>
          <thead>
            <tr>
              <th scope="col" class="name">
                Retriever
              </th>
              {several && <th scope="col">average</th>}
              {columns.map((c) => (
                <th key={c.key} scope="col">
                  <Text>{c.key}</Text>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ row, cells }) => (
              <tr key={row.retriever.id}>
                <th scope="row">
                  <Name>{row.retriever.id}</Name>
                </th>
                {cells.map((cell, i) => (
                  <td
                    key={cell.key}
                    class={cell.value === null ? 'none' : cell.key === 'average' ? 'average' : ''}
                    style={{ background: colour(cell.value, deltas, ranges[i]!, widest) }}
                  >
                    {cell.failed ? 'failed' : cell.text}
                    {deltas && <span class="mark">{cell.sign}</span>}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </Section>
  )
}

function range(values: readonly (number | null)[]): readonly [number, number] {
  const present = values.filter((v) => v !== null)
  return [Math.min(...present), Math.max(...present)]
}

/** Strongest mixture of colour, in per cent: more would take the number's contrast below 4.5. */
const STRONGEST = 62

function colour(
  value: number | null,
  deltas: boolean,
  [low, high]: readonly [number, number],
  widest: number,
): string | undefined {
  if (value === null) return undefined
  const share = deltas ? Math.abs(value) / widest : high > low ? (value - low) / (high - low) : 0.5
  const hue = deltas && value < 0 ? 'var(--heat-worse)' : 'var(--heat)'
  return `color-mix(in oklab, ${hue} ${((deltas ? share : 0.06 + 0.94 * share) * STRONGEST).toFixed(1)}%, var(--surface))`
}
