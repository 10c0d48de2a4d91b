import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '../../core/atomic.ts'
import { FieldtrialError, systemCode, throwIfAborted } from '../../core/errors.ts'
import { llamaFolder } from './folder.ts'
import { findLlama, PACKAGE, PACKAGE_VERSION } from './package.ts'
import { probeLlama } from './probe.ts'
import type { LlamaFacts } from './protocol.ts'

export interface SetupLlamaOptions {
  /** A build for this kind of GPU beside the one for the processor. Default: none; on Apple's own processors Metal is in it. */
  readonly gpu?: 'cuda' | 'vulkan'
  /** Command that installs. Default: `npm`. */
  readonly npm?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal
  /** Told what is going on, line by line. */
  readonly say?: (line: string) => void
}

/**
 * Installs llama.cpp as node-llama-cpp brings it, with the builds for this machine alone (all of them take nine times as much), into a folder
 * of fieldtrial's own, and looks whether it works. Nothing is compiled, and no script of a package is run.
 *
 * @throws FieldtrialError `ENGINE_FAILED` where there is no build for the machine, or it does not run; `NETWORK` where npm fails; `CANCELLED`.
 */
export async function setupLlama(options: SetupLlamaOptions = {}): Promise<LlamaFacts & { readonly folder: string }> {
  const { env = process.env, say = () => undefined, gpu } = options
  const folder = llamaFolder(env)
  const builds = buildPackages(process.platform, process.arch, gpu)
  await makeFolder(folder)
  // npm would look for a project further up.
  await writeFile(join(folder, 'package.json'), `${JSON.stringify({ name: 'fieldtrial-llama', private: true })}\n`)
  say(`Installing ${[PACKAGE, ...builds].join(', ')} into ${folder}`)
  await runNpm(folder, installArguments(builds), options)
  say('Checking it')
  // That folder's, not one beside fieldtrial.
  const module = findLlama(env, join(folder, 'package.json'))
  return { ...(await probeLlama(module, gpu ?? 'auto')), folder }
}

/** What npm is asked for. Builds are optional dependencies of the package: left out, and named one by one. */
export function installArguments(builds: readonly string[]): string[] {
  const versioned = [PACKAGE, ...builds].map((name) => `${name}@${PACKAGE_VERSION}`)
  return ['install', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund', ...versioned]
}

/**
 * The packages with llama.cpp for a machine.
 *
 * @throws FieldtrialError `ENGINE_FAILED` where there is none.
 */
export function buildPackages(platform: string, arch: string, gpu?: 'cuda' | 'vulkan'): string[] {
  const system = { darwin: 'mac', win32: 'win', linux: 'linux' }[platform]
  const processor = arch === 'arm' ? 'armv7l' : arch
  const plain = system === 'mac' && processor === 'arm64' ? 'mac-arm64-metal' : `${system}-${processor}`
  if (!BUILDS.has(plain))
    throw new FieldtrialError('ENGINE_FAILED', `There is no build of llama.cpp for ${platform} ${arch}.`, {
      hint: 'Use engine: torch, which reads GGUF files too.',
    })
  const wanted = gpu === undefined ? [] : gpu === 'cuda' ? [`${plain}-cuda`, `${plain}-cuda-ext`] : [`${plain}-${gpu}`]
  if (wanted.some((name) => !BUILDS.has(name)))
    throw new FieldtrialError('ENGINE_FAILED', `There is no build of llama.cpp with ${gpu} for ${platform} ${arch}.`, {
      hint: `Run \`fieldtrial setup llama\` without --gpu${system === 'mac' ? ': Metal is in it on Apple’s own processors' : ''}.`,
    })
  return [plain, ...wanted].map((name) => `@${PACKAGE}/${name}`)
}

/** Of node-llama-cpp 3.21. */
const BUILDS: ReadonlySet<string> = new Set([
  'linux-arm64',
  'linux-armv7l',
  'linux-riscv64',
  'linux-x64',
  'linux-x64-cuda',
  'linux-x64-cuda-ext',
  'linux-x64-vulkan',
  'mac-arm64-metal',
  'mac-x64',
  'win-arm64',
  'win-x64',
  'win-x64-cuda',
  'win-x64-cuda-ext',
  'win-x64-vulkan',
])

function runNpm(cwd: string, args: readonly string[], options: SetupLlamaOptions): Promise<void> {
  const { npm = 'npm', signal, say } = options
  throwIfAborted(signal)
  return new Promise((done, failed) => {
    // On Windows npm is a script, which only a shell runs.
    const shell = process.platform === 'win32'
    const child = spawn(npm, args, { cwd, shell, stdio: ['ignore', 'pipe', 'pipe'], ...(signal ? { signal } : {}) })
    let last = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        for (const line of text.split('\n')) if (line.trim() !== '') say?.(`  ${line.trim()}`)
        last = (last + text).slice(-1000)
      })
    child.once('error', (cause) => {
      if (signal?.aborted) failed(new FieldtrialError('CANCELLED', 'Stopped.'))
      else
        failed(
          new FieldtrialError('ENGINE_FAILED', `${npm} cannot be started (${systemCode(cause) ?? cause.message}).`, {
            hint: 'Install npm, which comes with Node.js, and run the same command again.',
            cause,
          }),
        )
    })
    child.once('close', (status) => {
      if (status === 0) done()
      else
        failed(
          new FieldtrialError('NETWORK', `\`${npm} install …\` failed: ${last.trim().split('\n').at(-1)}`, {
            hint: 'Check the network, and run the same command again.',
          }),
        )
    })
  })
}
