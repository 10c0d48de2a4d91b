import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runCli } from './cli.ts'

export interface KillOptions {
  readonly args: readonly string[]
  readonly workspace: string
  readonly output: string
  /** How often the process is killed before it is left alone. */
  readonly kills: number
  /** Milliseconds after the start within which each kill falls. */
  readonly within: readonly [number, number]
  readonly seed: number
  readonly onKill?: (nth: number, afterMs: number) => void
}

/** A small generator of numbers in [0, 1), so that a failure can be repeated (mulberry32). */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Runs a study, kills it with SIGKILL at random moments, resumes it until it is done, and returns the hashes of all scores. */
export async function killAndResume(options: KillOptions): Promise<{ hashes: Record<string, string>; killed: number }> {
  const next = random(options.seed)
  let killed = 0
  for (let i = 0; i < options.kills; i++) {
    const [from, to] = options.within
    const after = from + next() * (to - from)
    const result = await runCli([...options.args, '-w', options.workspace, '-o', options.output, '--quiet'], {
      onStart: (child) => void sleep(after).then(() => child.kill('SIGKILL')),
    })
    if (result.signal === 'SIGKILL') {
      killed++
      options.onKill?.(killed, Math.round(after))
    } else if (result.code !== 0) throw new Error(`after ${killed} kills: exit ${result.code}\n${result.stderr}`)
  }
  const last = await runCli([...options.args, '-w', options.workspace, '-o', options.output, '--quiet'])
  if (last.code !== 0) throw new Error(`after ${killed} kills: exit ${last.code}\n${last.stderr}`)
  return { hashes: await hashScores(options.output), killed }
}

/** SHA-256 of every run file, and of all measures per query. */
export async function hashScores(output: string): Promise<Record<string, string>> {
  const hash = (content: string | Buffer) => createHash('sha256').update(content).digest('hex')
  const hashes: Record<string, string> = {}
  // A write that was killed leaves a partial file; it is nobody's score.
  const names = (await readdir(join(output, 'runs'))).filter((name) => !name.endsWith('.partial'))
  for (const name of names.sort()) hashes[name] = hash(await readFile(join(output, 'runs', name)))
  const results = JSON.parse(await readFile(join(output, 'results.json'), 'utf8')) as {
    trials: { mean: unknown; perQuery: unknown }[]
    comparisons: unknown
  }
  hashes.measures = hash(
    JSON.stringify([results.trials.map(({ mean, perQuery }) => [mean, perQuery]), results.comparisons]),
  )
  return hashes
}
