import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError } from '../../core/errors.ts'
import {
  cachedFiles,
  checkRepoPath,
  isCached,
  linkBlob,
  readCachedCommit,
  repoFolder,
  snapshotFolder,
  writeCachedCommit,
} from './cache.ts'
import type { HubConfig } from './config.ts'
import { downloadBlob, type HubFile } from './download.ts'
import { isCommit, type RepoRef } from './ref.ts'
import { hubGet, withRetries } from './request.ts'

/** A repository at one commit, with the files that were asked for on the disk. */
export interface Snapshot {
  readonly folder: string
  readonly commit: string
  /** The files asked for, relative to `folder`. */
  readonly files: readonly string[]
}

const PARALLEL = 4

/**
 * Brings files of a repository into huggingface_hub's cache. What is there already is not asked for again: a pinned
 * commit whose files are all there needs no request, a branch one, to see whether it has moved. Where the hub cannot
 * be reached but a former download is there, that is used, with a warning.
 *
 * @param select Which of the repository's files are wanted.
 * @throws FieldtrialError `OFFLINE` naming the file that is not in the cache, `NETWORK`, `MODEL_MISSING`/`DATA_MISSING`.
 */
export async function fetchSnapshot(
  hub: HubConfig,
  repo: RepoRef,
  select: (paths: readonly string[]) => readonly string[],
): Promise<Snapshot> {
  const { commit, offline } = await findCommit(hub, repo)
  const folder = snapshotFolder(hub, repo, commit)
  const listed = await listFiles({ ...hub, offline }, repo, commit)
  const paths = listed === undefined ? await cachedFiles(folder) : [...listed.keys()]
  if (listed === undefined && paths.length === 0) throw notCached(repo, undefined)
  const files = select(paths)
  const missing: HubFile[] = []
  for (const path of files) {
    const file = listed?.get(path)
    if (await isCached(join(folder, path), file?.size)) continue
    if (offline || file === undefined) throw notCached(repo, path)
    missing.push(file)
  }
  await inParallel(hub, missing, async (stoppable, file) =>
    linkBlob(await downloadBlob(stoppable, repo, commit, file), join(folder, file.path)),
  )
  return { folder, commit, files }
}

/** Works on some files at once; the first failure stops the others, and nothing goes on after the return. */
async function inParallel(
  hub: HubConfig,
  files: readonly HubFile[],
  fetchFile: (hub: HubConfig, file: HubFile) => Promise<void>,
): Promise<void> {
  const stop = new AbortController()
  const stoppable = { ...hub, signal: hub.signal ? AbortSignal.any([hub.signal, stop.signal]) : stop.signal }
  const queue = files.values()
  let failure: { error: unknown } | undefined
  const work = async () => {
    for (const file of queue)
      await fetchFile(stoppable, file).catch((error: unknown) => {
        failure ??= { error }
        stop.abort()
        queue.return?.()
      })
  }
  await Promise.all(Array.from({ length: Math.min(PARALLEL, files.length) }, work))
  if (failure) throw failure.error
}

async function findCommit(hub: HubConfig, repo: RepoRef): Promise<{ commit: string; offline: boolean }> {
  if (isCommit(repo.revision)) return { commit: repo.revision, offline: hub.offline }
  const cached = await readCachedCommit(hub, repo)
  if (hub.offline) {
    if (cached === undefined) throw notCached(repo, undefined)
    return { commit: cached, offline: true }
  }
  try {
    const url = `${hub.endpoint}/api/${repo.type}s/${repo.id}/revision/${encodeURIComponent(repo.revision)}`
    const info = await withRetries(hub, `Asking for ${repo.id}`, async () => (await hubGet(hub, repo, url)).json())
    const commit = (info as { sha?: unknown }).sha
    if (typeof commit !== 'string' || !isCommit(commit))
      throw new FieldtrialError('NETWORK', `${hub.endpoint} does not answer as a hub does.`, {
        hint: 'Check HF_ENDPOINT.',
      })
    await writeCachedCommit(hub, repo, commit)
    return { commit, offline: false }
  } catch (error) {
    if (cached === undefined || !(error instanceof FieldtrialError) || error.code !== 'NETWORK') throw error
    hub.onNotice?.({
      level: 'warning',
      code: 'hub.unreachable',
      message: `${error.message} The copy of ${repo.id} in the cache is used (commit ${cached.slice(0, 8)}); it may be out of date.`,
    })
    return { commit: cached, offline: true }
  }
}

/** Files of a commit, remembered, since a commit never changes; undefined when only the cache can tell. */
async function listFiles(hub: HubConfig, repo: RepoRef, commit: string): Promise<Map<string, HubFile> | undefined> {
  const remembered = join(hub.cacheDir, 'hub', repoFolder(hub, repo).split(/[\\/]/).pop()!, `${commit}.json`)
  const known = await readFile(remembered, 'utf8').then(
    (text) => JSON.parse(text) as HubFile[],
    () => undefined,
  )
  if (known !== undefined) return new Map(known.map((file) => [file.path, file]))
  if (hub.offline) return undefined
  const files = await withRetries(hub, `Listing ${repo.id}`, () => requestList(hub, repo, commit))
  await writeAtomic(remembered, JSON.stringify(files))
  return new Map(files.map((file) => [file.path, file]))
}

async function requestList(hub: HubConfig, repo: RepoRef, commit: string): Promise<HubFile[]> {
  const { listFiles: list } = await import('@huggingface/hub')
  const files: HubFile[] = []
  const entries = list({
    repo: { type: repo.type, name: repo.id },
    revision: commit,
    recursive: true,
    hubUrl: hub.endpoint,
    fetch: (url) => hubGet(hub, repo, String(url)),
  })
  for await (const { type, path, size, oid, lfs } of entries) {
    if (type !== 'file') continue
    checkRepoPath(path)
    const hash = lfs?.oid ?? oid
    if (hash === undefined || !/^[0-9a-f]{40,64}$/.test(hash))
      throw new FieldtrialError('NETWORK', `${hub.endpoint} lists ${path} of ${repo.id} without its hash.`, {
        hint: 'Check HF_ENDPOINT.',
      })
    files.push({ path, size: lfs?.size ?? size, hash, large: lfs !== undefined })
  }
  return files
}

function notCached(repo: RepoRef, path: string | undefined): FieldtrialError {
  const what = `${repo.id}${repo.revision === 'main' ? '' : `@${repo.revision}`}`
  return new FieldtrialError(
    'OFFLINE',
    path === undefined
      ? `${what} is not in the cache, and offline mode forbids fetching it.`
      : `${path} of ${what} is not in the cache, and offline mode forbids fetching it.`,
    { hint: 'Run once with the network (without HF_HUB_OFFLINE or --offline), or give a local folder.' },
  )
}
