import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import { fingerprint, type Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { CollectionSummary, FileCollection, Qrels, Run } from '../../data/index.ts'
import { readRun } from '../../data/index.ts'
import type { CollectionLint } from '../../data/lint/index.ts'
import { Bm25Index, type Bm25Options, bm25Identity } from '../../index/bm25/index.ts'
import { hashFile } from '../artifact.ts'
import { collectionFingerprint } from '../identity.ts'
import { readResults } from '../output.ts'
import { type NamedTop, SUSPECT_DEPTH, topOf } from './suspects.ts'

/** A retriever whose first documents can be had, and what determines them. */
export interface SuspectSource {
  readonly name: string
  readonly identity: Json
  top(): Promise<NamedTop>
}

/** Documents from each retriever: as many as `Judged@10` needs, and one for the query's own. */
const DEPTH = 11

/** BM25 with two analyzers: stemmed English and words as they are; for code, the parts of names and stemmed English. */
export function bm25Sources(
  collection: FileCollection,
  summary: CollectionSummary,
  lint: CollectionLint,
  work: LongWork,
): SuspectSource[] {
  const code = lint.mix.documents.modalities[0]?.name === 'code'
  return (code ? (['code', 'lucene-english'] as const) : (['lucene-english', 'unicode'] as const)).map((analyzer) => {
    const name = `bm25 (${analyzer})`
    const options: Bm25Options = { analyzer }
    return {
      name,
      identity: { bm25: bm25Identity(options), corpus: summary.corpusHash, queries: summary.queriesHash },
      async top() {
        const index = await Bm25Index.build(collection.documents(), options, { ...work, total: summary.documents })
        const run = await index.searchAll(await collection.queries(), DEPTH, work)
        return topOf(name, run, SUSPECT_DEPTH, collection.removeSelf)
      },
    }
  })
}

/**
 * Runs that the user names: TREC run files, or folders (or `results.json`) of studies, of which the runs on this very collection count.
 *
 * @throws FieldtrialError `DATA_MISSING`, `DATA_INVALID` for a run without any of the collection's queries, or a study without the collection.
 */
export async function runSources(
  paths: readonly string[],
  collection: FileCollection,
  summary: CollectionSummary,
  work: LongWork,
): Promise<SuspectSource[]> {
  const sources: SuspectSource[] = []
  for (const path of paths) {
    throwIfAborted(work.signal)
    const isStudy = path.endsWith('results.json') || (await isFolder(path))
    sources.push(
      ...(isStudy
        ? await studySources(path, collection, summary, work)
        : [await fileSource(basename(path), path, collection, false, work)]),
    )
  }
  return sources.map((source, i) => {
    // Two files of one name must not become one column.
    const before = sources.slice(0, i).filter(({ name }) => name === source.name).length
    if (before === 0) return source
    const name = `${source.name} #${before + 1}`
    return { ...source, name, top: async () => ({ ...(await source.top()), name }) }
  })
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

async function studySources(
  path: string,
  collection: FileCollection,
  summary: CollectionSummary,
  work: LongWork,
): Promise<SuspectSource[]> {
  const { results, folder } = await readResults(path)
  const wanted = fingerprint(collectionFingerprint(summary, collection.removeSelf))
  const on = results.collections.find((other) => other.fingerprint === wanted)
  if (on === undefined)
    throw new FieldtrialError(
      'DATA_INVALID',
      `The study ${results.study} has no run on this collection as it is now.`,
      {
        hint: `Its collections are ${results.collections.map(({ name, split }) => `${name} (${split})`).join(', ')}; other documents, queries or judgments make another collection.`,
        where: { file: path },
      },
    )
  const encoded = summary.findings.some(({ code }) => code === 'documents.id-white-space')
  const fusions = new Set(results.retrievers.filter(({ kind }) => kind === 'fusion').map(({ id }) => id))
  const sources: SuspectSource[] = []
  for (const { collection: name, retriever, runFile } of results.trials)
    if (name === on.name && runFile !== null && !fusions.has(retriever))
      sources.push(await fileSource(retriever, join(folder, runFile), collection, encoded, work))
  return sources
}

/** @param encoded Whether ids are percent-encoded, as a study writes them where some hold blanks. */
async function fileSource(
  name: string,
  file: string,
  collection: FileCollection,
  encoded: boolean,
  work: LongWork,
): Promise<SuspectSource> {
  const content = await hashFile(file).catch((cause: unknown) => {
    throw new FieldtrialError('DATA_MISSING', `There is no run file ${file}.`, {
      hint: 'Name a TREC run file, or the results folder of a study.',
      where: { file },
      cause,
    })
  })
  return {
    name,
    identity: { run: content, encoded },
    async top() {
      const { run } = await readRun(file, work.signal ? { signal: work.signal } : {})
      const plain = encoded ? decoded(run) : run
      requireOverlap(plain, await collection.qrels(), file)
      return topOf(name, plain, SUSPECT_DEPTH, collection.removeSelf)
    },
  }
}

function decoded(run: Run): Run {
  return new Map(
    [...run].map(([query, { ids, scores }]) => [
      decodeURIComponent(query),
      { ids: ids.map((id) => decodeURIComponent(id)), scores },
    ]),
  )
}

function requireOverlap(run: Run, qrels: Qrels, file: string): void {
  if ([...run.keys()].some((query) => qrels.has(query))) return
  throw new FieldtrialError('DATA_INVALID', `${file} has none of the collection's judged queries.`, {
    hint: `Its queries are called for example "${[...run.keys()][0]}"; check --split, and whether the run is of this collection.`,
    where: { file },
  })
}
