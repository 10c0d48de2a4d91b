import type { Run } from '../../data/types.ts'
import { meanOf, standardDeviation } from '../significance/moments.ts'

/** How high one domain's documents are scored, for its own queries and beside those of other domains. */
export interface TopScores {
  /** Queries with a document of their own domain in the ranking; the rest of the figures is over these. */
  readonly queries: number
  /** Best score of a document of the query's own domain. */
  readonly mean: number
  readonly deviation: number
  /**
   * How far that mean lies from the mean over all domains' queries, in standard deviations over all of them. A retriever whose scores mean the
   * same everywhere has 0; where it is positive, scores of this domain are too high beside others'.
   */
  readonly shift: number | null
  /**
   * Mean lead of the best document of the own domain over the best of all others, in the same unit; negative where others are scored higher.
   * Null where no ranking holds documents of another domain.
   */
  readonly lead: number | null
}

/**
 * @param queries By domain.
 * @param domainOf Domain of a document's id.
 */
export function topScores(
  run: Run,
  queries: ReadonlyMap<string, readonly string[]>,
  domainOf: (id: string) => string,
): Map<string, TopScores | null> {
  const best = new Map([...queries].map(([domain, ids]) => [domain, bestScores(run, ids, domain, domainOf)]))
  const all = [...best.values()].flatMap(({ own }) => own)
  const [mean, spread] = all.length < 2 ? [0, 0] : [meanOf(all), standardDeviation(all)]
  return new Map(
    [...best].map(([domain, { own, leads }]) => [
      domain,
      own.length === 0
        ? null
        : {
            queries: own.length,
            mean: meanOf(own),
            deviation: own.length < 2 ? 0 : standardDeviation(own),
            shift: spread > 0 ? (meanOf(own) - mean) / spread : null,
            lead: spread > 0 && leads.length > 0 ? meanOf(leads) / spread : null,
          },
    ]),
  )
}

function bestScores(
  run: Run,
  queries: readonly string[],
  domain: string,
  domainOf: (id: string) => string,
): { own: number[]; leads: number[] } {
  const own: number[] = []
  const leads: number[] = []
  for (const query of queries) {
    const ranking = run.get(query)
    if (ranking === undefined) continue
    let [mine, others] = [-Infinity, -Infinity]
    for (const [rank, id] of ranking.ids.entries()) {
      const score = ranking.scores[rank]!
      if (domainOf(id) === domain) mine = Math.max(mine, score)
      else others = Math.max(others, score)
      // Rankings are in order, so the first of each kind is the best.
      if (mine > -Infinity && others > -Infinity) break
    }
    if (mine === -Infinity) continue
    own.push(mine)
    if (others > -Infinity) leads.push(mine - others)
  }
  return { own, leads }
}
