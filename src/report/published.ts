import type { Reason, ReasonCode, SystemKind } from '../data/published/index.ts'
import type { PublishedRow } from '../study/published-row.ts'
import type { CollectionResult, StudyResults } from '../study/results.ts'
import { formatScore, NO_VALUE, plural } from './format.ts'

/** The published figures on one collection, beside what this study found on it. */
export interface PublishedGroup {
  readonly collection: CollectionResult
  /** Measures of the study that any of them has; columns of a table. */
  readonly measures: readonly string[]
  /** The study's own retrievers, best first. */
  readonly own: readonly OwnSystem[]
  /** Those that compare first, each part with the highest value first. */
  readonly systems: readonly PublishedSystem[]
}

export interface OwnSystem {
  readonly id: string
  /** Beside `measures`. */
  readonly values: readonly (number | null)[]
}

/** All figures of one system from one source. */
export interface PublishedSystem {
  readonly system: string
  readonly kind: SystemKind
  /** Beside `measures`; null where the source has none. */
  readonly values: readonly (PublishedRow | null)[]
  /** Figures by measures that the study does not have. */
  readonly others: readonly PublishedRow[]
  readonly comparable: boolean
  readonly reasons: readonly Reason[]
  readonly counterparts: readonly string[]
  readonly source: PublishedRow['source']
  readonly note?: string
}

/** In the order of the study; collections without published figures have no group. */
export function publishedGroups(results: StudyResults): PublishedGroup[] {
  const rows = results.published ?? []
  return results.collections.flatMap((collection): PublishedGroup[] => {
    const here = rows.filter((row) => row.collection === collection.name)
    if (here.length === 0) return []
    const measures = results.measures.filter((measure) => here.some((row) => row.measure === measure))
    return [{ collection, measures, own: ownSystems(results, collection, measures), systems: systems(here, measures) }]
  })
}

function ownSystems(results: StudyResults, collection: CollectionResult, measures: readonly string[]): OwnSystem[] {
  return results.retrievers
    .flatMap(({ id }): OwnSystem[] => {
      const trial = results.trials.find((t) => t.retriever === id && t.collection === collection.name)
      if (trial?.status !== 'done') return []
      return [{ id, values: measures.map((measure) => trial.mean[measure] ?? null) }]
    })
    .sort((a, b) => (b.values[0] ?? 0) - (a.values[0] ?? 0))
}

function systems(rows: readonly PublishedRow[], measures: readonly string[]): PublishedSystem[] {
  const bySystem = new Map<string, PublishedRow[]>()
  for (const row of rows) {
    // The same system on another split is another row, for its reasons differ.
    const key = JSON.stringify([row.system, row.source, row.note, row.reasons.filter(({ code }) => code !== 'measure')])
    bySystem.set(key, [...(bySystem.get(key) ?? []), row])
  }
  const all = [...bySystem.values()].map((figures): PublishedSystem => {
    const [{ system, kind, source, note, counterparts }] = figures as [PublishedRow]
    const reasons = new Map(figures.flatMap((row) => row.reasons.map((reason) => [reason.text, reason] as const)))
    return {
      system,
      kind,
      values: measures.map((measure) => figures.find((row) => row.measure === measure) ?? null),
      others: figures.filter((row) => !measures.includes(row.measure)),
      comparable: figures.every((row) => row.comparable),
      reasons: [...reasons.values()],
      counterparts,
      source,
      ...(note === undefined ? {} : { note }),
    }
  })
  return all.sort((a, b) => Number(b.comparable) - Number(a.comparable) || leading(b) - leading(a))
}

const leading = ({ values }: PublishedSystem) => values.find((row) => row !== null)?.value ?? -1

/** With the digits that its source prints, but no more than the study's own numbers have. */
export function formatFigure(row: PublishedRow | null): string {
  return row === null ? NO_VALUE : formatScore(row.value, Math.min(row.decimals, 4))
}

/** Whether it compares, in a clause: `yes, the same BM25 as bm25`, or `no: other split: …; its prompts are not known`. */
export function comparesText({ comparable, counterparts, reasons, others }: PublishedSystem): string {
  if (comparable) return counterparts.length === 0 ? 'yes' : `yes, the same BM25 as ${counterparts.join(', ')}`
  const figures = others.map((row) => `${row.measure} ${formatFigure(row)}`)
  return `no: ${[...reasons.map(({ text }) => text), ...figures].join('; ')}`
}

/** A word or two for each reason, where there is no room for a clause. */
export const REASON_LABELS: Readonly<Record<ReasonCode, string>> = {
  split: 'split',
  documents: 'corpus',
  queries: 'queries',
  'counts-unknown': 'counts unknown',
  content: 'content',
  limit: 'smoke run',
  sample: 'sample',
  titles: 'titles',
  corpus: 'corpus',
  prompts: 'prompts unknown',
  self: 'own document',
  bm25: 'BM25 parameters',
  measure: 'measure',
  revision: 'data revision',
  unverified: 'unverified',
}

const SHOWN = 3

/** One line for a terminal, by the study's first measure that is there: the best figures that compare, and how many do not. */
export function publishedLine({ collection, measures, systems }: PublishedGroup): string {
  const comparable = systems.filter((system) => system.comparable)
  const others = systems.length - comparable.length
  const head = `Published on ${collection.known!.dataset}`
  if (comparable.length === 0) {
    const [first] = systems
    const reason = first?.reasons[0]
    return `${head}: none of ${plural(systems.length, 'system')} compares with ${collection.name}${reason ? ` (${first!.system}: ${reason.text})` : ''}.`
  }
  const shown = (system: PublishedSystem) => {
    const row = system.values.find((value) => value !== null)!
    const same = system.counterparts.length === 0 ? '' : ` (the same BM25 as ${system.counterparts.join(', ')})`
    return `${system.system} ${formatFigure(row)}${same}`
  }
  const same = comparable.filter(({ counterparts }) => counterparts.length > 0)
  const best = comparable.filter((system) => !same.includes(system)).slice(0, SHOWN)
  const rest = comparable.length - best.length - same.length
  return `${head}, ${measures[0]}: ${[...same, ...best].map(shown).join('; ')}${rest > 0 ? `; ${rest} more` : ''}${others > 0 ? `; ${others} not comparable` : ''}. They take no part in the tests.`
}

/** How it was found out which known collection this is. */
export function knownText({ known }: CollectionResult): string {
  if (!known) return ''
  const content = { same: ', content checked', different: ', content differs', unchecked: '' }[known.content]
  const by = {
    study: 'by the study file',
    name: 'by its name',
    hub: 'by its repository',
    content: 'by its content',
    counts: 'by its counts',
    folder: 'by its folder’s name',
  }[known.by]
  return `${known.dataset}, ${by}${content}`
}
