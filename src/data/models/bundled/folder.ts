import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { asWriteError, removeLeftovers, temporaryName } from '../../../core/atomic.ts'
import { FieldtrialError, systemCode } from '../../../core/errors.ts'
import { isDirectory } from '../../open-folder.ts'
import { unpackHalf } from './packed.ts'

/** The models that come with fieldtrial, as the package has them. */
const SHIPPED = fileURLToPath(new URL('../../../../models/nano/', import.meta.url))

/** Changes with what `unpackHalf` makes of the same bytes. */
const UNPACKING = 1

/**
 * A folder with a model that comes with fieldtrial, in the layout that transformers, sentence-transformers and every engine here read. It is
 * made once, in a few hundred milliseconds, from weights and settings in the package; no network is used.
 *
 * @param name As `fieldtrial models` lists it: `nano-coder`.
 * @param cacheDir Where folders may be made: `bundled/NAME-HASH` in it, by the hash of all that it is made of. Safe to delete.
 * @throws FieldtrialError `MODEL_MISSING` where the package is not whole, `DISK_FULL`, `NOT_WRITABLE`.
 */
export async function bundledModel(name: string, cacheDir: string): Promise<string> {
  const weights = join(SHIPPED, 'weights', `${name.replace(/^nano-/, '')}.int8.safetensors`)
  const packed = await readFile(weights).catch((cause: unknown) => {
    throw new FieldtrialError('MODEL_MISSING', `The weights of ${name} are not where fieldtrial is installed.`, {
      hint: 'Install fieldtrial again: they are part of the package.',
      where: { file: weights },
      cause,
    })
  })
  const files = new Map([
    ...(await filesOf(join(SHIPPED, 'folders', name))),
    ...(await filesOf(join(SHIPPED, 'tokenizer'))),
  ])
  const hash = createHash('sha256').update(`${UNPACKING}\n`).update(packed)
  for (const [path, bytes] of files) hash.update(`\n${path} ${bytes.length}\n`).update(bytes)
  const folder = join(cacheDir, 'bundled', `${name}-${hash.digest('hex').slice(0, 12)}`)
  if (await isDirectory(folder)) return folder
  // Each caller makes its own and moves it into place: who comes second finds the first one's, which is the same.
  const partial = temporaryName(folder)
  try {
    await mkdir(partial, { recursive: true })
    await removeLeftovers(folder)
    for (const [path, bytes] of files) {
      await mkdir(dirname(join(partial, path)), { recursive: true })
      await writeFile(join(partial, path), bytes, { flush: true })
    }
    for (const path of moduleFolders(files)) await mkdir(join(partial, path), { recursive: true })
    await writeFile(join(partial, 'model.safetensors'), unpackHalf(packed), { flush: true })
    await rename(partial, folder)
  } catch (error) {
    await rm(partial, { recursive: true, force: true }).catch(() => {})
    if (['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(systemCode(error) ?? '') && (await isDirectory(folder))) return folder
    throw asWriteError(error, folder)
  }
  return folder
}

/** Path within the folder and bytes of each file, in the order of their paths. */
async function filesOf(folder: string): Promise<[string, Buffer][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length)
        .replace(/^[\\/]/, '')
        .replaceAll('\\', '/'),
    )
    .sort()
  return Promise.all(paths.map(async (path): Promise<[string, Buffer]> => [path, await readFile(join(folder, path))]))
}

/** Folders that sentence-transformers' modules.json names; those without a file lie in no repository and no package. */
function moduleFolders(files: ReadonlyMap<string, Buffer>): string[] {
  const modules = files.get('modules.json')
  if (modules === undefined) return []
  return (JSON.parse(modules.toString('utf8')) as { path: string }[])
    .map(({ path }) => path)
    .filter((path) => path !== '')
}
