import { rankOrder } from '../../data/id-order.ts'
import type { Qrels, Ranking, Run } from '../../data/types.ts'
import type { Suspect, Suspects } from './types.ts'

/** The first documents that a retriever found. */
export interface NamedTop {
  readonly name: string
  /** Query → ids, best first. */
  readonly top: ReadonlyMap<string, readonly string[]>
}

export interface SuspectOptions {
  /** Default: 5. */
  readonly depth?: number
  /** Default: 2. */
  readonly agree?: number
}

const EXAMPLES = 20
const JUDGED_DEPTH = 10
/** Ranks that are looked for by default; beyond them a retriever itself would not be taken at its word. */
export const SUSPECT_DEPTH = 5

/**
 * What `findSuspects` needs of a run, so that the runs of many retrievers never are in memory together.
 *
 * @param removeSelf Whether the document with the query's own id is passed over.
 */
export function topOf(name: string, run: Run, depth = SUSPECT_DEPTH, removeSelf = false): NamedTop {
  const count = Math.max(depth, JUDGED_DEPTH)
  return { name, top: new Map([...run].map(([query, ranking]) => [query, firstOf(query, ranking, count, removeSelf)])) }
}

/**
 * Looks for documents without judgment among the first of several retrievers. Two retrievers of one kind agree sooner than two of
 * different kinds: what BM25 alone finds twice says less than what BM25 and an encoder find.
 *
 * @param runs At least `agree` of them, of `depth` or more documents each.
 */
export function findSuspects(qrels: Qrels, runs: readonly NamedTop[], options: SuspectOptions = {}): Suspects {
  const { depth = SUSPECT_DEPTH, agree = 2 } = options
  const judgedSums = runs.map(() => 0)
  const found: { readonly suspect: Suspect; readonly weight: number }[] = []
  let pairs = 0
  let above = 0
  let queries = 0
  for (const [query, judgments] of qrels) {
    const tops = runs.map(({ top }) => top.get(query) ?? [])
    for (const [i, top] of tops.entries()) {
      const looked = top.slice(0, JUDGED_DEPTH)
      if (looked.length > 0) judgedSums[i]! += looked.filter((id) => judgments.has(id)).length / looked.length
    }
    // Without a relevant document the query counts 0 anyway.
    if (![...judgments.values()].some((grade) => grade > 0)) continue
    const here = suspectsOf(query, judgments, runs, tops, depth, agree)
    if (here.length > 0) queries++
    pairs += here.length
    above += here.filter(({ suspect }) => suspect.aboveRelevant).length
    found.push(...here)
    if (found.length > 50 * EXAMPLES) keepBest(found)
  }
  keepBest(found)
  return {
    retrievers: runs.map(({ name }) => name),
    depth,
    agree,
    pairs,
    above,
    queries,
    judgedQueries: qrels.size,
    judged: Object.fromEntries(runs.map(({ name }, i) => [name, judgedSums[i]! / Math.max(1, qrels.size)])),
    examples: found.map(({ suspect }) => suspect),
  }
}

function suspectsOf(
  query: string,
  judgments: ReadonlyMap<string, number>,
  runs: readonly NamedTop[],
  tops: readonly (readonly string[])[],
  depth: number,
  agree: number,
) {
  const ranks = new Map<string, (number | null)[]>()
  for (const [i, top] of tops.entries())
    for (const [rank, id] of top.slice(0, depth).entries()) {
      if (judgments.has(id)) continue
      const known = ranks.get(id) ?? runs.map(() => null)
      known[i] = rank + 1
      ranks.set(id, known)
    }
  const firstRelevant = tops.map((top) => {
    const at = top.findIndex((id) => (judgments.get(id) ?? 0) > 0)
    return at < 0 ? Number.POSITIVE_INFINITY : at + 1
  })
  return [...ranks].flatMap(([document, places]) => {
    if (places.filter((place) => place !== null).length < agree) return []
    const aboveRelevant = places.every((place, i) => place === null || place < firstRelevant[i]!)
    const weight = places.reduce<number>((sum, place) => sum + (place === null ? 0 : 1 / place), 0)
    const byName = Object.fromEntries(runs.map(({ name }, i) => [name, places[i]!]))
    return [{ suspect: { query, document, ranks: byName, aboveRelevant }, weight }]
  })
}

function keepBest(found: { readonly weight: number }[]): void {
  found.sort((a, b) => b.weight - a.weight)
  found.length = Math.min(found.length, EXAMPLES)
}

/** The first documents of a ranking in trec_eval's order. */
function firstOf(query: string, ranking: Ranking, count: number, removeSelf: boolean): string[] {
  const { ids, scores } = ranking
  const order = rankOrder(ids, scores, 'float32')
  const first: string[] = []
  for (let rank = 0; rank < ids.length && first.length < count; rank++) {
    const id = ids[order === null ? rank : order[rank]!]!
    if (!(removeSelf && id === query)) first.push(id)
  }
  return first
}
