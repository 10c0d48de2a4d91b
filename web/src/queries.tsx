import { useMemo } from 'preact/hooks'
import { formatCount, formatDifference, formatPEquation, formatScore } from '../../src/report/format.ts'
import { intervalLevel } from '../../src/report/words.ts'
import { useReport } from './context.ts'
import { DifferenceChart } from './difference-chart.tsx'
import { choosePair, countOutcomes, orderRows, pairRows, rankedRetrievers, selectRows } from './pair.ts'
import { Section, Segmented, Select, Text } from './parts.tsx'
import { QueryTable } from './query-table.tsx'
import type { Filter } from './view.ts'

export function Queries() {
  const { study, view, update } = useReport()
  const { results } = study
  const index = results.collections.findIndex((c) => c.name === view.collection)
  const ranked = useMemo(
    () => rankedRetrievers(results, view.measure, view.collection),
    [results, view.measure, view.collection],
  )
  const [a, b] = choosePair(ranked, view, results.comparison.baseline)
  const evidence = index < 0 ? null : study.evidence(index)
  const rows = useMemo(
    () => (index < 0 ? [] : pairRows(study.scores(index), evidence, view.measure, a, b)),
    [study, index, evidence, view.measure, a, b],
  )
  const counts = useMemo(() => countOutcomes(rows), [rows])
  const shown = useMemo(
    () => orderRows(selectRows(rows, view.filter, view.search), view.order, view.reverse),
    [rows, view.filter, view.search, view.order, view.reverse],
  )
  const options = ranked.map((id) => ({ value: id, label: id }))

  if (rows.length === 0 || a === b)
    return (
      <Section id="queries" title="Query by query" tools={<CollectionChoice />}>
        <p class="empty">
          {ranked.length < 2
            ? 'Fewer than two retrievers have a result on this collection.'
            : 'Choose two different retrievers.'}
        </p>
        {ranked.length >= 2 && (
          <div class="tools pair">
            <Select label="First" value={a} options={options} onChange={(id) => update({ a: id })} />
            <Select label="Second" value={b} options={options} onChange={(id) => update({ b: id })} />
          </div>
        )}
      </Section>
    )
  const filters: { value: Filter; label: string }[] = [
    { value: 'all', label: `All ${formatCount(rows.length)}` },
    { value: 'wins', label: `Wins ${formatCount(counts.wins)}` },
    { value: 'losses', label: `Losses ${formatCount(counts.losses)}` },
    { value: 'ties', label: `Ties ${formatCount(counts.ties)}` },
  ]
  return (
    <Section
      id="queries"
      title="Query by query"
      intro={
        <>
          Where two retrievers part in <b>{view.measure}</b>. Open a query to read what each one found.
        </>
      }
      tools={<CollectionChoice />}
    >
      <div class="tools pair">
        <Select
          label="First"
          value={a}
          options={options}
          onChange={(id) => update(id === b ? { a: id, b: a, page: 0 } : { a: id, b, page: 0 })}
        />
        <button type="button" class="quiet swap" onClick={() => update({ a: b, b: a, page: 0 })}>
          <span aria-hidden="true">⇄</span> Swap
        </button>
        <Select
          label="Second"
          value={b}
          options={options}
          onChange={(id) => update(id === a ? { a: b, b: id, page: 0 } : { a, b: id, page: 0 })}
        />
        <PairSummary a={a} b={b} mean={rows.reduce((sum, row) => sum + row.difference, 0) / rows.length} />
      </div>
      <DifferenceChart rows={rows} counts={counts} a={a} b={b} />
      <div class="tools filters">
        <Segmented
          label="Show"
          value={view.filter}
          options={filters}
          onChange={(filter) => update({ filter, page: 0, open: '' })}
        />
        <input
          type="search"
          aria-label="Search in queries"
          placeholder="Search in queries"
          value={view.search}
          onInput={(event) => update({ search: event.currentTarget.value, page: 0 })}
        />
        {evidence !== null && evidence.queries.length < rows.length && (
          <span class="muted">
            Documents are kept for {formatCount(evidence.queries.length)} queries: those on which the retrievers differ
            most.
          </span>
        )}
      </div>
      <QueryTable rows={shown} a={a} b={b} evidence={evidence} scores={study.scores(index)} ranked={ranked} />
    </Section>
  )
}

function CollectionChoice() {
  const { study, view, update } = useReport()
  const { collections } = study.results
  if (collections.length < 2) return null
  return (
    <Select
      label="Collection"
      value={view.collection}
      options={collections.map((c) => ({ value: c.name, label: c.name }))}
      onChange={(collection) => update({ collection, page: 0, open: '' })}
    />
  )
}

/** The difference of the means, with the test if this pair was tested. */
function PairSummary({ a, b, mean }: { a: string; b: string; mean: number }) {
  const { study, view } = useReport()
  const { results } = study
  const find = (retriever: string, baseline: string) =>
    results.comparisons.find(
      (c) =>
        c.collection === view.collection &&
        c.measure === view.measure &&
        c.retriever === retriever &&
        c.baseline === baseline,
    )
  const straight = find(a, b)
  const turned = find(b, a)
  const tested = straight ?? turned
  const interval = straight?.interval ?? (turned && ([-turned.interval[1], -turned.interval[0]] as const))
  return (
    <p class="pair-summary">
      <Text>{a}</Text> − <Text>{b}</Text>: <b class="value">{formatDifference(mean)}</b>
      {tested !== undefined && interval !== undefined ? (
        <>
          {' '}
          <span class="muted">
            ({intervalLevel(results.comparison)} interval {formatDifference(interval[0])} to{' '}
            {formatDifference(interval[1])}, adjusted {formatPEquation(tested.pAdjusted)})
          </span>
        </>
      ) : (
        <span class="muted"> (this pair was not tested)</span>
      )}
    </p>
  )
}

export function scoreText(value: number | null): string {
  return value === null ? 'no result' : formatScore(value)
}
