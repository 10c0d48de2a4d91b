import type { AgainstBest, DomainFigures, DomainResult } from '../../study/domains/results.ts'
import { SHARE_DEPTH } from '../../study/domains/results.ts'
import type { CollectionResult, StudyResults } from '../../study/results.ts'
import { formatCount, formatDifference, formatScore, formatShare, list, NO_VALUE } from '../format.ts'
import { type Place, places } from '../leaderboard.ts'

/** A table of the section on domains, the same in every format. */
export interface DomainTable {
  readonly id: 'measure' | 'shares' | 'within' | 'calibration' | 'gaps'
  readonly title: string
  /** What its figures mean. */
  readonly meaning: string
  /** Above the figures; the first column holds retrievers. */
  readonly head: readonly string[]
  readonly rows: readonly { readonly retriever: string; readonly cells: readonly DomainCell[] }[]
}

export interface DomainCell {
  readonly text: string
  readonly place: Place
  /** Significantly better or worse than the best single retriever of the domain. */
  readonly mark: '▲' | '▼' | ''
}

/** The tables of one unified collection. */
export interface DomainTables {
  readonly collection: string
  /** What it was joined out of, and what cannot be found there by whom. */
  readonly notes: readonly string[]
  readonly tables: readonly DomainTable[]
}

/** Everything the section on domains shows; empty for a study without unified collections. */
export function domainTables(results: StudyResults, measure = results.measures[0] ?? ''): DomainTables[] {
  return results.collections.flatMap((collection) => {
    const here = (results.domains ?? []).filter((one) => one.collection === collection.name)
    if (collection.domains === undefined || here.length === 0) return []
    const names = collection.domains.map(({ name }) => name)
    const tables = [
      measureTable(results, here, names, measure),
      shareTable(here, names),
      withinTable(here, names, measure),
      calibrationTable(here, names),
      gapTable(here),
    ]
    return [
      {
        collection: collection.name,
        notes: notesOf(collection, here),
        tables: tables.filter(({ rows }) => rows.length > 0),
      },
    ]
  })
}

function notesOf({ domains = [] }: CollectionResult, here: readonly DomainResult[]): string[] {
  const told = domains.map(
    ({ name, documents, queries, imageDocuments }) =>
      `${name} (${formatCount(documents)} documents${imageDocuments > 0 ? `, ${imageDocuments === documents ? 'all' : formatCount(imageDocuments)} of them images` : ''}; ${formatCount(queries)} queries)`,
  )
  const blind = domains.flatMap(({ name, documents, imageDocuments }, i) => {
    const who = here.filter((one) => one.domains[i]!.unseen > 0).map(({ retriever }) => retriever)
    if (who.length === 0) return []
    const what = imageDocuments === documents ? 'nothing' : `all but ${formatCount(imageDocuments)} images`
    return [`Of ${name}, retrievers that read text can find ${what}: ${list(who)}.`]
  })
  return [`Joined: ${list(told)}.`, ...blind]
}

/** Scores by domain, over all, and the share of the wrong domain. */
function measureTable(
  results: StudyResults,
  here: readonly DomainResult[],
  names: readonly string[],
  measure: string,
): DomainTable {
  const overall = new Map(
    results.trials
      .filter(({ collection }) => collection === here[0]!.collection)
      .map((trial) => [trial.retriever, trial.mean[measure] ?? null]),
  )
  const tested = measure === results.measures[0]
  const columns = [
    ...names.map((_, i) => here.map(({ domains }) => domains[i]!.mean[measure] ?? null)),
    here.map(({ macro }) => macro[measure] ?? null),
    here.map(({ retriever }) => overall.get(retriever) ?? null),
  ].map((values) => ({ values, places: places(values) }))
  return {
    id: 'measure',
    title: `${measure} by domain`,
    meaning: `Every query is searched among the documents of all domains. “Mean of domains” counts each domain alike, “all queries” each query. “Wrong domain”: share of the first ${SHARE_DEPTH} documents that come from another domain than the query.${tested ? ' ▲ and ▼: significantly better or worse than the best single retriever of that domain, which is chosen by these very figures, so that the test favours it.' : ''}`,
    head: [...names, 'Mean of domains', 'All queries', 'Wrong domain'],
    rows: here.map(({ retriever, domains, wrong }, row) => ({
      retriever,
      cells: [
        ...columns.map(({ values, places: own }, column) =>
          cell(formatScore(values[row]!), own[row]!, tested ? markOf(domains[column]?.againstBest) : ''),
        ),
        cell(formatShare(wrong)),
      ],
    })),
  }
}

/** Domains that are named beside the share of the wrong ones. */
const MOST_NAMED = 2

function shareTable(here: readonly DomainResult[], names: readonly string[]): DomainTable {
  const told = ({ domain, shares }: DomainFigures) => {
    if (shares === null) return cell(NO_VALUE)
    const others = Object.entries(shares.shares)
      .filter(([name, share]) => name !== domain && share > 0)
      .sort((a, b) => b[1] - a[1])
      .slice(0, MOST_NAMED)
      .map(([name, share]) => `${name} ${formatShare(share)}`)
    const named = names.length > 2 && others.length > 0 ? ` (${others.join(', ')})` : ''
    return cell(`${formatShare(shares.wrong)}${named}`)
  }
  return {
    id: 'shares',
    title: `Wrong domains among the first ${SHARE_DEPTH}`,
    meaning: `By the domain of the query: the share of its first ${SHARE_DEPTH} documents that comes from other domains, and from which most.`,
    head: names,
    rows: here.map(({ retriever, domains }) => ({ retriever, cells: domains.map(told) })),
  }
}

function withinTable(here: readonly DomainResult[], names: readonly string[], measure: string): DomainTable {
  const told = ({ within, mean }: DomainFigures) => {
    const value = within[measure] ?? null
    const own = mean[measure] ?? null
    return cell(
      value === null ? NO_VALUE : `${formatScore(value)} (${formatDifference(own === null ? null : value - own)})`,
    )
  }
  return {
    id: 'within',
    title: `${measure} if the domain were told`,
    meaning:
      'The same rankings with the documents of other domains taken out, and how much higher that is: what an ideal choice of the domain would gain.',
    head: names,
    rows: here.map(({ retriever, domains }) => ({ retriever, cells: domains.map(told) })),
  }
}

function calibrationTable(here: readonly DomainResult[], names: readonly string[]): DomainTable {
  const told = ({ scores }: DomainFigures) =>
    scores === null
      ? cell(NO_VALUE)
      : cell(
          `${Number(scores.mean.toPrecision(3))} ± ${Number(scores.deviation.toPrecision(2))}, ${formatDifference(scores.shift, 2)}, ${formatDifference(scores.lead, 2)}`,
        )
  return {
    id: 'calibration',
    title: 'Scores by domain',
    meaning:
      'Of the best document of the query’s own domain: mean and standard deviation of its score; how far that mean lies from the mean over all queries, in standard deviations over all of them (0 for scores that mean the same everywhere); and its mean lead over the best document of all other domains, in the same unit (negative: others are scored higher).',
    head: names,
    rows: here.map(({ retriever, domains }) => ({ retriever, cells: domains.map(told) })),
  }
}

function gapTable(here: readonly DomainResult[]): DomainTable {
  const spaces = here.flatMap(({ retriever, gaps }) => (gaps === null ? [] : [{ retriever, gaps }]))
  const [first] = spaces
  const told = (gap: { readonly distance: number; readonly relative: number | null } | null) =>
    cell(
      gap === null
        ? NO_VALUE
        : `${formatScore(gap.distance, 2)}${gap.relative === null ? '' : ` (${formatScore(gap.relative, 2)})`}`,
    )
  return {
    id: 'gaps',
    title: 'Gaps in the embedding spaces',
    meaning:
      'Distance of the means of two groups of vectors, scaled to length 1 (Liang et al. 2022), and in brackets over their spread: above 1 the groups lie farther apart than they are wide. Documents of two domains; images and texts, where a retriever reads both; the queries of a domain and its documents.',
    head:
      first === undefined
        ? []
        : [
            ...first.gaps.domains.map(({ one, other }) => `${one} – ${other}`),
            'images – texts',
            ...first.gaps.sides.map(({ domain }) => `${domain}: queries – documents`),
          ],
    rows: spaces.map(({ retriever, gaps }) => ({
      retriever,
      cells: [
        ...gaps.domains.map(({ gap }) => told(gap)),
        told(gaps.modalities),
        ...gaps.sides.map(({ gap }) => told(gap)),
      ],
    })),
  }
}

function cell(text: string, place: Place = null, mark: DomainCell['mark'] = ''): DomainCell {
  return { text, place, mark }
}

function markOf(against: AgainstBest | null | undefined): DomainCell['mark'] {
  if (!against?.significant || against.difference === 0) return ''
  return against.difference > 0 ? '▲' : '▼'
}
