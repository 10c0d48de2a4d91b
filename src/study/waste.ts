import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { TEMPORARY_SUFFIX } from '../core/atomic.ts'
import { FieldtrialError, systemCode } from '../core/errors.ts'
import { withLock } from '../core/lock.ts'
import { didYouMean } from '../core/suggest.ts'
import { ARTIFACT_KINDS, type Workspace } from '../core/workspace.ts'

export interface Waste {
  /** Path relative to the workspace. */
  readonly name: string
  readonly why: string
  readonly bytes: number
}

/** A partial file this old belongs to a process that is dead: writers rename within seconds. */
const PARTIAL_AGE_MS = 60 * 60 * 1000

/** What can be removed from a workspace without loss to any study that it remembers. */
export async function findWaste(
  workspace: Workspace,
  options: { readonly all: boolean; readonly forget?: string },
): Promise<Waste[]> {
  const needed = options.all ? new Set<string>() : await neededArtifacts(workspace, options.forget)
  const waste: Waste[] = []
  for (const kind of ARTIFACT_KINDS) {
    for (const name of await list(workspace.path(kind))) {
      const path = `${kind}/${name}`
      if (needed.has(path))
        for (const partial of await partials(workspace.path(path)))
          waste.push({
            name: `${path}/${partial.name}`,
            why: 'left by a process that was killed',
            bytes: partial.bytes,
          })
      else
        waste.push({
          name: path,
          why: options.all ? 'all artifacts' : 'no study needs it',
          bytes: await size(workspace.path(path)),
        })
    }
  }
  return waste
}

/**
 * Removes waste, each artifact under its lock; what another process is making now is spared. Locks of dead processes go too.
 *
 * @param onRemoved Told of each item that is gone.
 */
export async function removeWaste(
  workspace: Workspace,
  waste: readonly Waste[],
  options: { readonly forget?: string; readonly onRemoved?: (item: Waste) => void } = {},
): Promise<void> {
  if (options.forget !== undefined)
    for (const { file, study } of await remembered(workspace))
      if (study === options.forget) await rm(file, { force: true })
  for (const item of waste) {
    const [kind, fingerprint] = item.name.split('/')
    const lock = workspace.path('locks', `${kind}-${fingerprint}.lock`)
    const removed = await unlessHeld(lock, () => rm(workspace.path(item.name), { recursive: true, force: true }))
    if (removed) options.onRemoved?.(item)
  }
  // Taking a lock over and giving it back removes it, unless its process lives.
  for (const name of await list(workspace.path('locks')))
    await unlessHeld(workspace.path('locks', name), async () => undefined)
}

/** Does the work under a lock, or nothing if a live process holds it. */
async function unlessHeld(lock: string, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await withLock(lock, work, { timeoutMs: 0, pollMs: 1 })
    return true
  } catch (error) {
    if (error instanceof FieldtrialError && error.code === 'WORKSPACE_LOCKED') return false
    throw error
  }
}

interface Needs {
  /** File below `studies/`. */
  readonly file: string
  readonly study: string
  readonly needs: readonly string[]
}

async function neededArtifacts(workspace: Workspace, forget: string | undefined): Promise<Set<string>> {
  const studies = await remembered(workspace)
  if (forget !== undefined && !studies.some(({ study }) => study === forget))
    throw new FieldtrialError('USAGE', `The workspace remembers no study ${JSON.stringify(forget)}.`, {
      hint: didYouMean(forget, new Set(studies.map(({ study }) => study))),
    })
  return new Set(studies.filter(({ study }) => study !== forget).flatMap(({ needs }) => needs))
}

async function remembered(workspace: Workspace): Promise<Needs[]> {
  const files = await list(workspace.path('studies'))
  return Promise.all(
    files.filter((name) => name.endsWith('.json')).map((name) => needsOf(workspace.path('studies', name))),
  )
}

async function needsOf(file: string): Promise<Needs> {
  try {
    const { study, needs } = JSON.parse(await readFile(file, 'utf8')) as Needs
    return { file, study, needs }
  } catch (cause) {
    throw new FieldtrialError(
      'WORKSPACE_CORRUPT',
      `${file} does not tell what a study needs, so nothing can be cleaned safely.`,
      { hint: 'Delete the file and run that study again; it does no work that is done.', where: { file }, cause },
    )
  }
}

async function partials(folder: string): Promise<{ name: string; bytes: number }[]> {
  const found: { name: string; bytes: number }[] = []
  for (const name of await list(folder)) {
    if (!name.endsWith(TEMPORARY_SUFFIX)) continue
    const info = await stat(join(folder, name)).catch(() => undefined)
    if (info && Date.now() - info.mtimeMs > PARTIAL_AGE_MS) found.push({ name, bytes: info.size })
  }
  return found
}

async function list(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return []
    throw error
  }
}

async function size(path: string): Promise<number> {
  const info = await stat(path)
  if (!info.isDirectory()) return info.size
  let sum = 0
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) sum += (await stat(join(entry.parentPath, entry.name))).size
  return sum
}
