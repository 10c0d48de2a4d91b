import { join } from 'node:path'
import { readRun, writeRunFile } from '../../data/trec.ts'
import type { Run } from '../../data/types.ts'

/** A run is stored as the TREC file that other tools read too. */
export const RUN_FILE = 'run.trec'

const BLANK = /\s/

/**
 * Saves a run. A TREC file cannot hold ids with blanks, such as file names; if there is one, all ids of the run are percent-encoded.
 *
 * @returns Whether they were.
 */
export async function saveRun(folder: string, run: Run, tag: string): Promise<boolean> {
  const encoded = hasBlankIds(run)
  await writeRunFile(join(folder, RUN_FILE), encoded ? mapIds(run, encodeId) : run, tag)
  return encoded
}

export async function loadRun(folder: string, encoded: boolean): Promise<Run> {
  const { run } = await readRun(join(folder, RUN_FILE))
  return encoded ? mapIds(run, decodeURIComponent) : run
}

/** Blanks, and the sign that marks them, as `%20` and so on. */
export function encodeId(id: string): string {
  return id.replaceAll(/[\s%]/gu, (character) => encodeURIComponent(character))
}

function hasBlankIds(run: Run): boolean {
  for (const [query, { ids }] of run) if (BLANK.test(query) || ids.some((id) => BLANK.test(id))) return true
  return false
}

function mapIds(run: Run, change: (id: string) => string): Run {
  return new Map([...run].map(([query, { ids, scores }]) => [change(query), { ids: ids.map(change), scores }]))
}

/** Drops each query's own document, if asked, and keeps the first `depth`. Rankings must be in order. */
export function finishRun(run: Run, options: { readonly depth: number; readonly removeSelf: boolean }): Run {
  const finished: Run = new Map()
  for (const [query, ranking] of run) {
    const self = options.removeSelf ? ranking.ids.indexOf(query) : -1
    const ids = self < 0 ? ranking.ids : ranking.ids.toSpliced(self, 1)
    const scores = self < 0 ? ranking.scores : ranking.scores.filter((_, i) => i !== self)
    finished.set(query, { ids: ids.slice(0, options.depth), scores: scores.slice(0, options.depth) })
  }
  return finished
}
