import { FieldtrialError } from '../core/errors.ts'
import { didYouMean } from '../core/suggest.ts'
import type { Study } from './study.ts'

/**
 * The part of a study that patterns name: ids of retrievers or names of collections, `*` for any letters.
 * Patterns of one kind leave the other kind whole. Members of a kept fusion are kept; a baseline that is not kept gives way to the first retriever.
 *
 * @throws FieldtrialError `USAGE` for a pattern that names nothing.
 */
export function onlyPart(study: Study, patterns: readonly string[]): Study {
  if (patterns.length === 0) return study
  const retrieverIds = study.retrievers.map((r) => r.id)
  const collectionNames = study.collections.map((c) => c.name)
  const retrievers = new Set<string>()
  const collections = new Set<string>()
  for (const pattern of patterns) {
    const matches = matcher(pattern)
    const some = [...retrieverIds.filter(matches), ...collectionNames.filter(matches)]
    if (some.length === 0)
      throw new FieldtrialError('USAGE', `--only ${pattern} names no retriever and no collection of the study.`, {
        hint: didYouMean(pattern, [...retrieverIds, ...collectionNames]),
      })
    for (const id of retrieverIds.filter(matches)) retrievers.add(id)
    for (const name of collectionNames.filter(matches)) collections.add(name)
  }
  if (retrievers.size > 0) {
    // Fusions stand after their members, so one pass from the end finds members of members.
    for (const spec of [...study.retrievers].reverse())
      if (spec.kind === 'fusion' && retrievers.has(spec.id)) for (const member of spec.members) retrievers.add(member)
  }
  const kept = study.retrievers.filter((r) => retrievers.size === 0 || retrievers.has(r.id))
  const baseline = kept.some((r) => r.id === study.comparison.baseline)
    ? study.comparison.baseline
    : (kept[0]?.id ?? null)
  const isKept = (name: string) => collections.size === 0 || collections.has(name)
  return {
    ...study,
    retrievers: kept,
    collections: study.collections.filter((c) => isKept(c.name)),
    groups: study.groups.map((group) => ({ ...group, members: group.members.filter(isKept) })),
    comparison: { ...study.comparison, baseline },
  }
}

function matcher(pattern: string): (name: string) => boolean {
  const expression = new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  )
  return (name) => expression.test(name)
}
