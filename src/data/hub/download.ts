import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { asWriteError } from '../../core/atomic.ts'
import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import { withLock } from '../../core/lock.ts'
import { repoFolder } from './cache.ts'
import type { HubConfig } from './config.ts'
import type { RepoRef } from './ref.ts'
import { hubGet, reason, Transient, withRetries } from './request.ts'

/** A file of a repository, as the hub lists it. */
export interface HubFile {
  readonly path: string
  readonly size: number
  /** Name of its content: SHA-256 for large files (LFS), git's SHA-1 otherwise. It is also the hub's ETag. */
  readonly hash: string
  readonly large: boolean
}

const PROGRESS_EVERY_MS = 250

/**
 * Fetches a file's content into the cache and returns the blob's path; what is there is not fetched again, and a
 * download that broke off goes on where it stopped, also in a later process. The content is checked against its hash.
 *
 * @throws FieldtrialError `NETWORK`, `DISK_FULL`, `MODEL_MISSING`/`DATA_MISSING`, `CANCELLED`.
 */
export async function downloadBlob(hub: HubConfig, repo: RepoRef, commit: string, file: HubFile): Promise<string> {
  const blob = join(repoFolder(hub, repo), 'blobs', file.hash)
  const lock = join(
    hub.cacheRoot,
    '.locks',
    repoFolder(hub, repo).split(/[\\/]/).pop()!,
    `${file.hash}.fieldtrial.lock`,
  )
  return withLock(
    lock,
    async () => {
      if (await hasSize(blob, file.size)) return blob
      await fetchBlob(hub, repo, commit, file, blob)
      return blob
    },
    hub.signal ? { signal: hub.signal } : {},
  )
}

async function fetchBlob(hub: HubConfig, repo: RepoRef, commit: string, file: HubFile, blob: string): Promise<void> {
  const partial = `${blob}.incomplete`
  const prefix = repo.type === 'model' ? '' : 'datasets/'
  const path = file.path.split('/').map(encodeURIComponent).join('/')
  const url = `${hub.endpoint}/${prefix}${repo.id}/resolve/${encodeURIComponent(commit)}/${path}`
  let reached = 0
  let damaged = 0
  try {
    await mkdir(join(blob, '..'), { recursive: true })
    await withRetries(
      hub,
      `The download of ${file.path} from ${repo.id}`,
      async () => {
        const digest = await receive(hub, repo, url, file, partial, (bytes) => {
          reached = Math.max(reached, bytes)
        })
        if (digest === file.hash) return
        await rm(partial, { force: true })
        reached = 0
        if (++damaged >= 2)
          throw new FieldtrialError(
            'NETWORK',
            `${file.path} of ${repo.id} arrives damaged: its hash is not ${file.hash}.`,
            {
              hint: 'A proxy may change what it passes on; try another connection.',
            },
          )
        throw new Transient(`${file.path} arrived damaged`)
      },
      () => reached,
    )
    await rename(partial, blob)
  } catch (error) {
    throw asWriteError(error, partial)
  }
}

/** Gets what is missing of the file, appends it and returns the hash of the whole. */
async function receive(
  hub: HubConfig,
  repo: RepoRef,
  url: string,
  file: HubFile,
  partial: string,
  onBytes: (total: number) => void,
): Promise<string> {
  let have = await sizeOf(partial)
  if (have > file.size) {
    await rm(partial)
    have = 0
  }
  const hash = await beginHash(file, partial, have)
  if (have === file.size && file.size > 0) return hash.digest('hex')
  const idle = new AbortController()
  const signal = hub.signal ? AbortSignal.any([hub.signal, idle.signal]) : idle.signal
  let timer: NodeJS.Timeout | undefined
  const alive = () => {
    clearTimeout(timer)
    timer = setTimeout(() => idle.abort(new Error(`nothing came for ${hub.idleTimeoutMs / 1000} s`)), hub.idleTimeoutMs)
  }
  alive()
  try {
    const response = await hubGet(
      hub,
      repo,
      url,
      { 'accept-encoding': 'identity', ...(have > 0 ? { range: `bytes=${have}-` } : {}) },
      signal,
    )
    if (have > 0 && response.status !== 206) {
      // The server does not know ranges and sends the whole file again.
      await response.body?.cancel()
      await rm(partial)
      throw new Transient('the server does not resume', 0)
    }
    const target = await open(partial, 'a')
    try {
      let told = 0
      for await (const piece of body(response, idle.signal)) {
        alive()
        await target.writeFile(piece)
        hash.update(piece)
        have += piece.length
        onBytes(have)
        throwIfAborted(hub.signal)
        if (Date.now() - told < PROGRESS_EVERY_MS && have < file.size) continue
        told = Date.now()
        hub.onProgress?.({
          step: 'download',
          subject: `${repo.id}/${file.path}`,
          done: have,
          total: file.size,
          unit: 'bytes',
        })
      }
      await target.sync()
    } finally {
      await target.close()
    }
  } finally {
    clearTimeout(timer)
  }
  if (have < file.size) throw new Transient(`the connection closed after ${have} of ${file.size} bytes`)
  return hash.digest('hex')
}

async function* body(response: Response, idle: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    if (response.body) yield* response.body as unknown as AsyncIterable<Uint8Array>
  } catch (error) {
    throw new Transient(`the connection broke (${reason(idle.aborted ? idle.reason : error)})`, undefined, error)
  }
}

async function beginHash(file: HubFile, partial: string, have: number): Promise<Hash> {
  const hash = createHash(file.large ? 'sha256' : 'sha1')
  // Git names a blob by the hash of its length and content.
  if (!file.large) hash.update(`blob ${file.size}\0`)
  if (have > 0) for await (const piece of createReadStream(partial)) hash.update(piece as Buffer)
  return hash
}

const sizeOf = (path: string) =>
  stat(path).then(
    (s) => s.size,
    () => 0,
  )

const hasSize = (path: string, size: number) =>
  stat(path).then(
    (s) => s.size === size,
    () => false,
  )
