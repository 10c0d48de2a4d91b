import { FieldtrialError } from '../core/errors.ts'
import type { Ranking } from './types.ts'

/** Rankings that have been looked through already: a look costs as much as measuring does, and a ranking never changes. */
const sound = new WeakSet<Ranking>()

/** For those who make rankings that cannot be wrong: readers of files, which check line by line. */
export function asSound(ranking: Ranking): Ranking {
  sound.add(ranking)
  return ranking
}

/**
 * Makes sure that a ranking can be ranked at all.
 *
 * @throws FieldtrialError `DATA_INVALID` for a document that stands twice, a score that is NaN, and a ranking that has
 * not one score for each id.
 */
export function requireSound(query: string, ranking: Ranking): void {
  if (sound.has(ranking)) return
  const { ids, scores } = ranking
  if (ids.length !== scores.length)
    throw new FieldtrialError(
      'DATA_INVALID',
      `The results of the query ${query} have ${ids.length} documents but ${scores.length} scores.`,
      { hint: 'A ranking has one score for each document.' },
    )
  if (new Set(ids).size !== ids.length) {
    const seen = new Set<string>()
    const twice = ids.find((id) => seen.size === seen.add(id).size)
    throw new FieldtrialError(
      'DATA_INVALID',
      `The document ${twice} stands twice in the results of the query ${query}.`,
      { hint: 'A document has one score for a query.' },
    )
  }
  const broken = scores.findIndex(Number.isNaN)
  if (broken >= 0) throw notANumber(query, ids[broken]!)
  sound.add(ranking)
}

export function notANumber(query: string, id: string): FieldtrialError {
  return new FieldtrialError('DATA_INVALID', `The score of the document ${id} for the query ${query} is NaN.`, {
    hint: 'NaN cannot be ranked; the retriever that gave it failed.',
  })
}
