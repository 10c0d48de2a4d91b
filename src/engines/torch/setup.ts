import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { makeFolder } from '../../core/atomic.ts'
import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import { type PythonFacts, probePython, requirePython, workerFolder } from './python.ts'
import { configFile, dataFolder, readUserConfig, writeUserConfig } from './user-config.ts'

/** Commands that may be a Python, in the order in which they are tried. */
const CANDIDATES =
  process.platform === 'win32' ? ['python', 'py'] : ['python3', 'python3.13', 'python3.12', 'python3.11', 'python']

export interface SetupOptions {
  /** An environment that is there already and has torch and transformers: it is checked and remembered, nothing is installed. */
  readonly python?: string
  /** The Python that the new environment is made with. Default: the first of `python3` … that is new enough. */
  readonly basePython?: string
  /** Folder of the new environment. Default: in the user's folder for data. */
  readonly folder?: string
  /** Further arguments for `pip install`, for example where PyTorch comes from. */
  readonly pipArguments?: readonly string[]
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal
  /** Told what is going on, line by line. */
  readonly say?: (line: string) => void
}

/**
 * Makes a virtual environment with what `worker/requirements.txt` pins, or takes one that is there, looks whether it works, and remembers it
 * in the user's settings.
 *
 * @throws FieldtrialError `ENGINE_FAILED` where there is no Python that is new enough, or the environment does not work; `NETWORK` where pip
 *   fails; `CANCELLED`.
 */
export async function setupTorch(options: SetupOptions = {}): Promise<PythonFacts & { readonly remembered: string }> {
  const { env = process.env, say = () => undefined } = options
  const python =
    options.python === undefined ? await makeEnvironment(options, env, say) : resolveCommand(options.python)
  say(`Checking ${python} (PyTorch is imported for that)`)
  const facts = { ...(await probePython(python, { devices: true })), python }
  await writeUserConfig({ ...(await readUserConfig(env)), python }, env)
  return { ...facts, remembered: configFile(env) }
}

async function makeEnvironment(
  options: SetupOptions,
  env: NonNullable<SetupOptions['env']>,
  say: (line: string) => void,
): Promise<string> {
  const base = options.basePython ?? (await findBase())
  await requirePython(base)
  const folder = resolve(options.folder ?? join(dataFolder(env), 'torch'))
  const python = join(folder, ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']))
  const fresh = !existsSync(python)
  if (fresh) {
    say(`Making a virtual environment in ${folder} with ${base}`)
    await makeFolder(folder)
    await run(base, ['-m', 'venv', folder], options, 'ENGINE_FAILED', 'On Debian and Ubuntu, install python3-venv.')
  }
  say('Installing PyTorch and what goes with it (gigabytes; minutes)')
  const requirements = join(workerFolder(), 'requirements.txt')
  const args = [
    '-m',
    'pip',
    'install',
    '--disable-pip-version-check',
    '-r',
    requirements,
    ...(options.pipArguments ?? []),
  ]
  try {
    await run(
      python,
      args,
      options,
      'NETWORK',
      'Check the network, and run the same command again: what was fetched is kept by pip.',
    )
  } catch (error) {
    // A half-made environment would be taken for a whole one by nobody but confuse everybody.
    if (fresh) await rm(folder, { recursive: true, force: true })
    throw error
  }
  return python
}

async function findBase(): Promise<string> {
  let tooOld: unknown
  for (const candidate of CANDIDATES) {
    try {
      await requirePython(candidate)
      return candidate
    } catch (error) {
      if (/is Python/.test((error as Error).message)) tooOld ??= error
    }
  }
  if (tooOld !== undefined) throw tooOld
  throw new FieldtrialError('ENGINE_FAILED', 'There is no Python on this machine.', {
    hint: 'Install Python 3.10 or newer, or name one with --base-python PATH.',
  })
}

/** A path stays what it means also from other folders; a bare command is looked up by the system. */
function resolveCommand(python: string): string {
  return /[\\/]/.test(python) ? resolve(python) : python
}

function run(
  command: string,
  args: readonly string[],
  { signal, say }: SetupOptions,
  code: 'ENGINE_FAILED' | 'NETWORK',
  hint: string,
): Promise<void> {
  throwIfAborted(signal)
  return new Promise((done, failed) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(signal ? { signal } : {}) })
    let last = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        for (const line of text.split('\n')) if (line.trim() !== '') say?.(`  ${line.trim()}`)
        last = (last + text).slice(-1000)
      })
    child.once('error', (error) => {
      try {
        throwIfAborted(signal)
        failed(error)
      } catch (cancelled) {
        failed(cancelled)
      }
    })
    child.once('close', (status) => {
      if (status === 0) done()
      else
        failed(
          new FieldtrialError(
            code,
            `\`${command} ${args.slice(0, 3).join(' ')} …\` failed: ${last.trim().split('\n').at(-1)}`,
            {
              hint,
            },
          ),
        )
    })
  })
}
