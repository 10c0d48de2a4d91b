/**
 * Runs every bench, each in a process of its own, and prints one Markdown page.
 *
 *   node bench/run.ts [--only NAME,NAME] [--write FILE] [--json FILE]
 *
 * Names: measures, bm25, streaming, dense, encode, int8, decoders, lint, start. `--json` leaves all rows as JSON.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { markdownPage } from './lib/markdown.ts'
import { type BenchReport, flagValue } from './lib/report.ts'

const BENCHES = ['measures', 'bm25', 'streaming', 'dense', 'encode', 'int8', 'decoders', 'lint', 'start'] as const

const here = fileURLToPath(new URL('.', import.meta.url))
const only = flagValue('--only')?.split(',')
const unknown = only?.filter((name) => !(BENCHES as readonly string[]).includes(name)) ?? []
if (unknown.length > 0) {
  console.error(`bench/run.ts: no bench is called ${unknown.join(', ')}; there are ${BENCHES.join(', ')}.`)
  process.exit(2)
}

const folder = await mkdtemp(join(tmpdir(), 'fieldtrial-bench-'))
const reports: BenchReport[] = []
const failures: { name: string; reason: string }[] = []
try {
  for (const name of BENCHES.filter((bench) => only?.includes(bench) ?? true)) {
    if (!existsSync(`${here}${name}.ts`)) {
      failures.push({ name, reason: `bench/${name}.ts is absent` })
      continue
    }
    console.error(`── ${name}`)
    const json = join(folder, `${name}.json`)
    const status = await run(`${here}${name}.ts`, ['--json', json])
    if (status === 0 && existsSync(json)) reports.push(JSON.parse(await readFile(json, 'utf8')) as BenchReport)
    else failures.push({ name, reason: `it ended with ${status}` })
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}

const command = ['node bench/run.ts', ...(only ? ['--only', only.join(',')] : [])].join(' ')
const page = markdownPage(command, reports, failures)
const write = flagValue('--write')
const json = flagValue('--json')
if (write !== undefined) await writeFile(write, page)
if (json !== undefined) await writeFile(json, `${JSON.stringify(reports, null, 2)}\n`)
console.log(page)
process.exitCode = failures.length === 0 ? 0 : 1

/** Runs a bench with this Node; its table goes to standard error, as progress. */
function run(script: string, args: readonly string[]): Promise<number | string> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...process.execArgv, script, ...args], { stdio: ['ignore', 2, 2] })
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'an unknown end'))
  })
}
