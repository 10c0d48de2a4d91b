import { basename } from 'node:path'
import { FieldtrialError } from '../core/errors.ts'
import { didYouMean } from '../core/suggest.ts'
import {
  type CollectionSpec,
  type ExpandedGroup,
  expandGroup,
  findDataset,
  listDatasets,
  nameFault,
} from '../data/index.ts'
import { localPath, type ResolveContext } from './resolve-context.ts'
import { resolveSample } from './resolve-sample.ts'
import { isUnifiedInput, resolveUnified } from './resolve-unified.ts'
import type { StudyInput } from './schema.ts'
import type { CollectionInput, StudyCollectionInput } from './schema-collections.ts'
import type { Path } from './source.ts'
import type { RetrieverSpec, StudyCollection, StudyGroup } from './study.ts'

/** Fields that say the same of every member of a group; the others are of one collection. */
const FOR_GROUPS: readonly (keyof CollectionInput)[] = ['source', 'titles', 'task', 'removeSelf', 'sample']

interface Entry {
  readonly spec: CollectionInput
  /** Place in the study file. */
  readonly at: number
  readonly group?: ExpandedGroup
}

/**
 * The collections of a study, groups (`beir-13`, `coir/*`) taken apart. A collection that the file names by itself, for example
 * with settings of its own, is left out of the groups.
 *
 * @param retrievers Of the study: samples may take hard distractors from them.
 */
export function resolveCollections(
  input: StudyInput,
  retrievers: readonly RetrieverSpec[],
  context: ResolveContext,
): { readonly collections: StudyCollection[]; readonly groups: StudyGroup[] } {
  const joined: { readonly spec: Parameters<typeof resolveUnified>[0]; readonly at: number }[] = []
  const entries = input.collections.flatMap((given, at) => {
    const spec: StudyCollectionInput = typeof given === 'string' ? { source: given } : given
    if (isUnifiedInput(spec, at, context)) joined.push({ spec, at })
    else if (spec.source !== undefined) return entryOf(withoutAlias(spec, at, context), at, context) ?? []
    return []
  })
  const alone = new Set(entries.flatMap(({ spec, group }) => (group ? [] : [spec.source.toLowerCase()])))
  const taken = new Set<string>()
  const inGroups = new Set<string>()
  const placed: { readonly at: number; readonly collection: StudyCollection }[] = []
  const groups: StudyGroup[] = []
  for (const { spec, at, group } of entries) {
    if (group === undefined) {
      placed.push({ at, collection: resolveOne(spec, ['collections', at], taken, retrievers, context) })
      continue
    }
    const shared = Object.fromEntries(Object.entries(spec).filter(([field]) => FOR_GROUPS.includes(field as never)))
    const left = group.left.map(({ dataset, why }) => ({ id: dataset.id, why }))
    const members: string[] = []
    for (const { id } of group.members) {
      const why = alone.has(id) ? 'named by itself' : inGroups.has(id) ? 'a member of a group before' : undefined
      if (why !== undefined) {
        left.push({ id, why })
        continue
      }
      inGroups.add(id)
      const member = resolveOne({ ...shared, source: id }, ['collections', at], taken, retrievers, context)
      placed.push({ at, collection: member })
      members.push(member.name)
    }
    groups.push({ given: group.given, members, left })
  }
  const others = placed.map(({ collection }) => collection)
  for (const { spec, at } of joined) {
    const member = (one: CollectionInput, names: Set<string>, place: number) =>
      resolveOne(one, ['collections', at, 'unified', place], names, retrievers, context)
    const collection = resolveUnified(spec, at, others, member, context)
    claim(collection.name, ['collections', at], taken, context)
    placed.push({ at, collection })
  }
  placed.sort((a, b) => a.at - b.at)
  return { collections: placed.map(({ collection }) => collection), groups }
}

/** `id` and `name` say the same; what is resolved has a name only. */
function withoutAlias(
  { id, unified: _, source, ...spec }: StudyCollectionInput,
  at: number,
  { problem }: ResolveContext,
): CollectionInput {
  if (id !== undefined && spec.name !== undefined)
    problem(['collections', at, 'id'], '`id` and `name` are the same.', 'Remove one of the two.')
  const name = spec.name ?? id
  return { ...spec, source: source!, ...(name === undefined ? {} : { name }) }
}

function claim(name: string, path: Path, taken: Set<string>, { problem }: ResolveContext): void {
  if (taken.has(name))
    problem(path, `Two collections are called ${JSON.stringify(name)}.`, 'Give one of them a `name:` of its own.')
  taken.add(name)
}

/** Null where it was told as a problem. */
function entryOf(spec: CollectionInput, at: number, { folder, problem }: ResolveContext): Entry | null {
  if (localPath(spec.source, folder) !== undefined) return { spec, at }
  try {
    const group = expandGroup(spec.source)
    if (group === undefined) return { spec, at }
    for (const field of Object.keys(spec) as (keyof CollectionInput)[])
      if (!FOR_GROUPS.includes(field))
        problem(
          ['collections', at, field],
          `${field} cannot be set for the group ${spec.source}.`,
          `Name the collection that it is meant for beside the group; groups take ${FOR_GROUPS.slice(1).join(', ')}.`,
        )
    return { spec, at, group }
  } catch (error) {
    if (!(error instanceof FieldtrialError)) throw error
    problem(['collections', at], error.message, error.hint ?? '')
    return null
  }
}

function resolveOne(
  spec: CollectionInput,
  path: Path,
  taken: Set<string>,
  retrievers: readonly RetrieverSpec[],
  context: ResolveContext,
): StudyCollection {
  const { folder, problem } = context
  const local = localPath(spec.source, folder)
  const source = local ?? spec.source
  const fault = local === undefined && !source.startsWith('hf:') ? nameFault(source) : undefined
  if (fault !== undefined) problem(path, fault.message, fault.hint ?? '')
  const usual = findDataset(source)?.name ?? collectionName(source)
  // What is drawn from a collection must not go by its name.
  const wished = spec.name ?? (spec.sample === undefined ? usual : `${usual}-sample`)
  let name = wished
  // Two splits of one collection are two rows of the report.
  if (spec.name === undefined && taken.has(name) && spec.split) name = `${wished}-${spec.split}`
  claim(name, path, taken, context)
  if (typeof spec.published === 'string' && findDataset(spec.published) === undefined)
    problem(
      [...path, 'published'],
      `There is no known collection ${JSON.stringify(spec.published)}.`,
      didYouMean(
        spec.published,
        listDatasets().map(({ id }) => id),
      ),
    )
  // Zod writes absent members as possibly undefined; JSON and YAML have no undefined, so none is there.
  const { sample, ...rest } = spec
  return {
    ...(rest as CollectionSpec),
    source,
    name,
    given: spec.source,
    ...(sample === undefined ? {} : { sample: resolveSample(sample, retrievers, context) }),
  }
}

/** The last part of a path or hub id, without archive endings: `data/scifact.zip` and `hf:BeIR/scifact` are `scifact`. */
function collectionName(source: string): string {
  const hub = source.startsWith('hf:')
  const last = basename(hub ? source.slice('hf:'.length).replace(/[@#].*$/, '') : source).replace(/\.zip$/i, '')
  return last.replaceAll(/[^\p{L}\p{N}._+@-]+/gu, '-').replace(/^[^\p{L}\p{N}]+/u, '') || 'collection'
}
