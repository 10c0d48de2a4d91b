import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomic } from '../core/atomic.ts'
import { systemCode } from '../core/errors.ts'
import { fingerprint, type Json } from '../core/fingerprint.ts'
import type { LongWork } from '../core/progress.ts'
import { VERSION } from '../core/version.ts'
import type { ArtifactKind, Workspace } from '../core/workspace.ts'

/** What lies as `record.json` beside an artifact; it is written last, so an artifact that has one is whole. */
export interface ArtifactRecord<Detail> {
  readonly fingerprint: string
  readonly identity: Json
  readonly fieldtrial: string
  /** SHA-256 of each file that must not change, by name. */
  readonly files: Readonly<Record<string, string>>
  readonly detail: Detail
}

export interface Obtained<Detail> {
  readonly folder: string
  readonly detail: Detail
  readonly cached: boolean
}

/** Reads an artifact's record; undefined if the artifact is not there, not whole, or damaged. */
export async function readRecord<Detail>(
  workspace: Workspace,
  kind: ArtifactKind,
  identity: Json,
): Promise<ArtifactRecord<Detail> | undefined> {
  return readRecordAt(workspace, kind, fingerprint(identity))
}

/** The same, of an artifact whose identity is known by its fingerprint alone. */
export async function readRecordAt<Detail>(
  workspace: Workspace,
  kind: ArtifactKind,
  key: string,
): Promise<ArtifactRecord<Detail> | undefined> {
  const folder = workspace.artifact(kind, key)
  let record: ArtifactRecord<Detail>
  try {
    record = JSON.parse(await readFile(join(folder, 'record.json'), 'utf8')) as ArtifactRecord<Detail>
  } catch (error) {
    if (systemCode(error) === undefined || systemCode(error) === 'ENOENT') return undefined
    throw error
  }
  if (record.fingerprint !== key) return undefined
  for (const [name, expected] of Object.entries(record.files)) {
    const actual = await hashFile(join(folder, name)).catch(() => undefined)
    if (actual !== expected) return undefined
  }
  return record
}

/**
 * The artifact with this identity: taken from the workspace if it is there and undamaged, else made under a lock.
 *
 * @param make Writes its files into the folder (each atomically) and returns what else is to be remembered.
 * @param files Names of files whose hashes are checked whenever the artifact is taken from the workspace.
 */
export async function obtain<Detail>(
  workspace: Workspace,
  kind: ArtifactKind,
  identity: Json,
  make: (folder: string) => Promise<Detail>,
  options: { readonly files?: readonly string[]; readonly work?: LongWork } = {},
): Promise<Obtained<Detail>> {
  const key = fingerprint(identity)
  const folder = workspace.artifact(kind, key)
  const found = await readRecord<Detail>(workspace, kind, identity)
  if (found) return { folder, detail: found.detail, cached: true }
  return workspace.locked(
    kind,
    key,
    async () => {
      // Another process may have made it while this one waited.
      const meanwhile = await readRecord<Detail>(workspace, kind, identity)
      if (meanwhile) return { folder, detail: meanwhile.detail, cached: true }
      await mkdir(folder, { recursive: true })
      const detail = await make(folder)
      const files: Record<string, string> = {}
      for (const name of options.files ?? []) files[name] = await hashFile(join(folder, name))
      const record: ArtifactRecord<Detail> = { fingerprint: key, identity, fieldtrial: VERSION, files, detail }
      await writeAtomic(join(folder, 'record.json'), `${JSON.stringify(record)}\n`)
      return { folder, detail, cached: false }
    },
    lockOptions(kind, options.work),
  )
}

/**
 * Removes an artifact that turned out to be damaged, so that it is made again, and says so.
 *
 * @param keep Names of files that are sound and spare work, such as whole shards.
 */
export async function discard(
  workspace: Workspace,
  kind: ArtifactKind,
  identity: Json,
  why: string,
  work: LongWork,
  keep: (name: string) => boolean = () => false,
): Promise<void> {
  const key = fingerprint(identity)
  work.onNotice?.({ level: 'warning', code: 'workspace.damaged', message: `${why} It is made again.` })
  await workspace.locked(
    kind,
    key,
    async () => {
      const folder = workspace.artifact(kind, key)
      await rm(join(folder, 'record.json'), { force: true })
      for (const name of await readdir(folder))
        if (!keep(name)) await rm(join(folder, name), { recursive: true, force: true })
    },
    lockOptions(kind, work),
  )
}

/** Lock options that tell the user what is waited for. */
function lockOptions(kind: string, work: LongWork | undefined) {
  return {
    ...(work?.signal ? { signal: work.signal } : {}),
    onWait: (holder: string) =>
      work?.onNotice?.({
        level: 'info',
        code: 'workspace.waiting',
        message: `${holder} is making the same ${kind}; waiting for it.`,
      }),
  }
}

export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
