import type { Qrels } from '../../data/types.ts'
import type { Twins } from './types.ts'

/** Which documents have the same content. */
export interface ContentGroup {
  /** Equal for documents of the same content. */
  readonly group: number
  /** Documents of the corpus that have it, this one included. */
  readonly size: number
}

/** Documents that a ranking by content cannot tell apart, as one query sees them. */
export interface TwinGroup {
  readonly size: number
  /** Grades of the judged ones among them; the others count as not judged. */
  readonly grades: readonly number[]
}

/**
 * The judged documents of a query in groups of the same content; documents that are not in the corpus are left out.
 *
 * @param contents Of every judged document that is in the corpus, and, with `removeSelf`, of documents with a query's id.
 * @param removeSelf Whether the document with the query's own id is dropped from its ranking.
 */
export function groupsOf(
  query: string,
  judgments: ReadonlyMap<string, number>,
  contents: ReadonlyMap<string, ContentGroup>,
  removeSelf: boolean,
): TwinGroup[] {
  const own = removeSelf ? contents.get(query)?.group : undefined
  const groups = new Map<number, { size: number; grades: number[] }>()
  for (const [document, grade] of judgments) {
    const content = contents.get(document)
    if (content === undefined || (removeSelf && document === query)) continue
    const { group, size } = content
    const known = groups.get(group)
    if (known) known.grades.push(grade)
    else groups.set(group, { size: group === own ? size - 1 : size, grades: [grade] })
  }
  return [...groups.values()]
}

/** The same documents as if each could be told from every other. */
export function apart(groups: readonly TwinGroup[]): TwinGroup[] {
  return groups.flatMap(({ grades }) => grades.map((grade) => ({ size: 1, grades: [grade] })))
}

/** Counts relevant judgments whose document has a twin that is not judged relevant. @param contents As for `groupsOf`. */
export function twinsUnjudged(qrels: Qrels, contents: ReadonlyMap<string, ContentGroup>, removeSelf: boolean): Twins {
  let pairs = 0
  let of = 0
  const examples: string[] = []
  for (const [query, judgments] of qrels)
    for (const { size, grades } of groupsOf(query, judgments, contents, removeSelf)) {
      const relevant = grades.filter((grade) => grade > 0).length
      of += relevant
      if (relevant === 0 || relevant === size) continue
      pairs += relevant
      if (examples.length < EXAMPLES && examples.at(-1) !== query) examples.push(query)
    }
  return { pairs, of, examples }
}

const EXAMPLES = 5
