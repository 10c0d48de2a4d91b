import { Fragment } from 'preact'
import { formatCount, formatDifference } from '../../src/report/format.ts'
import type { CollectionScores } from '../../src/report/page-data.ts'
import type { CollectionEvidence } from '../../src/study/results.ts'
import { useReport } from './context.ts'
import { outcome, type PairRow } from './pair.ts'
import { TableScroll, Text } from './parts.tsx'
import { scoreText } from './queries.tsx'
import { QueryDetail } from './query-detail.tsx'
import type { QueryOrder } from './view.ts'

/** Rows in the document at a time: a collection with thousands of queries stays as quick as a small one. */
const PAGE = 25

interface Props {
  readonly rows: readonly PairRow[]
  readonly a: string
  readonly b: string
  readonly evidence: CollectionEvidence | null
  readonly scores: CollectionScores
  readonly ranked: readonly string[]
}

export function QueryTable({ rows, a, b, evidence, scores, ranked }: Props) {
  const { view, update } = useReport()
  const pages = Math.max(1, Math.ceil(rows.length / PAGE))
  const page = Math.min(view.page, pages - 1)
  const opened = view.open === '' ? undefined : rows.find((row) => row.id === view.open)
  const slice = rows.slice(page * PAGE, (page + 1) * PAGE)
  // A linked query is shown even where it stands on another page.
  const visible = opened !== undefined && !slice.includes(opened) ? [opened, ...slice] : slice

  const head = (order: QueryOrder, label: string, className: string) => (
    <th
      scope="col"
      class={className}
      aria-sort={view.order === order ? ((order === 'query') === view.reverse ? 'descending' : 'ascending') : 'none'}
    >
      <button
        type="button"
        class="sort"
        onClick={() => update({ order, reverse: view.order === order ? !view.reverse : false, page: 0 })}
      >
        <Text>{label}</Text>
        <span class="arrow" aria-hidden="true">
          {view.order !== order ? '' : (order === 'query') === view.reverse ? '↓' : '↑'}
        </span>
      </button>
    </th>
  )
  return (
    <>
      <TableScroll label="Queries">
        <table class="queries">
          <caption class="hidden">
            Queries under {a} and {b}
          </caption>
          <thead>
            <tr>
              {head('query', 'Query', 'name')}
              {head('a', a, 'number')}
              {head('b', b, 'number')}
              {head('difference', 'Difference', 'number')}
              {head('size', '|Difference|', 'size')}
            </tr>
          </thead>
          <tbody>
            {visible.map((row) => {
              const open = row.id === view.open
              return (
                <Fragment key={row.id}>
                  <tr class={open ? 'open' : ''} id={open ? 'open-query' : undefined}>
                    <th scope="row">
                      <button
                        type="button"
                        class={row.hasDocuments ? 'disclosure' : 'disclosure without-documents'}
                        title={row.hasDocuments ? undefined : 'Its documents are not kept in this report'}
                        aria-expanded={open}
                        onClick={() => update({ open: open ? '' : row.id, section: 'queries' })}
                      >
                        <Text class="query-id">{row.id}</Text>
                        <QueryText text={row.text} />
                      </button>
                    </th>
                    <td class="number">{scoreText(row.a)}</td>
                    <td class="number">{scoreText(row.b)}</td>
                    <td class={`number ${outcome(row)}`}>{formatDifference(row.difference)}</td>
                    <td class="size">
                      <Bar difference={row.difference} />
                    </td>
                  </tr>
                  {open && (
                    <tr class="detail">
                      <td colSpan={5}>
                        <QueryDetail id={row.id} {...{ a, b, evidence, scores, ranked }} />
                      </td>
                    </tr>
                  )}
                </Fragment>
              )
            })}
            {visible.length === 0 && (
              <tr>
                <td colSpan={5} class="empty">
                  No query matches.
                </td>
              </tr>
            )}
          </tbody>
        </table>
      </TableScroll>
      <nav class="pager" aria-label="Pages of queries">
        <span aria-live="polite">
          {rows.length === 0
            ? 'No queries'
            : `${formatCount(page * PAGE + 1)}–${formatCount(Math.min(rows.length, (page + 1) * PAGE))} of ${formatCount(rows.length)}`}
        </span>
        {pages > 1 && (
          <span class="pager-buttons">
            <PageButton label="First" to={0} disabled={page === 0} />
            <PageButton label="Previous" to={page - 1} disabled={page === 0} />
            <PageButton label="Next" to={page + 1} disabled={page === pages - 1} />
            <PageButton label="Last" to={pages - 1} disabled={page === pages - 1} />
          </span>
        )}
      </nav>
    </>
  )
}

function QueryText({ text }: { text: string | null }) {
  if (text === null) return <span class="muted">text not kept</span>
  if (text.trim() === '') return <span class="muted">(empty query)</span>
  return <Text class="query-text">{text}</Text>
}

function PageButton({ label, to, disabled }: { label: string; to: number; disabled: boolean }) {
  const { update } = useReport()
  return (
    <button type="button" class="quiet" disabled={disabled} onClick={() => update({ page: to, open: '' })}>
      {label}
    </button>
  )
}

/** A bar from the middle: to the right where the first retriever is better. */
function Bar({ difference }: { difference: number }) {
  const share = Math.min(1, Math.abs(difference)) * 50
  return (
    <span class="bar" aria-hidden="true">
      <span
        class={difference >= 0 ? 'better' : 'worse'}
        style={{ width: `${share}%`, left: `${difference >= 0 ? 50 : 50 - share}%` }}
      />
    </span>
  )
}
