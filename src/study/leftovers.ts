import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isGone, takeApart } from '../core/atomic.ts'
import { systemCode } from '../core/errors.ts'

/** A partial file untouched for so long is nobody's, though its process's number may be taken again: writers rename within seconds. */
const PARTIAL_AGE_MS = 60 * 60 * 1000
/** Where scratch folders lie. Elsewhere a name like theirs may be one that a user has chosen. */
const SCRATCH_FOLDER = 'cache'
/** As earlier versions named the scratch of a search in fused spaces, which takes minutes: without its process. */
const UNNAMED_SCRATCH = /^fuse-search-[0-9A-Za-z]{6}$/
const SCRATCH_AGE_MS = 24 * 60 * 60 * 1000

/**
 * Files and folders of a workspace that belong to processes that are gone from this machine: what was not whole yet, and scratch.
 *
 * @param skip Paths that are not looked into; all paths are relative to the workspace, with `/`.
 */
export async function* leftovers(root: string, skip: ReadonlySet<string>, folder = ''): AsyncGenerator<string> {
  for (const entry of await entries(join(root, folder))) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (skip.has(path)) continue
    const scratch = folder === SCRATCH_FOLDER && entry.isDirectory()
    const made = takeApart(entry.name)
    const temporary = made?.kind === 'partial' || (made !== null && scratch)
    if (await isLeft(join(root, path), entry, temporary ? made : null, scratch)) yield path
    // A folder of a process that lives is its own affair.
    else if (entry.isDirectory() && !temporary) yield* leftovers(root, skip, path)
  }
}

async function isLeft(
  path: string,
  entry: Dirent,
  made: { readonly pid: number } | null,
  scratch: boolean,
): Promise<boolean> {
  if (made !== null) return isGone(made.pid) || (entry.isFile() && (await ageMs(path)) > PARTIAL_AGE_MS)
  return scratch && UNNAMED_SCRATCH.test(entry.name) && (await ageMs(path)) > SCRATCH_AGE_MS
}

/** Since it was changed; 0 for what has gone meanwhile. */
async function ageMs(path: string): Promise<number> {
  const info = await stat(path).catch(() => undefined)
  return info === undefined ? 0 : Date.now() - info.mtimeMs
}

async function entries(folder: string): Promise<Dirent[]> {
  try {
    return (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    // Removed while this one looks.
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return []
    throw error
  }
}
