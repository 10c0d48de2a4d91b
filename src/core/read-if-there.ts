import { readFile } from 'node:fs/promises'
import { systemCode } from './errors.ts'

/** A text file; null where there is none. Other failures are thrown as they are. */
export async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return null
    throw error
  }
}
