import type { CollectionScores } from '../../src/report/page-data.ts'
import type { CollectionEvidence, StudyResults } from '../../src/study/results.ts'

/** The data that the page carries. Scores and texts of a collection are parsed when they are first looked at. */
export interface Study {
  readonly results: StudyResults
  scores(collection: number): CollectionScores
  evidence(collection: number): CollectionEvidence | null
}

/** Null when the page holds no study, i.e. when it is the template itself. */
export function readStudy(): Study | null {
  const results = embedded<StudyResults>('results')
  if (results === undefined) return null
  return {
    results,
    scores: once((i) => embedded<CollectionScores>(`scores-${i}`) ?? { queries: [], values: {} }),
    evidence: once((i) => embedded<CollectionEvidence | null>(`evidence-${i}`) ?? null),
  }
}

function embedded<T>(name: string): T | undefined {
  const text = document.getElementById(`fieldtrial-${name}`)?.textContent
  return text == null ? undefined : (JSON.parse(text) as T)
}

function once<T>(make: (index: number) => T): (index: number) => T {
  const made = new Map<number, T>()
  return (index) => {
    if (!made.has(index)) made.set(index, make(index))
    return made.get(index)!
  }
}
