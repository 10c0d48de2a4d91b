import { createHash } from 'node:crypto'
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { asWriteError, temporaryName } from '../../../core/atomic.ts'
import { systemCode } from '../../../core/errors.ts'
import { isDirectory } from '../../open-folder.ts'
import { unpackHalf } from './packed.ts'

/** The models that come with fieldtrial, as the package has them. */
const SHIPPED = fileURLToPath(new URL('../../../../models/nano/', import.meta.url))

/**
 * A folder with a model that comes with fieldtrial, in the layout that transformers, sentence-transformers and every engine here read. It is
 * made once, in a few hundred milliseconds, from weights and settings in the package; no network is used.
 *
 * @param name As `fieldtrial models` lists it: `nano-coder`.
 * @param cacheDir Where folders may be made: `bundled/NAME-HASH` in it. Safe to delete.
 * @throws FieldtrialError `DISK_FULL`, `NOT_WRITABLE`.
 */
export async function bundledModel(name: string, cacheDir: string): Promise<string> {
  const packed = await readFile(join(SHIPPED, 'weights', `${name.replace(/^nano-/, '')}.int8.safetensors`))
  const tokenizer = await readFile(join(SHIPPED, 'tokenizer', 'tokenizer.json'))
  const config = await readFile(join(SHIPPED, 'folders', name, 'config.json'))
  const hash = createHash('sha256').update(packed).update(tokenizer).update(config).digest('hex').slice(0, 12)
  const folder = join(cacheDir, 'bundled', `${name}-${hash}`)
  if (await isDirectory(folder)) return folder
  // Each caller makes its own and moves it into place: who comes second finds the first one's, which is the same.
  const partial = temporaryName(folder)
  try {
    await mkdir(join(cacheDir, 'bundled'), { recursive: true })
    await cp(join(SHIPPED, 'folders', name), partial, { recursive: true })
    await cp(join(SHIPPED, 'tokenizer'), partial, { recursive: true })
    await writeFile(join(partial, 'model.safetensors'), unpackHalf(packed), { flush: true })
    await rename(partial, folder)
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    if (['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(systemCode(error) ?? '') && (await isDirectory(folder))) return folder
    throw asWriteError(error, folder)
  }
  return folder
}
