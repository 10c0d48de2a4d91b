import type { Run } from '../../data/types.ts'

/** Where the first documents of rankings come from. */
export interface DomainShares {
  /** Mean over queries of the share of their first documents that comes from each domain; sums to 1. */
  readonly shares: Readonly<Record<string, number>>
  /** The share from other domains than the query's own. */
  readonly wrong: number
  /** Queries that found something: the others have no shares. */
  readonly queries: number
}

/**
 * @param queries Of one domain.
 * @param domains All that there are, so that each has a share.
 * @param domainOf Domain of a document's id.
 * @param k How many first documents count; of a shorter ranking all.
 * @returns Null where no query found anything.
 */
export function domainShares(
  run: Run,
  queries: readonly string[],
  own: string,
  domains: readonly string[],
  domainOf: (id: string) => string,
  k: number,
): DomainShares | null {
  const sums = new Map(domains.map((domain) => [domain, 0]))
  let found = 0
  for (const query of queries) {
    const ids = run.get(query)?.ids.slice(0, k) ?? []
    if (ids.length === 0) continue
    found++
    for (const id of ids) {
      const domain = domainOf(id)
      sums.set(domain, (sums.get(domain) ?? 0) + 1 / ids.length)
    }
  }
  if (found === 0) return null
  const shares = Object.fromEntries([...sums].map(([domain, sum]) => [domain, sum / found]))
  // Sums of thousands of tenths end near, not at, 0 and 1.
  const wrong = Number((1 - (shares[own] ?? 0)).toFixed(12))
  return { shares, wrong: Math.abs(wrong), queries: found }
}
