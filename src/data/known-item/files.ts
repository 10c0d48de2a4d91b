import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { throwIfAborted } from '../../core/errors.ts'

/** A documentation file and where it belongs. */
export interface DocumentationFile {
  /** Where it lies on this machine. */
  readonly file: string
  /** The npm package that it came with, or the folder that was named. */
  readonly project: string
  /** Relative to the project, with `/`. */
  readonly path: string
}

const MARKDOWN = /\.(md|markdown|mdx)$/i
/** Files whose sections say nothing worth finding, and translations, which repeat the original. */
const SKIPPED_FILES =
  /^(change-?log|changes|history|releases?|release-notes|upgrading|licen[cs]es?|copying|notice|third-?party\w*|code[-_]of[-_]conduct|contributing|contributors|authors|security|governance|funding)\b|^readme[._-][a-z]{2}([_-][a-z]{2,4})?\.(md|markdown|mdx)$/i
const SKIPPED_FOLDERS = /^(\..*|test|tests|__tests__|fixtures|coverage)$/
const MAX_BYTES = 1 << 20
const MAX_FILES = 4_000
const MAX_DEPTH = 8

/**
 * Markdown documentation under some folders, sorted by project and path. Links are followed (pnpm's packages are links),
 * each folder once. Of more than 4,000 files those nearest to the top are kept.
 */
export async function findDocumentation(roots: readonly string[], signal?: AbortSignal): Promise<DocumentationFile[]> {
  const found = new Map<string, DocumentationFile & { depth: number }>()
  const visited = new Set<string>()
  const walk = async (folder: string, project: string, relative: string, depth: number): Promise<void> => {
    throwIfAborted(signal)
    const real = await realpath(folder).catch(() => undefined)
    if (real === undefined || visited.has(real) || depth > MAX_DEPTH) return
    visited.add(real)
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
    const packages = basename(folder) === 'node_modules'
    const scope = relative === '' && project.startsWith('@') && !project.includes('/')
    for (const { name } of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const at = join(folder, name)
      const info = await stat(at).catch(() => undefined)
      if (info?.isDirectory()) {
        if (SKIPPED_FOLDERS.test(name)) continue
        if (packages) await walk(at, name, '', depth + 1)
        else if (scope) await walk(at, `${project}/${name}`, '', depth + 1)
        else await walk(at, project, relative === '' ? name : `${relative}/${name}`, depth + 1)
      } else if (info?.isFile() && MARKDOWN.test(name) && !SKIPPED_FILES.test(name) && info.size <= MAX_BYTES) {
        const path = relative === '' ? name : `${relative}/${name}`
        // The same package may be installed in several places; the first copy stands for all.
        const key = `${project}/${path}`
        if (!found.has(key)) found.set(key, { file: at, project, path, depth })
      }
    }
  }
  for (const root of roots) await walk(root, basename(root), '', 0)
  return [...found.values()]
    .sort((a, b) => a.depth - b.depth || compare(`${a.project}/${a.path}`, `${b.project}/${b.path}`))
    .slice(0, MAX_FILES)
    .sort((a, b) => compare(a.project, b.project) || compare(a.path, b.path))
    .map(({ file, project, path }) => ({ file, project, path }))
}

export const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
