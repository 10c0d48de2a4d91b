import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { takeApart } from '../core/atomic.ts'
import { FieldtrialError, systemCode } from '../core/errors.ts'
import { withLock } from '../core/lock.ts'
import { didYouMean } from '../core/suggest.ts'
import { ARTIFACT_KINDS, type Workspace } from '../core/workspace.ts'
import { leftovers } from './leftovers.ts'

const LOCK_SUFFIX = '.lock'

export interface Waste {
  /** Path relative to the workspace. */
  readonly name: string
  readonly why: string
  readonly bytes: number
}

/**
 * Folders of `cache/` that hold copies of models, in a form of their own, which the next study that needs them makes again: GGUF files of
 * checkpoints, rounded weights, the models that come with fieldtrial, settings and tokenizers of GGUF files.
 */
const DERIVED = ['converted', 'quantized', 'bundled', 'gguf'] as const

/** What can be removed from a workspace without loss to any study that it remembers. */
export async function findWaste(
  workspace: Workspace,
  options: { readonly all: boolean; readonly forget?: string },
): Promise<Waste[]> {
  const needed = options.all ? new Set<string>() : await neededArtifacts(workspace, options.forget)
  const found = new Map<string, string>()
  const add = async (folder: string, why: string) => {
    for (const name of await list(workspace.path(folder))) {
      const path = `${folder}/${name}`
      // What another process makes now is its own; what one that is gone was making is found below, and so is its lock.
      const beside = name.endsWith(LOCK_SUFFIX) || takeApart(name)?.kind === 'partial'
      if (!beside && !needed.has(path)) found.set(path, why)
    }
  }
  for (const kind of ARTIFACT_KINDS) await add(kind, options.all ? 'all artifacts' : 'no study needs it')
  if (options.all)
    for (const name of DERIVED) await add(`cache/${name}`, 'made of a model, and made again when it is needed')
  for await (const path of leftovers(workspace.root, new Set(found.keys())))
    found.set(path, 'left by a process that was killed')
  const waste: Waste[] = []
  for (const [name, why] of found) waste.push({ name, why, bytes: await size(workspace.path(name)) })
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
    const removed = await unlessHeld(lockOf(workspace, item), () =>
      rm(workspace.path(item.name), { recursive: true, force: true }),
    )
    if (removed) options.onRemoved?.(item)
  }
  // Taking a lock over and giving it back removes it, unless its process lives.
  for (const name of await list(workspace.path('locks')))
    await unlessHeld(workspace.path('locks', name), async () => undefined)
}

/** Under which a path is made: an artifact under the workspace's lock of it, anything else under one beside it. */
function lockOf(workspace: Workspace, { name }: Waste): string {
  const whole = name.split('/').map((part) => {
    const made = takeApart(part)
    return made?.kind === 'partial' ? made.of : part
  })
  const [kind, fingerprint] = whole
  return ARTIFACT_KINDS.some((one) => one === kind) && fingerprint !== undefined
    ? workspace.path('locks', `${kind}-${fingerprint}${LOCK_SUFFIX}`)
    : workspace.path(`${whole.join('/')}${LOCK_SUFFIX}`)
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
