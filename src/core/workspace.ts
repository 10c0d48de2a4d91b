import { readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { asWriteError, makeFolder, writeAtomic } from './atomic.ts'
import { FieldtrialError, systemCode } from './errors.ts'
import { type LockOptions, withLock } from './lock.ts'

/** Version of the layout below. A workspace of another version is refused, never guessed at. */
export const WORKSPACE_VERSION = 1

/** Kinds of artifact; each has a folder, and in it a folder or file per fingerprint. */
export type ArtifactKind =
  | 'bm25'
  | 'vectors'
  | 'postprocess'
  | 'runs'
  | 'measures'
  | 'space'
  | 'evidence'
  | 'fusion'
  | 'lint'
  | 'samples'
  | 'merges'
  | 'training-sets'

export const ARTIFACT_KINDS: readonly ArtifactKind[] = [
  'bm25',
  'vectors',
  'postprocess',
  'runs',
  'measures',
  'space',
  'evidence',
  'fusion',
  'lint',
  'samples',
  'merges',
  'training-sets',
]

/**
 * The folder where every artifact lies under its fingerprint:
 * `workspace.json`, `<kind>/<fingerprint>/`, `cache/` (derived from files outside, safe to delete), `locks/`,
 * `studies/` (which artifacts each study needs), `collections/` (made by fieldtrial), `models/` (fetched).
 */
export class Workspace {
  readonly root: string

  private constructor(root: string) {
    this.root = root
  }

  /**
   * Opens the workspace, making the folder if it is not there.
   *
   * @throws FieldtrialError `WORKSPACE_VERSION` for one of a newer fieldtrial, `WORKSPACE_CORRUPT`, `DISK_FULL`.
   */
  static async open(folder: string): Promise<Workspace> {
    const root = resolve(folder)
    const file = join(root, 'workspace.json')
    let text: string | undefined
    try {
      text = await readFile(file, 'utf8')
    } catch (error) {
      if (systemCode(error) === 'ENOTDIR' || systemCode(error) === 'EISDIR')
        throw new FieldtrialError('USAGE', `${root} is not a folder.`, { hint: 'Name a folder with --workspace.' })
      if (systemCode(error) !== 'ENOENT') throw error
    }
    if (text === undefined) {
      await makeFolder(root).catch((error: unknown) => {
        throw asWriteError(error, root)
      })
      await writeAtomic(file, `${JSON.stringify({ workspaceVersion: WORKSPACE_VERSION })}\n`)
      // A workspace is never part of the repository that it lies in.
      await writeAtomic(join(root, '.gitignore'), '*\n')
    } else checkVersion(file, text)
    return new Workspace(root)
  }

  path(...parts: string[]): string {
    return join(this.root, ...parts)
  }

  artifact(kind: ArtifactKind, fingerprint: string): string {
    return this.path(kind, fingerprint)
  }

  get cache(): string {
    return this.path('cache')
  }

  /** Runs `work` while no other process makes the same artifact. */
  locked<T>(
    kind: ArtifactKind | 'collections' | 'models',
    fingerprint: string,
    work: () => Promise<T>,
    options?: LockOptions,
  ): Promise<T> {
    return withLock(this.path('locks', `${kind}-${fingerprint}.lock`), work, options)
  }

  /** Removes one artifact. */
  async remove(kind: ArtifactKind, fingerprint: string): Promise<void> {
    await rm(this.artifact(kind, fingerprint), { recursive: true, force: true })
  }
}

function checkVersion(file: string, text: string): void {
  let version: unknown
  try {
    version = (JSON.parse(text) as { workspaceVersion?: unknown }).workspaceVersion
  } catch (cause) {
    throw new FieldtrialError('WORKSPACE_CORRUPT', `${file} is not JSON.`, {
      hint: 'Choose another folder with --workspace, or delete this one: everything in it can be made again.',
      where: { file },
      cause,
    })
  }
  if (typeof version === 'number' && version > WORKSPACE_VERSION)
    throw new FieldtrialError(
      'WORKSPACE_VERSION',
      `The workspace was written by a newer fieldtrial (layout ${version}; this one knows ${WORKSPACE_VERSION}).`,
      {
        hint: 'Update fieldtrial (`npm install -g fieldtrial`), or choose another folder with --workspace.',
        where: { file },
      },
    )
  if (version !== WORKSPACE_VERSION)
    throw new FieldtrialError('WORKSPACE_CORRUPT', `${file} does not say which layout the workspace has.`, {
      hint: 'Choose another folder with --workspace.',
      where: { file, field: 'workspaceVersion' },
    })
}
