import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readRun, writeRunFile } from '../../data/trec.ts'
import type { Run } from '../../data/types.ts'

/** A run is stored as the TREC file that other tools read too. */
export const RUN_FILE = 'run.trec'

/** The same run may belong to retrievers of several names, so the stored file names none; exports put the name in. */
export const STORED_TAG = 'fieldtrial'

/** What separates the columns of a TREC file, for its readers: blanks, and control characters for some. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are meant
const BLANK = /[\s\u0000-\u0020]/

/**
 * Saves a run. A TREC file cannot hold ids with blanks, such as file names; if there is one, all ids of the run are percent-encoded.
 *
 * @returns Whether they were.
 */
export async function saveRun(folder: string, run: Run): Promise<boolean> {
  const encoded = hasBlankIds(run)
  await writeRunFile(join(folder, RUN_FILE), encoded ? encodeIds(run) : run, STORED_TAG)
  return encoded
}

export function encodeIds(run: Run): Run {
  return mapIds(run, encodeId)
}

export async function loadRun(folder: string, encoded: boolean, signal?: AbortSignal): Promise<Run> {
  const file = join(folder, RUN_FILE)
  // Readers of TREC files refuse one without results; a retriever that finds nothing for any query is a result all the same.
  if ((await stat(file)).size === 0) return new Map()
  const { run } = await readRun(file, signal ? { signal } : {})
  return encoded ? mapIds(run, decodeURIComponent) : run
}

/** Blanks, and the sign that marks them, as `%20` and so on. */
export function encodeId(id: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are meant
  return id.replaceAll(/[\s\u0000-\u0020%]/gu, (character) => encodeURIComponent(character))
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
