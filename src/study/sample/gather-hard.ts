import { basename } from 'node:path'
import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import { type Query, type Run, readRun } from '../../data/index.ts'
import { hashFile } from '../artifact.ts'
import type { DenseSpec } from '../study.ts'
import { allQueries } from './asked.ts'
import { searchInSlices } from './bm25-slices.ts'
import { searchWhole } from './dense.ts'
import { HardPool } from './hard-pool.ts'
import { named } from './named.ts'
import { BIAS_DEPTH, DONORS } from './panel.ts'
import { plannedSource, type SampleSource } from './source.ts'

/** A retriever's results over the whole collection, for the kept queries. */
export interface WholeRun {
  readonly id: string
  /** `run`: a file that the user gave. */
  readonly kind: 'bm25' | 'dense' | 'run'
  readonly run: Run
}

/** Deep enough that a sample still has 100 of them. */
const WHOLE_DEPTH = 1000

/**
 * The first documents of BM25 (with three analyzers), of the given models and of the given runs.
 *
 * @param hard Documents taken from each for every query.
 * @returns The pool, the runs that are exact (BM25's are left out where it was searched in slices), and the number of slices (0: no BM25).
 * @throws FieldtrialError `DATA_INVALID` for a run without any of the queries.
 */
export async function gatherHard(
  source: SampleSource,
  hard: number,
  models: readonly DenseSpec[],
  runFiles: readonly string[],
  workspace: Workspace,
  options: LongWork & { readonly offline?: boolean },
): Promise<{ pool: HardPool; runs: WholeRun[]; slices: number }> {
  const { whole, summary, splits } = source
  const { offline: _, ...work } = options
  const queries = allQueries(splits)
  const pool = new HardPool()
  const runs: WholeRun[] = []
  let slices = 0
  const self = whole.removeSelf ? 1 : 0
  if (hard > 0 && summary.documentCharacters === 0)
    work.onNotice?.({
      level: 'warning',
      code: 'sample.no-text',
      message: `The documents of ${whole.name} have no text, so BM25 gives no hard distractors; give runs of retrievers that see.`,
    })
  if (hard > 0 && summary.documentCharacters > 0) {
    const depth = Math.max(hard, BIAS_DEPTH) + self
    for (const { id, options: bm25 } of DONORS) {
      throwIfAborted(options.signal)
      const found = await searchInSlices(whole.documents(), bm25, queries, depth, named(work, `${id} × ${whole.name}`))
      pool.add(id, found.run, hard, whole.removeSelf)
      slices = found.slices
      if (slices === 1) runs.push({ id, kind: 'bm25', run: found.run })
    }
  }
  if (models.length > 0) {
    const on = plannedSource(source)
    for (const spec of models) {
      throwIfAborted(options.signal)
      const run = await searchWhole(spec, on, Math.max(hard, WHOLE_DEPTH) + self, workspace, options)
      pool.add(spec.id, run, hard, whole.removeSelf)
      runs.push({ id: spec.id, kind: 'dense', run })
    }
  }
  for (const file of runFiles) {
    const run = await readOwnRun(file, queries, work)
    const id = uniqueName(basename(file), runs)
    pool.add(id, run, hard, whole.removeSelf)
    runs.push({ id, kind: 'run', run })
  }
  return { pool, runs, slices }
}

/**
 * What determines a run that is given.
 *
 * @throws FieldtrialError `DATA_MISSING`.
 */
export async function hashRun(file: string): Promise<string> {
  return hashFile(file).catch((cause: unknown) => {
    throw new FieldtrialError('DATA_MISSING', `There is no run file ${file}.`, {
      hint: 'Name a TREC run over the whole collection.',
      where: { file },
      cause,
    })
  })
}

/** The part of a run file that answers the kept queries. */
async function readOwnRun(file: string, queries: readonly Query[], { signal }: LongWork): Promise<Run> {
  const { run } = await readRun(file, signal ? { signal } : {})
  const own: Run = new Map()
  for (const { id } of queries) {
    const ranking = run.get(id)
    if (ranking !== undefined) own.set(id, ranking)
  }
  if (own.size > 0) return own
  throw new FieldtrialError('DATA_INVALID', `${file} has none of the queries that are kept.`, {
    hint: `Its queries are called for example "${[...run.keys()][0]}"; check --split, and whether the run is of this collection.`,
    where: { file },
  })
}

/** Two files of one name must not become one column. */
function uniqueName(name: string, taken: readonly WholeRun[]): string {
  let unique = name
  for (let n = 2; taken.some(({ id }) => id === unique); n++) unique = `${name} #${n}`
  return unique
}
