import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, realpath, stat } from 'node:fs/promises'
import { writeAtomic } from '../../core/atomic.ts'
import { throwIfAborted } from '../../core/errors.ts'

interface Entry {
  /** Size, times of modification and change in nanoseconds, and inode, as one text. */
  readonly state: string
  readonly sha256: string
}

/**
 * SHA-256 of files' contents, streamed. Hashes are kept in a map file (if named) and used again while size, times of change and
 * inode stay the same, so that gigabytes of weights are read once and not at every start.
 *
 * @param cacheFile JSON file; made when absent, ignored when unreadable. Null: every call reads the files.
 * @returns Hexadecimal digests in the order of `files`.
 */
export async function hashFiles(
  files: readonly string[],
  cacheFile: string | null,
  signal?: AbortSignal,
): Promise<string[]> {
  const known = cacheFile === null ? {} : await readCache(cacheFile)
  const fresh: Record<string, Entry> = {}
  const digests: string[] = []
  for (const file of files) {
    const path = await realpath(file)
    const { size, mtimeNs, ctimeNs, ino } = await stat(path, { bigint: true })
    const state = `${size} ${mtimeNs} ${ctimeNs} ${ino}`
    const entry = known[path]
    if (entry?.state === state) {
      digests.push(entry.sha256)
      continue
    }
    const sha256 = await hashFile(path, signal)
    fresh[path] = { state, sha256 }
    digests.push(sha256)
  }
  if (cacheFile !== null && Object.keys(fresh).length > 0) {
    // Read again: another process may have added its own meanwhile. A lost entry only costs a second hashing.
    await writeAtomic(cacheFile, `${JSON.stringify({ ...(await readCache(cacheFile)), ...fresh }, null, 1)}\n`)
  }
  return digests
}

async function hashFile(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    throwIfAborted(signal)
    hash.update(chunk as Buffer)
  }
  return hash.digest('hex')
}

async function readCache(file: string): Promise<Record<string, Entry>> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, Entry>) : {}
  } catch {
    return {}
  }
}
