import type { z } from 'zod'
import { didYouMean } from '../core/suggest.ts'
import { STUDY_PAGE } from './source.ts'

/** What the schema library says is wrong at one place. */
export type Issue = z.core.$ZodIssue

/** Of a choice between a string and an object, only the complaints about the shape that was written are of use. */
export function leafIssues(issues: readonly Issue[]): Issue[] {
  return issues.flatMap((issue): Issue[] => {
    if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue]
    const branches = issue.errors.map((branch) =>
      branch.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })),
    )
    const shapeFits = branches.filter(
      (branch) => !branch.some((inner) => inner.code === 'invalid_type' && inner.path.length === issue.path.length),
    )
    const chosen = shapeFits[0] ?? branches.at(-1)!
    return leafIssues(chosen)
  })
}

/**
 * An issue in words that name the field.
 *
 * @param fields Two that a file must hold, for one that is no object.
 */
export function describeIssue(issue: Issue, fields = '`collections:` and `baselines:`'): string {
  const field = issue.path.length === 0 ? 'The study' : String(issue.path.at(-1))
  switch (issue.code) {
    case 'invalid_type':
      return issue.path.length === 0
        ? `The file must hold fields such as ${fields}.`
        : issue.input === undefined && /received undefined/.test(issue.message)
          ? `${field} is missing.`
          : `${field}: expected ${issue.expected}.`
    case 'invalid_value':
      return `${field}: must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map((v) => String(v)).join(', ')}.`
    case 'too_small':
      return issue.origin === 'array' || issue.origin === 'string'
        ? `${field} must not be empty.`
        : `${field} must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}.`
    case 'too_big':
      return `${field} must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}.`
    default:
      return `${field}: ${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}.`
  }
}

/** What to do about it: the near miss, if a name was mistyped. */
export function hintFor(issue: Issue, root: unknown, page: string = STUDY_PAGE): string {
  if (issue.code === 'invalid_value') {
    const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], root)
    if (typeof value === 'string') return didYouMean(value, issue.values.map(String))
  }
  if (issue.code === 'invalid_type' && issue.path.length === 1 && issue.path[0] === 'collections')
    return 'Add `collections: [path/to/collection]`.'
  return `See ${page}.`
}
