import type { CostPart, LearnedDetail } from './fusion-detail.ts'
import type { LoadedFusion } from './steps/run-fusion.ts'

/**
 * What a fusion of runs costs: all that it is made of, each retriever once however often it is named below, and its own combining. A route that
 * looks at the query alone searches the members that it chooses, and no others.
 */
export function fusionCost(
  { trial, members }: LoadedFusion,
  key: string,
  made: { readonly learned: LearnedDetail | null; readonly seconds: number; readonly queries: number },
): { cost: CostPart; parts: Record<string, CostPart> } {
  const { spec } = trial
  const shares =
    spec.type === 'route' && spec.route.features === 'query'
      ? searchedShares(made.learned, members.length)
      : members.map(() => 1)
  const parts = new Map<string, CostPart>()
  for (const [i, member] of members.entries()) {
    const below = member.detail.fusion?.parts ?? { [member.key]: pickCost(member.detail.cost) }
    for (const [name, part] of Object.entries(below)) {
      const before = parts.get(name)
      const scaled = {
        ...part,
        searchSeconds: part.searchSeconds * shares[i]!,
        msPerQuery: part.msPerQuery * shares[i]!,
      }
      if (before === undefined || scaled.msPerQuery > before.msPerQuery) parts.set(name, scaled)
    }
  }
  const { seconds, queries } = made
  parts.set(key, { indexSeconds: 0, searchSeconds: seconds, msPerQuery: (seconds * 1000) / queries, indexBytes: 0 })
  const sum = (field: keyof CostPart) => [...parts.values()].reduce((total, part) => total + part[field], 0)
  const cost = {
    indexSeconds: sum('indexSeconds'),
    searchSeconds: sum('searchSeconds'),
    msPerQuery: sum('msPerQuery'),
    indexBytes: sum('indexBytes'),
  }
  return { cost, parts: Object.fromEntries(parts) }
}

/** Share of the queries for which each member is searched. */
function searchedShares(learned: LearnedDetail | null, members: number): number[] {
  const searched = new Array<number>(members).fill(0)
  let queries = 0
  for (const { route } of learned?.parts ?? [])
    for (const [choice, count] of (route?.chosen ?? []).entries()) {
      queries += count
      for (let i = 0; i < members; i++) if (route!.choices[choice]![i]! > 0) searched[i] = searched[i]! + count
    }
  return searched.map((count) => (queries === 0 ? 1 : count / queries))
}

function pickCost({ indexSeconds, searchSeconds, msPerQuery, indexBytes }: CostPart): CostPart {
  return { indexSeconds, searchSeconds, msPerQuery, indexBytes }
}
