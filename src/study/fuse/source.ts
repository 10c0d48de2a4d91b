import { basename, join } from 'node:path'
import { FieldtrialError } from '../../core/errors.ts'
import { didYouMean } from '../../core/suggest.ts'
import { readQrels, readRun } from '../../data/trec.ts'
import type { Qrels, Run } from '../../data/types.ts'
import { readResults } from '../output.ts'

/** A run that can be fused, and what it costs where that is known. */
export interface FusableRun {
  readonly name: string
  readonly run: Run
  readonly cost: { readonly msPerQuery: number; readonly indexBytes: number } | null
}

/** What of a finished study its runs were made with. */
export interface FuseStudy {
  /** Fingerprint of each run's identity, in the order of the runs. */
  readonly fingerprints: readonly string[]
  /** Documents kept per query, and whether the query's own one is dropped. */
  readonly depth: number
  readonly removeSelf: boolean
  /** Queries that were run. */
  readonly queries: number
}

export interface FuseSource {
  readonly runs: readonly FusableRun[]
  /** Null for run files. */
  readonly study: FuseStudy | null
  /** Null where no judgments were named. */
  readonly qrels: Qrels | null
  /** The text of a query as far as it is known; empty else. */
  readonly text: (query: string) => string
  /** Where the runs come from, for people. */
  readonly from: string
}

/** Runs out of TREC files. */
export async function runsFromFiles(
  files: readonly string[],
  qrels: string | undefined,
  signal?: AbortSignal,
): Promise<FuseSource> {
  const runs: FusableRun[] = []
  for (const file of files) {
    if (runs.some(({ name }) => name === file))
      throw new FieldtrialError('USAGE', `${file} is named twice.`, { hint: 'Name each run once.' })
    runs.push({ name: file, run: (await readRun(file, signal ? { signal } : {})).run, cost: null })
  }
  return {
    runs,
    study: null,
    qrels: qrels === undefined ? null : await readQrels(qrels),
    text: () => '',
    from: files.map((file) => basename(file)).join(', '),
  }
}

/**
 * Runs of a finished study on one collection, with its judgments and costs.
 *
 * @param options.collection Which collection; the only one if there is one.
 * @param options.of Ids of retrievers; default: all that are no fusions and have a run.
 * @throws FieldtrialError `USAGE` for names that the study does not have, `DATA_MISSING` where runs or results are gone.
 */
export async function runsFromStudy(
  path: string,
  options: { readonly collection?: string; readonly of?: readonly string[] },
  signal?: AbortSignal,
): Promise<FuseSource> {
  const { results, evidence, folder } = await readResults(path)
  const collections = results.collections.map(({ name }) => name)
  const { collection = collections.length === 1 ? collections[0]! : undefined } = options
  if (collection === undefined || !collections.includes(collection))
    throw new FieldtrialError(
      'USAGE',
      collection === undefined
        ? `The study ${results.study} has several collections.`
        : `The study ${results.study} has no collection ${JSON.stringify(collection)}.`,
      {
        hint:
          collection === undefined
            ? `Choose one with --collection: ${collections.join(', ')}.`
            : didYouMean(collection, collections),
      },
    )
  const done = results.trials.filter((t) => t.collection === collection && t.runFile !== null)
  const known = done.map(({ retriever }) => retriever)
  const fusions = new Set(results.retrievers.filter(({ kind }) => kind === 'fusion').map(({ id }) => id))
  const wanted = options.of ?? known.filter((id) => !fusions.has(id))
  const runs: FusableRun[] = []
  const fingerprints: string[] = []
  for (const id of wanted) {
    const trial = done.find(({ retriever }) => retriever === id)
    if (trial === undefined)
      throw new FieldtrialError(
        'USAGE',
        `The study ${results.study} has no run of ${JSON.stringify(id)} on ${collection}.`,
        {
          hint: didYouMean(id, known),
        },
      )
    const { run } = await readRun(join(folder, trial.runFile!), signal ? { signal } : {})
    const { msPerQuery, indexBytes } = trial.cost
    runs.push({ name: id, run, cost: { msPerQuery, indexBytes } })
    fingerprints.push(trial.fingerprint)
  }
  const texts = evidence.collections.find((one) => one.collection === collection)?.queryTexts ?? {}
  const { removeSelf, queries } = results.collections.find(({ name }) => name === collection)!
  return {
    runs,
    study: { fingerprints, depth: results.depth, removeSelf, queries },
    qrels: await readQrels(join(folder, 'runs', `${collection}.qrels`)),
    text: (query) => (Object.hasOwn(texts, query) ? texts[query]! : ''),
    from: `${results.study}, ${collection}`,
  }
}
