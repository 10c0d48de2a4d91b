import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { TEMPORARY_SUFFIX } from '../core/atomic.ts'
import { FieldtrialError, systemCode } from '../core/errors.ts'
import { withLock } from '../core/lock.ts'
import { ARTIFACT_KINDS, type ArtifactKind, type Workspace } from '../core/workspace.ts'

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
      if (!needed.has(path) && !(await inUse(workspace, kind, name)))
        waste.push({
          name: path,
          why: options.all ? 'all artifacts' : 'no study needs it',
          bytes: await size(workspace.path(path)),
        })
      else
        for (const partial of await partials(workspace.path(path)))
          waste.push({
            name: `${path}/${partial.name}`,
            why: 'left by a process that was killed',
            bytes: partial.bytes,
          })
    }
  }
  return waste
}

/** Removes it, and forgets the study if asked. */
export async function removeWaste(workspace: Workspace, waste: readonly Waste[], forget?: string): Promise<void> {
  if (forget !== undefined) await rm(workspace.path('studies', `${forget}.json`), { force: true })
  for (const { name } of waste) await rm(workspace.path(name), { recursive: true, force: true })
}

async function neededArtifacts(workspace: Workspace, forget: string | undefined): Promise<Set<string>> {
  const studies = await list(workspace.path('studies'))
  if (forget !== undefined && !studies.includes(`${forget}.json`))
    throw new FieldtrialError('USAGE', `The workspace remembers no study ${JSON.stringify(forget)}.`, {
      hint:
        studies.length === 0
          ? 'It remembers none.'
          : `It remembers: ${studies.map((s) => s.replace(/\.json$/, '')).join(', ')}.`,
    })
  const needed = new Set<string>()
  for (const study of studies) {
    if (study === `${forget}.json`) continue
    const { needs } = JSON.parse(await readFile(workspace.path('studies', study), 'utf8')) as { needs: string[] }
    for (const need of needs) needed.add(need)
  }
  return needed
}

/** An artifact that another process is making now is spared. */
async function inUse(workspace: Workspace, kind: ArtifactKind, fingerprint: string): Promise<boolean> {
  const lock = workspace.path('locks', `${kind}-${fingerprint}.lock`)
  if (!(await stat(lock).catch(() => undefined))) return false
  return withLock(lock, async () => false, { timeoutMs: 0, pollMs: 1 }).catch((error: unknown) => {
    if (error instanceof FieldtrialError && error.code === 'WORKSPACE_LOCKED') return true
    throw error
  })
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
