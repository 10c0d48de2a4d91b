import type { QueriesSummary } from './summary.ts'
import type { Finding, Qrels, Query } from './types.ts'

const EXAMPLES = 5

/** What is odd about the queries of the split. */
export function queryFindings(
  queries: readonly Query[],
  { modalities, missing }: Pick<QueriesSummary, 'modalities' | 'missing'>,
): Finding[] {
  const wordless = queries.filter(({ text }) => text.trim() === '')
  const empty = wordless.filter(({ image }) => image === undefined).map(({ id }) => id)
  const pictures = wordless.filter(({ image }) => image !== undefined).map(({ id }) => id)
  const first = new Map<string, string>()
  const twins = new Set<string>()
  for (const { id, text, image } of queries) {
    if (image !== undefined) continue // what tells them apart is not their text
    const before = first.get(text)
    if (before === undefined) first.set(text, id)
    else twins.add(before).add(id)
  }
  return [
    ...finding('queries.empty', 'warning', empty, queries.length, (n, of) => `${n} of ${of} queries have no text.`),
    ...finding(
      'queries.image-only',
      modalities.image === queries.length ? 'info' : 'warning',
      pictures,
      queries.length,
      (n, of) => `${n} of ${of} queries are images without text: retrievers that read text cannot answer them.`,
    ),
    ...finding(
      'queries.picture-missing',
      'warning',
      missing,
      queries.length,
      (n, of) => `${n} of ${of} queries name a picture that is not there.`,
    ),
    ...finding(
      'queries.duplicate-text',
      'info',
      [...twins],
      queries.length,
      (n, of) => `${n} of ${of} queries have the same text as another.`,
    ),
  ]
}

/** What is odd about the judgments, and which grades they use. */
export function judgmentFindings(qrels: Qrels): Finding[] {
  const grades = new Map<number, number>()
  const irrelevant: string[] = []
  for (const [query, documents] of qrels) {
    let relevant = false
    for (const grade of documents.values()) {
      grades.set(grade, (grades.get(grade) ?? 0) + 1)
      relevant ||= grade > 0
    }
    if (!relevant) irrelevant.push(query)
  }
  const total = [...grades.values()].reduce((sum, count) => sum + count, 0)
  const negative = [...grades].reduce((sum, [grade, count]) => sum + (grade < 0 ? count : 0), 0)
  const listed = [...grades].sort(([a], [b]) => a - b).map(([grade, count]) => `${grade}: ${count}`)
  return [
    ...finding(
      'queries.no-relevant',
      'warning',
      irrelevant,
      qrels.size,
      (n, of) => `${n} of ${of} queries have no relevant document (no grade above 0): they score 0 whatever is found.`,
    ),
    ...(negative > 0
      ? [
          {
            code: 'qrels.negative-grades',
            level: 'info' as const,
            count: negative,
            of: total,
            message: `${negative} of ${total} judgments have a negative grade; they count as not relevant.`,
            examples: [],
          },
        ]
      : []),
    {
      code: 'qrels.grades',
      level: 'info',
      count: grades.size,
      of: total,
      message: `Judgments by grade: ${listed.join(', ')}.`,
      examples: [],
    },
  ]
}

function finding(
  code: string,
  level: Finding['level'],
  ids: readonly string[],
  of: number,
  message: (count: number, of: number) => string,
): Finding[] {
  if (ids.length === 0) return []
  return [{ code, level, count: ids.length, of, message: message(ids.length, of), examples: ids.slice(0, EXAMPLES) }]
}
