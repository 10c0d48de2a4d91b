/** At a rank: the document has no judgment. */
export const UNJUDGED = -1
/** At a rank: the document was in the pool but got a negative grade, which trec_eval takes for "not judged". */
export const NOT_GRADED = -2

/** How many documents of each grade a query's judgments hold, highest grade first; negative grades are left out. */
export interface GradeLevels {
  readonly grades: readonly number[]
  readonly counts: readonly number[]
}

/**
 * What a measure sees of one query: the grade at each rank (0 or more; else `UNJUDGED` or `NOT_GRADED`), in trec_eval's
 * order, and the counts of the judgments.
 */
export interface JudgedRanking {
  readonly grades: Int32Array
  readonly levels: GradeLevels
}

export function gradeLevels(judgments: ReadonlyMap<string, number>): GradeLevels {
  const counts = new Map<number, number>()
  for (const grade of judgments.values()) if (grade >= 0) counts.set(grade, (counts.get(grade) ?? 0) + 1)
  const grades = [...counts.keys()].sort((a, b) => b - a)
  return { grades, counts: grades.map((grade) => counts.get(grade)!) }
}

/** Judged documents of grade `rel` or more. */
export function relevantCount(levels: GradeLevels, rel: number): number {
  let count = 0
  for (let i = 0; i < levels.grades.length && levels.grades[i]! >= rel; i++) count += levels.counts[i]!
  return count
}

/** Judged documents below `rel`. */
export function nonRelevantCount(levels: GradeLevels, rel: number): number {
  let count = 0
  for (let i = 0; i < levels.grades.length; i++) if (levels.grades[i]! < rel) count += levels.counts[i]!
  return count
}

/** Retrieved documents of grade `rel` or more among the first `depth`. */
export function relevantRetrieved(ranking: JudgedRanking, rel: number, depth = Infinity): number {
  const end = Math.min(depth, ranking.grades.length)
  let count = 0
  for (let i = 0; i < end; i++) if (ranking.grades[i]! >= rel) count++
  return count
}

/** The ranking without the documents that have no grade, as `trec_eval -J` sees it. */
export function judgedOnly(ranking: JudgedRanking): JudgedRanking {
  return { grades: ranking.grades.filter((grade) => grade >= 0), levels: ranking.levels }
}
