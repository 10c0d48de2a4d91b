import { COST_AXES } from '../../src/report/cost.ts'
import { SPACE_COLUMNS } from '../../src/report/space/columns.ts'
import type { StudyResults } from '../../src/study/results.ts'

const SECTIONS = [
  { id: 'leaderboard', label: 'Leaderboard' },
  { id: 'specialisation', label: 'Specialisation' },
  { id: 'published', label: 'Published' },
  { id: 'heatmap', label: 'Heat map' },
  { id: 'cost', label: 'Quality and cost' },
  { id: 'fusion', label: 'Fusion' },
  { id: 'domains', label: 'Domains' },
  { id: 'spaces', label: 'Spaces' },
  { id: 'significance', label: 'Significance' },
  { id: 'supervised', label: 'Supervised' },
  { id: 'queries', label: 'Queries' },
  { id: 'data', label: 'Data' },
  { id: 'method', label: 'Method' },
] as const

/** The sections that a study has: one without dense retrievers has no embedding spaces, one of the user's own data no published figures, one without fusions, unified collections or siblings none of these. */
export function sectionsOf(results: StudyResults) {
  const counts: Partial<Record<SectionId, number>> = {
    spaces: results.spaces.length,
    published: (results.published ?? []).length,
    fusion: (results.fusions ?? []).length,
    domains: (results.domains ?? []).length,
    supervised: (results.supervised ?? []).length,
    specialisation: results.specialisation?.rows.length ?? 0,
  }
  return SECTIONS.filter(({ id }) => counts[id] !== 0)
}

export type SectionId = (typeof SECTIONS)[number]['id']
export type Filter = 'all' | 'wins' | 'losses' | 'ties'
export type QueryOrder = 'difference' | 'size' | 'a' | 'b' | 'query'

/** All that the reader has chosen; it lives in the address, so that a link shows the same thing. */
export interface View {
  readonly section: SectionId | ''
  readonly measure: string
  /** Column that sorts the leaderboard: a collection or measure, `average` or `retriever`. */
  readonly sort: string
  readonly ascending: boolean
  readonly intervals: boolean
  readonly heat: 'score' | 'difference'
  readonly axis: string
  /** Collection of the cost plot; empty: the average over all. */
  readonly costOf: string
  /** Collection whose fusions are shown. */
  readonly fusionOf: string
  /** Collection whose embedding spaces are shown, the figure that the plot holds against the score, and the column that sorts the table. */
  readonly spaceOf: string
  readonly spaceAxis: string
  /** A figure, `score` or `retriever`. */
  readonly spaceSort: string
  readonly spaceAscending: boolean
  readonly collection: string
  /** The two retrievers compared by query; empty: the best one and the baseline. */
  readonly a: string
  readonly b: string
  readonly filter: Filter
  readonly search: string
  readonly order: QueryOrder
  readonly reverse: boolean
  readonly page: number
  /** Query whose documents are shown. */
  readonly open: string
}

export function defaultView(results: StudyResults): View {
  return {
    section: '',
    measure: results.measures[0] ?? '',
    sort: '',
    ascending: false,
    intervals: true,
    heat: 'score',
    axis: COST_AXES[0]!.id,
    costOf: results.collections.length === 1 ? results.collections[0]!.name : '',
    fusionOf: results.fusions?.[0]?.collection ?? '',
    spaceOf: results.spaces[0]?.collection ?? '',
    spaceAxis: SPACE_COLUMNS[0]!.id,
    spaceSort: 'score',
    spaceAscending: false,
    collection: results.collections[0]?.name ?? '',
    a: '',
    b: '',
    filter: 'all',
    search: '',
    order: 'difference',
    reverse: false,
    page: 0,
    open: '',
  }
}

/** `#queries?collection=scifact&open=12`: the section, then what differs from the default. */
export function viewToHash(view: View, defaults: View): string {
  const parameters = new URLSearchParams()
  for (const [key, value] of Object.entries(view))
    if (key !== 'section' && value !== defaults[key as keyof View]) parameters.set(key, String(value))
  const query = parameters.toString()
  return `#${view.section}${query === '' ? '' : `?${query}`}`
}

/** Reads an address back. What does not exist in this study falls back to the default. */
export function hashToView(hash: string, results: StudyResults, defaults: View): View {
  const [section = '', query = ''] = hash.replace(/^#/, '').split(/\?(.*)/s)
  const parameters = new URLSearchParams(query)
  const collections = results.collections.map((c) => c.name)
  const retrievers = results.retrievers.map((r) => r.id)
  const figures = SPACE_COLUMNS.map((column) => column.id)
  const oneOf = <T extends string>(key: keyof View, allowed: readonly T[]): T => {
    const value = parameters.get(key) as T | null
    return value !== null && allowed.includes(value) ? value : (defaults[key] as T)
  }
  const flag = (key: keyof View) => (parameters.has(key) ? parameters.get(key) === 'true' : (defaults[key] as boolean))
  const page = Number(parameters.get('page') ?? 0)
  return {
    section: SECTIONS.find((s) => s.id === section)?.id ?? '',
    measure: oneOf('measure', results.measures),
    sort: oneOf('sort', [...collections, ...results.measures, 'average', 'retriever']),
    ascending: flag('ascending'),
    intervals: flag('intervals'),
    heat: oneOf('heat', ['score', 'difference']),
    axis: oneOf(
      'axis',
      COST_AXES.map((a) => a.id),
    ),
    costOf: oneOf('costOf', ['', ...collections]),
    fusionOf: oneOf('fusionOf', [...new Set((results.fusions ?? []).map((fusion) => fusion.collection))]),
    spaceOf: oneOf('spaceOf', [...new Set(results.spaces.map((space) => space.collection))]),
    spaceAxis: oneOf('spaceAxis', figures),
    spaceSort: oneOf('spaceSort', ['score', 'retriever', ...figures]),
    spaceAscending: flag('spaceAscending'),
    collection: oneOf('collection', collections),
    a: oneOf('a', retrievers),
    b: oneOf('b', retrievers),
    filter: oneOf('filter', ['all', 'wins', 'losses', 'ties']),
    search: parameters.get('search') ?? '',
    order: oneOf('order', ['difference', 'size', 'a', 'b', 'query']),
    reverse: flag('reverse'),
    page: Number.isInteger(page) && page >= 0 ? page : 0,
    open: parameters.get('open') ?? '',
  }
}
