import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Path } from './source.ts'

export interface ResolveContext {
  /** Folder that relative paths are relative to. */
  readonly folder: string
  readonly defaultName: string
  /** Takes note of a problem; resolving goes on, so that all are found at once. */
  readonly problem: (path: Path, message: string, hint: string) => void
}

/** An absolute path if the text names something that is there, or is written as a path; undefined for hub ids and registered names. */
export function localPath(text: string, folder: string): string | undefined {
  if (text.startsWith('hf:')) return undefined
  const path = resolve(folder, text.startsWith('~/') ? join(homedir(), text.slice(2)) : text)
  return existsSync(path) || /^(\.{0,2}\/|~\/|[A-Za-z]:[\\/])/.test(text) ? path : undefined
}
