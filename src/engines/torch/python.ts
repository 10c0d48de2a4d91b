import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { FieldtrialError, systemCode } from '../../core/errors.ts'
import { readUserConfig } from './user-config.ts'

const run = promisify(execFile)

/** The oldest Python that transformers 5 and PyTorch run on. */
const OLDEST_PYTHON = [3, 10] as const
/** The oldest versions that the worker is written for. */
const OLDEST: Readonly<Record<string, readonly [number, number]>> = { torch: [2, 10], transformers: [5, 10] }

export interface TorchDevice {
  /** As PyTorch names it: `cpu`, `cuda:0`, `mps`. */
  readonly name: string
  readonly kind: 'cpu' | 'cuda' | 'mps'
  readonly label: string
  /** Bytes; null where PyTorch does not tell. */
  readonly free: number | null
  readonly total: number | null
}

/** What a Python can do. */
export interface PythonFacts {
  readonly python: string
  /** By package; null where it is not installed. */
  readonly versions: Readonly<Record<string, string | null>>
  /** The best first; null where it was not asked for. */
  readonly devices: readonly TorchDevice[] | null
}

/** The folder that holds the package `fieldtrial_worker` and its pinned requirements: beside the sources, and in what is published. */
export function workerFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'worker', 'fieldtrial_worker'))) {
    if (dirname(folder) === folder) throw new FieldtrialError('INTERNAL', 'The folder worker/ is not there.')
    folder = dirname(folder)
  }
  return join(folder, 'worker')
}

/**
 * The Python that runs the worker: `FIELDTRIAL_PYTHON`, else what `fieldtrial setup torch` remembered.
 *
 * @throws FieldtrialError `ENGINE_FAILED` where neither is there.
 */
export async function findPython(env: Readonly<Record<string, string | undefined>> = process.env): Promise<string> {
  const named = env.FIELDTRIAL_PYTHON || (await readUserConfig(env)).python
  if (named) return named
  throw new FieldtrialError('ENGINE_FAILED', 'The engine torch needs Python with PyTorch, and none is set up.', {
    hint: 'Run `fieldtrial setup torch`, or set FIELDTRIAL_PYTHON to a Python that has torch and transformers.',
  })
}

/** The environment of a Python that finds the worker and nothing of the user's that could stand in its way. */
export function workerEnvironment(): NodeJS.ProcessEnv {
  return {
    // Threads that spin while they wait take the cores from whoever else has work.
    OMP_WAIT_POLICY: 'PASSIVE',
    ...process.env,
    PYTHONPATH: workerFolder(),
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
  }
}

const probed = new Map<string, Promise<PythonFacts>>()

/**
 * Asks a Python for its version, its packages and, where wanted, its devices (PyTorch is imported for that: seconds). Asked once per process.
 *
 * @throws FieldtrialError `ENGINE_FAILED` where it cannot be run, is too old, or lacks a package.
 */
export function probePython(python: string, options: { readonly devices: boolean }): Promise<PythonFacts> {
  const key = `${options.devices} ${python}`
  const known = probed.get(key) ?? probe(python, options.devices)
  probed.set(key, known)
  known.catch(() => probed.delete(key))
  return known
}

async function probe(python: string, devices: boolean): Promise<PythonFacts> {
  await requirePython(python)
  const args = ['-m', 'fieldtrial_worker.probe', ...(devices ? ['--devices'] : [])]
  let facts: PythonFacts
  try {
    const { stdout } = await run(python, args, { env: workerEnvironment() })
    facts = JSON.parse(stdout.trim().split('\n').at(-1)!) as PythonFacts
  } catch (error) {
    const text = String((error as { stderr?: string }).stderr ?? error)
      .trim()
      .split('\n')
      .at(-1)
    throw unusable(python, `failed: ${text}`, error)
  }
  for (const [name, oldest] of Object.entries(OLDEST)) {
    const version = facts.versions[name]
    if (!version) throw unusable(python, `has no package ${name}`)
    if (isOlder(version, oldest))
      throw unusable(python, `has ${name} ${version}; the engine needs ${oldest.join('.')} or newer`)
  }
  return facts
}

/**
 * The version of a Python.
 *
 * @throws FieldtrialError `ENGINE_FAILED` where it cannot be run, or is older than 3.10.
 */
export async function requirePython(python: string): Promise<string> {
  let version: string
  try {
    const { stdout } = await run(python, ['-c', 'import platform; print(platform.python_version())'])
    version = stdout.trim()
  } catch (error) {
    const missing = ['ENOENT', 'EACCES'].includes(systemCode(error) ?? '')
    throw new FieldtrialError(
      'ENGINE_FAILED',
      missing ? `There is no Python at ${python}.` : `${python} is not a Python that works.`,
      {
        hint: 'Run `fieldtrial setup torch`, or set FIELDTRIAL_PYTHON to a Python that has torch and transformers.',
        cause: error,
      },
    )
  }
  if (!/^\d+\.\d+/.test(version)) throw unusable(python, `says that its version is ${JSON.stringify(version)}`)
  if (!isOlder(version, OLDEST_PYTHON)) return version
  throw new FieldtrialError(
    'ENGINE_FAILED',
    `${python} is Python ${version}; the engine torch needs ${OLDEST_PYTHON.join('.')} or newer.`,
    { hint: 'Install a newer Python and run `fieldtrial setup torch --base-python PATH`.' },
  )
}

function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  const [a = 0, b = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  return a < major || (a === major && b < minor)
}

function unusable(python: string, what: string, cause?: unknown): FieldtrialError {
  return new FieldtrialError('ENGINE_FAILED', `The Python at ${python} ${what}.`, {
    hint: 'Run `fieldtrial setup torch`, which installs what the engine needs.',
    cause,
  })
}
