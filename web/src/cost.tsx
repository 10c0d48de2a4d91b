import { COST_AXES, type CostAxis, paretoFront } from '../../src/report/cost.ts'
import { formatScore, list } from '../../src/report/format.ts'
import { type Leaderboard, leaderboard } from '../../src/report/leaderboard.ts'
import { useReport } from './context.ts'
import { Choice, Name, Section, Select, TableScroll } from './parts.tsx'
import { type PlotPoint, ScatterPlot } from './scatter-plot.tsx'

export function Cost() {
  const { study, view, update } = useReport()
  const { results } = study
  const axis = COST_AXES.find((a) => a.id === view.axis) ?? COST_AXES[0]!
  const { points, absent } = costPoints(leaderboard(results, view.measure), axis, view.costOf)
  const front = paretoFront(points)
  const of = view.costOf === '' ? `average over ${results.collections.length} collections` : view.costOf
  return (
    <Section
      id="cost"
      title="Quality and cost"
      intro={
        <>
          Up is better, left is cheaper. On the line: retrievers that no other beats in both. Costs are of the machine
          named at the end.
        </>
      }
      tools={
        <>
          {results.collections.length > 1 && (
            <Select
              label="Collection"
              value={view.costOf}
              options={[
                { value: '', label: 'average' },
                ...results.collections.map((c) => ({ value: c.name, label: c.name })),
              ]}
              onChange={(costOf) => update({ costOf })}
            />
          )}
          <Choice
            label="Cost"
            value={view.axis}
            options={COST_AXES.map((a) => ({ value: a.id as string, label: a.label }))}
            onChange={(id) => update({ axis: id })}
          />
        </>
      }
    >
      {points.length === 0 ? (
        <p class="empty">No retriever has both a score and this cost here.</p>
      ) : (
        <>
          <ScatterPlot
            points={points}
            front={front}
            xLabel={`${axis.label}${view.costOf === '' ? ', mean' : ''}`}
            yLabel={`${view.measure}, ${of}`}
            format={axis.format}
          />
          <Figures points={points} front={front} measure={view.measure} axis={axis} />
        </>
      )}
      {absent.length > 0 && <p class="note">Without such a cost or without a score, not shown: {list(absent)}.</p>}
    </Section>
  )
}

/** The plot as a table, for those who cannot see it or want the digits. */
function Figures({
  points,
  front,
  measure,
  axis,
}: {
  points: readonly PlotPoint[]
  front: readonly PlotPoint[]
  measure: string
  axis: CostAxis
}) {
  return (
    <details class="figures-table">
      <summary>Figures</summary>
      <TableScroll label="Quality and cost in figures">
        <table>
          <thead>
            <tr>
              <th scope="col">Retriever</th>
              <th scope="col" class="number">
                {measure}
              </th>
              <th scope="col" class="number">
                {axis.label}
              </th>
              <th scope="col">On the front</th>
            </tr>
          </thead>
          <tbody>
            {points.map((point) => (
              <tr key={point.id}>
                <th scope="row">
                  <Name>{point.id}</Name>
                </th>
                <td class="number">{formatScore(point.y)}</td>
                <td class="number">{axis.format(point.x)}</td>
                <td>{front.includes(point) ? 'yes' : ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </details>
  )
}

/** One point per retriever; over all collections its mean cost against its average score. */
function costPoints(board: Leaderboard, axis: CostAxis, of: string) {
  const points: PlotPoint[] = []
  const absent: string[] = []
  for (const row of board.rows) {
    const cells = of === '' ? row.cells : row.cells.filter((cell) => cell.collection === of)
    const y = of === '' ? row.average : (cells[0]?.value ?? null)
    const costs = cells.map((cell) => (cell.trial?.status === 'done' ? axis.value(row.retriever, cell.trial) : null))
    const known = costs.filter((cost) => cost !== null)
    if (y === null || known.length < costs.length || known.length === 0) absent.push(row.retriever.id)
    else
      points.push({
        id: row.retriever.id,
        kind: row.retriever.kind,
        isBaseline: row.isBaseline,
        x: known.reduce((sum, cost) => sum + cost, 0) / known.length,
        y,
      })
  }
  return { points, absent }
}
