import { expandGroup } from '../data/index.ts'
import type { ResolveContext } from './resolve-context.ts'
import type { CollectionInput, StudyCollectionInput } from './schema-collections.ts'
import type { StudyCollection } from './study.ts'

/** Fields that a unified collection has of its own; all others are its members'. */
const OF_UNIFIED: readonly (keyof StudyCollectionInput)[] = ['unified', 'name', 'id', 'split', 'task']

/** Whether an entry joins others. Tells what contradicts itself. */
export function isUnifiedInput(
  spec: StudyCollectionInput,
  at: number,
  { problem }: ResolveContext,
): spec is StudyCollectionInput & { unified: NonNullable<StudyCollectionInput['unified']> } {
  if (spec.unified === undefined) {
    if (spec.source === undefined)
      problem(
        ['collections', at],
        'A collection needs `source:`, or `unified:`.',
        'Name a folder or a known collection.',
      )
    return false
  }
  for (const field of Object.keys(spec) as (keyof StudyCollectionInput)[])
    if (!OF_UNIFIED.includes(field))
      problem(
        ['collections', at, field],
        `${field} cannot be set for a unified collection.`,
        `Set it for a member, as an object in \`unified\`; the whole takes ${OF_UNIFIED.slice(1).join(', ')}.`,
      )
  return true
}

/**
 * A collection joined out of others.
 *
 * @param others Of the study, which members may name.
 * @param resolve Makes a collection of a member that the study does not name otherwise.
 */
export function resolveUnified(
  spec: StudyCollectionInput & { unified: NonNullable<StudyCollectionInput['unified']> },
  at: number,
  others: readonly StudyCollection[],
  resolve: (member: CollectionInput, taken: Set<string>, place: number) => StudyCollection,
  { problem }: ResolveContext,
): StudyCollection {
  const taken = new Set<string>()
  const members: StudyCollection[] = []
  for (const [place, given] of spec.unified.entries()) {
    const path = ['collections', at, 'unified', place]
    const member: CollectionInput = typeof given === 'string' ? { source: given } : given
    const known = typeof given === 'string' ? others.find(({ name }) => name === given) : undefined
    if (known !== undefined && taken.has(known.name))
      problem(path, `${known.name} stands in the unified collection twice.`, 'Remove one of the two.')
    else if (known !== undefined) {
      taken.add(known.name)
      members.push(known)
    } else if (typeof given === 'string')
      members.push(...idsOf(given).map((id) => resolve({ source: id }, taken, place)))
    else if (idsOf(member.source).length > 1)
      problem(
        path,
        `${member.source} names several collections.`,
        'Name it without settings, or each of them with its own.',
      )
    else members.push(resolve(member, taken, place))
  }
  const names = members.map(({ name }) => name)
  const given = `unified(${members.map((member) => member.given).join(', ')})`
  return {
    source: `unified:${names.join('+')}`,
    name: spec.name ?? spec.id ?? names.join('+'),
    given,
    published: false,
    unified: members,
    ...(spec.split === undefined ? {} : { split: spec.split }),
    ...(spec.task === undefined ? {} : { task: spec.task }),
  }
}

/** The collections of a group (`beir-13`, `coir/*`); any other name as it is. */
function idsOf(source: string): string[] {
  try {
    return expandGroup(source)?.members.map(({ id }) => id) ?? [source]
  } catch {
    return [source] // told when it is resolved as a collection
  }
}
