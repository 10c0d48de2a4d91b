import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os'
import { promisify } from 'node:util'
import { pythonPath } from './python.ts'

/** Enough of a machine to read its timings; nothing that names it. */
export interface Machine {
  readonly cpu: string
  /** Instruction sets that decide the speed of matrix products, where the system tells. */
  readonly features: readonly string[]
  readonly cores: number
  readonly memoryGiB: number
  readonly os: string
  readonly node: string
  readonly python: string | null
  /** Python package → version, of those asked for and installed. */
  readonly packages: Readonly<Record<string, string>>
  /** Load average of the minute before the bench began: well above 0 means that something else was running. */
  readonly load: number
}

/**
 * @param packages Names of Python distributions whose versions matter, e.g. `bm25s`. Those that are not installed are left out.
 */
export async function describeMachine(packages: readonly string[] = []): Promise<Machine> {
  const { python, versions } = await pythonVersions(packages)
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
    features: cpuFeatures(),
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: osName(),
    node: process.versions.node,
    python,
    packages: versions,
    load: loadBefore,
  }
}

/** Taken as the process starts, before its own work counts. */
const loadBefore = Math.round(loadavg()[0]! * 100) / 100

const TELLING = ['avx2', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'avx_vnni', 'amx_int8', 'asimddp', 'i8mm']

function cpuFeatures(): string[] {
  const text = readOrNothing('/proc/cpuinfo')
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1] ?? ''
  const all = new Set(line.trim().split(/\s+/))
  return TELLING.filter((name) => all.has(name))
}

function osName(): string {
  const name = /^PRETTY_NAME="(.*)"$/m.exec(readOrNothing('/etc/os-release'))?.[1]
  return name ?? `${platform()} ${release()}`
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

// Metadata only: importing torch or pyserini for its version would take seconds.
const ASK = `
import json, platform, sys
from importlib.metadata import PackageNotFoundError, version
found = {}
for name in sys.argv[1:]:
    try: found[name] = version(name)
    except PackageNotFoundError: pass
print(json.dumps({"python": platform.python_version(), "versions": found}))
`

async function pythonVersions(packages: readonly string[]) {
  if (!existsSync(pythonPath)) return { python: null, versions: {} }
  const { stdout } = await promisify(execFile)(pythonPath, ['-c', ASK, ...packages])
  return JSON.parse(stdout) as { python: string; versions: Record<string, string> }
}
