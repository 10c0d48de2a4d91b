import { join } from 'node:path'
import { readRun, writeRunFile } from '../../data/trec.ts'
import type { Run } from '../../data/types.ts'

/** A run is stored as the TREC file that other tools read too. */
export const RUN_FILE = 'run.trec'

export function saveRun(folder: string, run: Run, tag: string): Promise<void> {
  return writeRunFile(join(folder, RUN_FILE), run, tag)
}

export async function loadRun(folder: string): Promise<Run> {
  return (await readRun(join(folder, RUN_FILE))).run
}

/** Drops each query's own document, if asked, and keeps the first `depth`. Rankings must be in order. */
export function finishRun(run: Run, options: { readonly depth: number; readonly removeSelf: boolean }): Run {
  const finished: Run = new Map()
  for (const [query, ranking] of run) {
    const self = options.removeSelf ? ranking.ids.indexOf(query) : -1
    const ids = self < 0 ? ranking.ids : ranking.ids.toSpliced(self, 1)
    const scores =
      self < 0
        ? ranking.scores
        : Float64Array.from([...ranking.scores.subarray(0, self), ...ranking.scores.subarray(self + 1)])
    finished.set(query, { ids: ids.slice(0, options.depth), scores: scores.slice(0, options.depth) })
  }
  return finished
}
