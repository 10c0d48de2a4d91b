import { list, plural } from '../../src/report/format.ts'
import { leaderboard } from '../../src/report/leaderboard.ts'
import { directionWords, SPACE_COLUMNS } from '../../src/report/space/columns.ts'
import { comparedSpaces } from '../../src/report/space/comparisons.ts'
import { placesOf } from '../../src/report/space/findings.ts'
import { useReport } from './context.ts'
import { Choice, Section, Select, Text } from './parts.tsx'
import { type PlotPoint, ScatterPlot } from './scatter-plot.tsx'
import { SpaceComparisons } from './space-comparisons.tsx'
import { SpaceFindings } from './space-findings.tsx'
import { type SpaceRow, SpaceTable } from './space-table.tsx'

export function Spaces() {
  const { study, view, update } = useReport()
  const { results } = study
  const places = placesOf(results, view.spaceOf)
  const scores = new Map(
    leaderboard(results, view.measure).rows.map((row) => [
      row.retriever.id,
      { row, value: row.cells.find((cell) => cell.collection === view.spaceOf)?.value ?? null },
    ]),
  )
  const rows = places.map((place): SpaceRow => ({ place, score: scores.get(place.space.retriever)?.value ?? null }))
  const axis = SPACE_COLUMNS.find((column) => column.id === view.spaceAxis) ?? SPACE_COLUMNS[0]!
  const points = rows.flatMap(({ place, score }): PlotPoint[] => {
    const x = axis.value(place)
    const found = scores.get(place.space.retriever)
    if (x === null || score === null || found === undefined) return []
    return [
      { id: place.space.retriever, kind: found.row.retriever.kind, isBaseline: found.row.isBaseline, x, y: score },
    ]
  })
  const collections = [...new Set(results.spaces.map((space) => space.collection))]
  const looked = places[0]?.space.diagnostics
  const shown = new Set(points.map(({ id }) => id))
  const absent = places.map(({ space }) => space.retriever).filter((id) => !shown.has(id))
  return (
    <Section
      id="spaces"
      title="Embedding spaces"
      intro={
        <>
          What the vectors of each dense retriever look like on <Text>{view.spaceOf}</Text>, and so why it may retrieve
          well or badly. No figure decides by itself: hold each against the score beside it, and read the small type
          with it.
          {looked !== undefined &&
            ` Looked at: ${plural(looked.documents.norms.vectors, 'document')}${looked.queries === null ? '' : ` and ${plural(looked.queries.norms.vectors, 'query', 'queries')}`}.`}
        </>
      }
      tools={
        collections.length > 1 && (
          <Select
            label="Collection"
            value={view.spaceOf}
            options={collections.map((name) => ({ value: name, label: name }))}
            onChange={(spaceOf) => update({ spaceOf })}
          />
        )
      }
    >
      <SpaceFindings collection={view.spaceOf} />
      <SpaceTable rows={rows} />
      <details class="figures-table meanings">
        <summary>What the columns mean, and which way is better</summary>
        <dl>
          {SPACE_COLUMNS.map((column) => (
            <div key={column.id}>
              <dt>
                {column.label} <span class="muted">{directionWords(column)}</span>
              </dt>
              <dd>{column.meaning}</dd>
            </div>
          ))}
        </dl>
      </details>
      <div class="plot-head">
        <h3>
          {view.measure} against {axis.label.toLowerCase()}
        </h3>
        <Choice
          label="Figure"
          value={axis.id as string}
          options={SPACE_COLUMNS.map((column) => ({ value: column.id as string, label: column.label }))}
          onChange={(spaceAxis) => update({ spaceAxis })}
        />
      </div>
      {points.length === 0 ? (
        <p class="empty">No retriever has both a score and this figure here.</p>
      ) : (
        <ScatterPlot
          points={points}
          logarithmic={false}
          xLabel={axis.label}
          yLabel={`${view.measure}, ${view.spaceOf}`}
          format={axis.format}
        />
      )}
      {absent.length > 0 && <p class="note">Without this figure or without a score, not shown: {list(absent)}.</p>}
      <SpaceComparisons compared={comparedSpaces(results, view.measure, view.spaceOf)} measure={view.measure} />
    </Section>
  )
}
