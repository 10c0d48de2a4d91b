import { createHash } from 'node:crypto'
import { compare } from './files.ts'
import { wordsOf } from './markdown.ts'

/** A piece of documentation that can be a document, and perhaps the answer to its heading. */
export interface Candidate {
  readonly id: string
  readonly project: string
  readonly text: string
  /** Absent where the text is only a part of its section. */
  readonly heading?: string
}

const STOP = new Set(
  'a an and are as at be by can do does for from has have how i if in into is it its my new not of on or our so that the their there these this to use using via was we what when where which who why will with you your'.split(
    ' ',
  ),
)
/** Headings that every project has; their sections cannot be told apart by them. */
const GENERIC = new Set(
  'getting started|table contents|quick start|basic usage|advanced usage|api reference|api documentation|breaking changes|code conduct|known issues|related projects|see also|further reading|command line|run tests|running tests|example usage|usage example|usage examples|browser support|node support|supported versions|change log|release notes|learn more|more information|more examples|simple example|basic example'.split(
    '|',
  ),
)

/** Words of a heading that carry meaning, lower case. */
export function contentWords(heading: string): string[] {
  return wordsOf(heading)
    .map((word) => word.toLowerCase())
    .filter((word) => /\p{L}{2}/u.test(word) && !STOP.has(word))
}

/** Whether a heading, given as its content words, is one that stands in every project. */
export const isGeneric = (words: readonly string[]) => GENERIC.has(words.join(' '))

/**
 * Candidates whose heading is a fair query: two content words at least, not generic, not the project's own name, and
 * not the heading of another candidate.
 */
export function queryable(candidates: readonly Candidate[]): (Candidate & { readonly heading: string })[] {
  const uses = new Map<string, number>()
  const keyOf = (heading: string) => contentWords(heading).join(' ')
  for (const { heading } of candidates)
    if (heading !== undefined) uses.set(keyOf(heading), (uses.get(keyOf(heading)) ?? 0) + 1)
  return candidates.filter((candidate): candidate is Candidate & { heading: string } => {
    const { heading, project } = candidate
    if (heading === undefined) return false
    const words = contentWords(heading)
    const name = new Set(contentWords(project))
    return (
      words.length >= 2 &&
      words.length <= 16 &&
      uses.get(keyOf(heading)) === 1 &&
      !isGeneric(words) &&
      !words.every((word) => name.has(word))
    )
  })
}

/**
 * Up to `count` items spread over the projects: one of each in turn, in an order by hash within a project, so that the
 * same files give the same choice.
 */
export function spread<T extends Candidate>(items: readonly T[], count: number): T[] {
  const projects = new Map<string, T[]>()
  for (const item of items) projects.set(item.project, [...(projects.get(item.project) ?? []), item])
  const order = new Map(items.map(({ id }) => [id, createHash('sha256').update(id).digest('hex')]))
  const queues = [...projects]
    .sort(([a], [b]) => compare(a, b))
    .map(([, list]) => list.sort((a, b) => compare(order.get(a.id)!, order.get(b.id)!)))
  const chosen: T[] = []
  for (let round = 0; chosen.length < count && queues.some((queue) => queue.length > round); round++)
    for (const queue of queues) if (queue.length > round && chosen.length < count) chosen.push(queue[round]!)
  return chosen
}
