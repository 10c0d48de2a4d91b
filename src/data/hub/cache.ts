import { copyFile, mkdir, readdir, readFile, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { asWriteError, writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError, systemCode } from '../../core/errors.ts'
import type { HubConfig } from './config.ts'
import type { RepoRef } from './ref.ts'

/** Places in huggingface_hub's cache, so that both use the same downloads. */
export function repoFolder(hub: HubConfig, repo: RepoRef): string {
  return join(hub.cacheRoot, [`${repo.type}s`, ...repo.id.split('/')].join('--'))
}

export function snapshotFolder(hub: HubConfig, repo: RepoRef, commit: string): string {
  return join(repoFolder(hub, repo), 'snapshots', commit)
}

/** The commit that a branch or tag had when it was last looked up. */
export async function readCachedCommit(hub: HubConfig, repo: RepoRef): Promise<string | undefined> {
  try {
    return (await readFile(join(repoFolder(hub, repo), 'refs', repo.revision), 'utf8')).trim() || undefined
  } catch {
    return undefined
  }
}

export async function writeCachedCommit(hub: HubConfig, repo: RepoRef, commit: string): Promise<void> {
  if ((await readCachedCommit(hub, repo)) === commit) return
  await writeAtomic(join(repoFolder(hub, repo), 'refs', repo.revision), commit)
}

/** Whether a file of a snapshot is there, whole as far as its size tells. */
export async function isCached(path: string, size: number | undefined): Promise<boolean> {
  return stat(path).then(
    (s) => s.isFile() && (size === undefined || s.size === size),
    () => false,
  )
}

/** Files of a snapshot as they lie on the disk, relative, in a fixed order. */
export async function cachedFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort()
}

/** Makes a file of a snapshot out of a blob: a relative link, or a copy where the system has no links. */
export async function linkBlob(blob: string, path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await rm(path, { force: true })
    try {
      await symlink(relative(dirname(path), blob), path)
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return // another process was faster with the same link
      if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EACCES'].includes(systemCode(error) ?? '')) throw error
      await copyFile(blob, path)
    }
  } catch (error) {
    throw asWriteError(error, path)
  }
}

/** Refuses paths that would leave the snapshot: they come from the repository and are joined to a local folder. */
export function checkRepoPath(path: string): void {
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..') || /[\\\0]|^[a-z]:/i.test(path))
    throw new FieldtrialError(
      'DATA_INVALID',
      `The repository holds a file with the unsafe path ${JSON.stringify(path)}.`,
      {
        hint: 'Do not use this repository.',
      },
    )
}
