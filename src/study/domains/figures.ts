import type { Qrels, Run } from '../../data/types.ts'
import { domainOf, type UnifiedCollection } from '../../data/unified/index.ts'
import { type DomainShares, domainShares, type TopScores, topScores } from '../../measure/domains/index.ts'
import { evaluate, type Measure } from '../../measure/index.ts'
import { SHARE_DEPTH } from './results.ts'

/** What one run shows of one domain; remembered in the workspace. */
export interface RunFigures {
  readonly domain: string
  readonly within: Readonly<Record<string, number | null>>
  readonly shares: DomainShares | null
  readonly scores: TopScores | null
}

/** Looks at a run over a unified collection domain by domain. */
export async function runFigures(
  collection: UnifiedCollection,
  run: Run,
  measures: readonly Measure[],
): Promise<RunFigures[]> {
  const qrels = await collection.qrels()
  const names = collection.domains.map(({ name }) => name)
  const queries = queriesByDomain(names, qrels)
  const scores = topScores(run, queries, domainOf)
  return names.map((domain) => ({
    domain,
    within: Object.fromEntries(evaluate(judgedIn(domain, qrels), withinDomain(domain, run), measures).mean),
    shares: domainShares(run, queries.get(domain)!, domain, names, domainOf, SHARE_DEPTH),
    scores: scores.get(domain) ?? null,
  }))
}

function queriesByDomain(names: readonly string[], qrels: Qrels): Map<string, string[]> {
  const queries = new Map(names.map((name): [string, string[]] => [name, []]))
  for (const id of qrels.keys()) queries.get(domainOf(id))!.push(id)
  return queries
}

function judgedIn(domain: string, qrels: Qrels): Qrels {
  return new Map([...qrels].filter(([query]) => domainOf(query) === domain))
}

/** The domain's queries, with its own documents alone. */
function withinDomain(domain: string, run: Run): Run {
  const kept: Run = new Map()
  for (const [query, { ids, scores }] of run) {
    if (domainOf(query) !== domain) continue
    const own = ids.map((id) => domainOf(id) === domain)
    kept.set(query, { ids: ids.filter((_, i) => own[i]), scores: scores.filter((_, i) => own[i]) })
  }
  return kept
}
