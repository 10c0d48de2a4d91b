import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { FieldtrialError } from '../../core/errors.ts'
import { llamaFolder } from './folder.ts'

/** The package that brings llama.cpp, and its version that fieldtrial is made for. */
export const PACKAGE = 'node-llama-cpp'
export const PACKAGE_VERSION = '3.21.1'

/**
 * The address of node-llama-cpp: the one that `fieldtrial setup llama` installed, else the one installed beside fieldtrial.
 *
 * @param beside Address of a module from which packages are looked for; default: this one.
 * @throws FieldtrialError `ENGINE_FAILED` with the command that installs it.
 */
export function findLlama(
  env: Readonly<Record<string, string | undefined>> = process.env,
  beside: string = import.meta.url,
): string {
  const folders = [pathToFileURL(join(llamaFolder(env), 'package.json')).href, beside]
  for (const from of folders) {
    try {
      return pathToFileURL(createRequire(from).resolve(PACKAGE)).href
    } catch {
      // Not there.
    }
  }
  throw new FieldtrialError('ENGINE_FAILED', `engine: llama needs the package ${PACKAGE}, which is not installed.`, {
    hint: `Run \`fieldtrial setup llama\`, or \`npm install ${PACKAGE}\` where fieldtrial is installed.`,
  })
}
