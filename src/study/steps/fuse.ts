import { setImmediate as breathe } from 'node:timers/promises'
import { throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Run } from '../../data/types.ts'
import { type FusionOptions, fuse } from '../../fusion/index.ts'

/** Queries fused before the event loop gets a turn, so that progress shows and Ctrl-C works; queries do not touch each other. */
const STEP = 100

/** `fuse`, some queries at a time. */
export async function fuseInSteps(runs: readonly Run[], options: FusionOptions, work: LongWork): Promise<Run> {
  const queries = [...new Set(runs.flatMap((run) => [...run.keys()]))]
  const fused: Run = new Map()
  for (let from = 0; from < queries.length; from += STEP) {
    throwIfAborted(work.signal)
    const some = queries.slice(from, from + STEP)
    const parts = runs.map(
      (run): Run => new Map(some.flatMap((query) => (run.has(query) ? [[query, run.get(query)!]] : []))),
    )
    for (const [query, ranking] of fuse(parts, options)) fused.set(query, ranking)
    work.onProgress?.({
      step: 'fuse',
      done: Math.min(from + STEP, queries.length),
      total: queries.length,
      unit: 'queries',
    })
    await breathe()
  }
  return fused
}
