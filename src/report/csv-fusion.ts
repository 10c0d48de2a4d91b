import type { FusionResult, StudyResults } from '../study/results.ts'
import { TESTED_HEAD, testedCells } from './csv-tested.ts'
import { type CsvValue, csvLine } from './csv-text.ts'
import { learnedWeights, routedShares } from './fusion/learned.ts'

/**
 * One row per fusion, collection and member: the fusion against its best single retriever by the first measure, its cost, and what the member
 * adds. Header, RFC 4180, `\n`; numbers at full precision; a study without fusions has the header alone.
 */
export function renderFusionCsv(results: StudyResults): string {
  const splits = new Map(results.collections.map((c) => [c.name, c.split]))
  const rows = (results.fusions ?? []).flatMap((fusion): CsvValue[][] => {
    const { collection, retriever, best, gains, oracle, cost, members, relevant, learned } = fusion
    const gain = gains[0]!
    const own: CsvValue[] = [
      results.study,
      collection,
      splits.get(collection) ?? null,
      results.smoke?.limit ?? null,
      retriever,
      gain.measure,
      gain.value,
      best,
      gain.bestValue,
      ...testedCells(gain),
      oracle.value,
      oracle.closed,
      cost.extraMsPerQuery,
      cost.extraIndexBytes,
      cost.documentEncodings,
      cost.queryEncodings,
      relevant,
      learned?.parts.length ?? null,
    ]
    const weights = memberWeights(fusion)
    return members.map(({ member, alone, without, contribution, onlyFinder }, i) => [
      ...own,
      member,
      alone,
      without,
      contribution?.difference ?? null,
      contribution?.interval[0] ?? null,
      contribution?.interval[1] ?? null,
      contribution?.p ?? null,
      onlyFinder,
      weights?.[i] ?? null,
    ])
  })
  return [HEAD, ...rows].map(csvLine).join('')
}

/** Mean learned weight of each member, or its share of a route's choices. */
function memberWeights(fusion: FusionResult): number[] | null {
  return learnedWeights(fusion)?.map(({ mean }) => mean) ?? routedShares(fusion)?.map(({ share }) => share) ?? null
}

const HEAD = [
  'study',
  'collection',
  'split',
  'smoke_limit',
  'fusion',
  'measure',
  'value',
  'best_single',
  'best_single_value',
  ...TESTED_HEAD,
  'oracle',
  'closed',
  'extra_ms_per_query',
  'extra_index_bytes',
  'document_encodings',
  'query_encodings',
  'relevant_in_first_ten',
  'learned_parts',
  'member',
  'member_alone',
  'without_member',
  'contribution',
  'contribution_low',
  'contribution_high',
  'contribution_p',
  'only_finder',
  'member_weight',
]
