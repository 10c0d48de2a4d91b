/** How unevenly documents turn up in rankings. */
export interface Hubness {
  /** Ranks looked at. */
  readonly k: number
  /**
   * Skewness of N_k, the number of rankings whose first k hold a document (Radovanović, Nanopoulos & Ivanović 2010, Hubs in space). 0: about even;
   * above 1 or so: a few documents, the hubs, are near to every query. Null where all documents turn up equally often.
   */
  readonly skew: number | null
  /** Share of documents that stand in no ranking's first k, from 0 to 1. With few queries most documents cannot. */
  readonly absent: number
  /** The document in most rankings (of several the one with the smallest id, by code units) and their number; null without rankings. */
  readonly hub: { readonly id: string; readonly count: number } | null
}

/**
 * @param rankings Per query, ids of documents, best first.
 * @param documents Documents in all: those that no ranking names count with 0.
 * @param k Default 10.
 */
export function hubness(rankings: Iterable<readonly string[]>, documents: number, k = 10): Hubness {
  const counts = new Map<string, number>()
  for (const ids of rankings) for (const id of ids.slice(0, k)) counts.set(id, (counts.get(id) ?? 0) + 1)
  let hub: { id: string; count: number } | null = null
  let sum = 0
  for (const [id, count] of counts) {
    sum += count
    if (hub === null || count > hub.count || (count === hub.count && id < hub.id)) hub = { id, count }
  }
  const never = documents - counts.size
  const mean = sum / documents
  const moment = (power: number) => {
    let total = never * (-mean) ** power
    for (const count of counts.values()) total += (count - mean) ** power
    return total / documents
  }
  const variance = documents > 0 ? moment(2) : 0
  return {
    k,
    skew: variance > 1e-12 ? moment(3) / variance ** 1.5 : null,
    absent: documents > 0 ? never / documents : 0,
    hub,
  }
}
