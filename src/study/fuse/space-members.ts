import type { Workspace } from '../../core/workspace.ts'
import { type MadeRun, readMade } from './made.ts'
import type { SpaceSet } from './search-spaces.ts'
import type { FuseSource } from './source.ts'
import type { SpaceSetting } from './space-run.ts'

/** Which of the runs to be fused have vectors that can be, too. */
export interface SpaceMembers {
  /** Null where no spaces can be fused: run files, or no workspace. */
  readonly setting: SpaceSetting | null
  /** The runs at these places as members of one space; null if one has no vectors, or vectors of other texts. */
  readonly setOf: (at: readonly number[]) => SpaceSet | null
  /** Models that a text goes through for the runs at these places; null where the workspace does not know one of them. */
  readonly encodingsOf: (at: readonly number[]) => number | null
  /** Names of those whose vectors are gone. */
  readonly gone: readonly string[]
}

/** Looks up in the workspace how the runs of a study were made. */
export async function readSpaceMembers(
  { runs, study }: FuseSource,
  workspace: Workspace | undefined,
): Promise<SpaceMembers> {
  const made: (MadeRun | null)[] = []
  if (study !== null && workspace !== undefined)
    for (const key of study.fingerprints) made.push(await readMade(workspace, key))
  const encodingsOf = (at: readonly number[]) => {
    const all = at.map((i) => made[i]?.encodings)
    return all.includes(undefined) ? null : new Set(all.flatMap((some) => [...some!])).size
  }
  const sets = new Map<string, SpaceSet | null>()
  const find = (at: readonly number[]): SpaceSet | null => {
    const members = at.flatMap((i) => {
      const vectors = made[i]?.vectors
      return vectors && vectors !== 'gone' ? [{ name: runs[i]!.name, vectors }] : []
    })
    const [first] = members
    const alike =
      first !== undefined &&
      members.length === at.length &&
      members.every(({ vectors }) =>
        (['documents', 'queries'] as const).every((side) => vectors[side].meta.rows === first.vectors[side].meta.rows),
      )
    return alike ? { at, members, encodings: encodingsOf(at)! } : null
  }
  return {
    setting:
      study !== null && workspace !== undefined
        ? { workspace, study, encodedIds: made.some((one) => one?.encodedIds) }
        : null,
    setOf: (at) => {
      const key = at.join(' ')
      if (!sets.has(key)) sets.set(key, find(at))
      return sets.get(key)!
    },
    encodingsOf,
    gone: runs.flatMap(({ name }, i) => (made[i]?.vectors === 'gone' ? [name] : [])),
  }
}
