import { setImmediate as breathe } from 'node:timers/promises'
import { FieldtrialError, throwIfAborted } from '../core/errors.ts'
import { fingerprint, type Json } from '../core/fingerprint.ts'
import type { LongWork } from '../core/progress.ts'
import type { Workspace } from '../core/workspace.ts'
import { unpackVectors, VectorStore } from '../index/dense/index.ts'
import { compareSpaces, describeSpace, type SpaceComparison, type SpaceDiagnostics } from '../measure/space/index.ts'
import { obtain } from './artifact.ts'
import type { StoredRun } from './execute.ts'
import { comparisonIdentity, spaceIdentity } from './identity.ts'
import type { Plan, PlannedTrial } from './plan.ts'
import type { SpaceResult, TrialResult } from './results.ts'
import { referenceOf } from './space-reference.ts'
import { loadRun } from './steps/run-file.ts'

type DenseTrial = PlannedTrial & { kind: 'dense' }

/** Documents and queries looked at: enough for figures to two digits, few enough for seconds. */
const DOCUMENTS = 1000
const QUERIES = 500
/** Errors that end the whole study. */
const FATAL: ReadonlySet<string> = new Set(['CANCELLED', 'DISK_FULL', 'WORKSPACE_VERSION', 'NOT_WRITABLE'])
/** Ranks that count for hubness (Radovanović et al. 2010 use 10). */
const HUB_DEPTH = 10

/**
 * What the embedding space of every dense trial looks like, and how it differs from that of the model's ancestor, or of the model's first
 * recipe. Taken from the workspace, or measured on a sample of the stored vectors.
 */
export async function obtainSpaces(
  plan: Plan,
  trials: readonly TrialResult[],
  runs: ReadonlyMap<TrialResult, StoredRun>,
  workspace: Workspace,
  work: LongWork,
): Promise<SpaceResult[]> {
  const spaces: SpaceResult[] = []
  const done = plan.trials.flatMap((trial, i) =>
    trial.kind === 'dense' && trials[i]!.status === 'done' && trial.spec.output === 'dense'
      ? [{ trial, result: trials[i]! }]
      : [],
  )
  for (const [i, { trial, result }] of done.entries()) {
    throwIfAborted(work.signal)
    work.onProgress?.({
      step: 'look at embedding spaces',
      subject: `${trial.spec.id} × ${trial.on.collection.name}`,
      done: i,
      total: done.length,
      unit: 'records',
    })
    await breathe()
    try {
      const diagnostics = await obtainDiagnostics(trial, runs.get(result)!, workspace, work)
      const here = done.filter((other) => other.trial.on === trial.on).map((other) => other.trial)
      const reference = referenceOf(
        trial.spec,
        here.map((other) => other.spec),
      )
      const against = reference === null ? undefined : here.find((other) => other.spec.id === reference.id)
      spaces.push({
        retriever: trial.spec.id,
        collection: trial.on.collection.name,
        diagnostics,
        comparisons:
          against === undefined
            ? []
            : [
                {
                  against: against.spec.id,
                  why: reference!.why,
                  ...(await obtainComparison(trial, against, workspace, work)),
                },
              ],
      })
    } catch (error) {
      // Measures are there: diagnostics that cannot be had must not take the report with them.
      if (!(error instanceof FieldtrialError) || FATAL.has(error.code)) throw error
      work.onNotice?.({
        level: 'warning',
        code: 'space.failed',
        message: `The embedding space of ${trial.spec.id} on ${trial.on.collection.name} is not described: ${error.message}`,
      })
    }
  }
  return spaces
}

async function obtainDiagnostics(
  trial: DenseTrial,
  stored: StoredRun,
  workspace: Workspace,
  work: LongWork,
): Promise<SpaceDiagnostics> {
  const { documents, queries } = searched(trial)
  const identity = spaceIdentity(documents, queries, trial.run, trial.on.summary)
  const { detail } = await obtain<SpaceDiagnostics>(
    workspace,
    'space',
    identity,
    async () => {
      const asked = await evenSample(workspace, queries, QUERIES)
      const qrels = await trial.on.collection.qrels()
      const best = asked.ids.map((id) => firstRelevant(qrels.get(id)))
      const sampled = await evenSample(workspace, documents, DOCUMENTS)
      const relevant = await named(workspace, documents, new Set(best.filter((id) => id !== null)))
      const rowOf = new Map(relevant.ids.map((id, row) => [id, row]))
      const run = await loadRun(stored.folder, stored.encodedIds, work.signal)
      return describeSpace({
        dimension: sampled.dimension,
        documents: sampled.vectors,
        queries: asked.vectors,
        pairs: best.flatMap((id, query) => {
          const row = id === null ? undefined : rowOf.get(id)
          return row === undefined ? [] : [[query, row] as const]
        }),
        relevant: relevant.vectors,
        rankings: {
          ids: [...run.values()].map(({ ids }) => ids.slice(0, HUB_DEPTH)),
          documents: trial.on.summary.documents,
          k: HUB_DEPTH,
        },
        ...(work.signal ? { signal: work.signal } : {}),
      })
    },
    { work },
  )
  return detail
}

async function obtainComparison(
  trial: DenseTrial,
  against: DenseTrial,
  workspace: Workspace,
  work: LongWork,
): Promise<SpaceComparison> {
  const pair = [searched(trial).documents, searched(against).documents] as const
  const identity = comparisonIdentity(...pair)
  const { detail } = await obtain<SpaceComparison>(
    workspace,
    'space',
    identity,
    async () => {
      const [a, b] = [await evenSample(workspace, pair[0], DOCUMENTS), await evenSample(workspace, pair[1], DOCUMENTS)]
      return compareSpaces(a, b)
    },
    { work },
  )
  return detail
}

/** The vectors that a trial searched. */
function searched({ artifacts }: DenseTrial): { documents: Json; queries: Json } {
  return artifacts.postprocess ?? artifacts
}

function firstRelevant(judged: ReadonlyMap<string, number> | undefined): string | null {
  let best: string | null = null
  let most = 0
  for (const [id, grade] of judged ?? [])
    if (grade > most) {
      best = id
      most = grade
    }
  return best
}

interface Sample {
  readonly ids: string[]
  readonly vectors: Float32Array
  readonly dimension: number
}

/** Rows at even distances over the whole store: the same ones for every store of the same texts. */
function evenSample(workspace: Workspace, identity: Json, count: number): Promise<Sample> {
  return pickRows(workspace, identity, (rows) => {
    const taken = Math.min(count, rows)
    const even = new Set(Array.from({ length: taken }, (_, i) => Math.floor((i * rows) / taken)))
    return (row) => even.has(row)
  })
}

/** The rows of certain ids. */
function named(workspace: Workspace, identity: Json, wanted: ReadonlySet<string>): Promise<Sample> {
  return pickRows(workspace, identity, () => (_, id) => wanted.has(id))
}

async function pickRows(
  workspace: Workspace,
  identity: Json,
  picker: (rows: number) => (row: number, id: string) => boolean,
): Promise<Sample> {
  const store = await VectorStore.open(workspace.artifact('vectors', fingerprint(identity)), { identity })
  const { rows, dimension, shardRows } = store.meta
  const picks = picker(rows)
  const ids: string[] = []
  const parts: Float32Array[] = []
  for (let shard = 0; shard < store.shards; shard++) {
    const names = await store.idsOf(shard)
    const chosen = names.flatMap((id, row) => (picks(shard * shardRows + row, id) ? [row] : []))
    if (chosen.length === 0) continue
    const vectors = unpackVectors(await store.readShard(shard))
    for (const row of chosen) {
      ids.push(names[row]!)
      parts.push(vectors.slice(row * dimension, (row + 1) * dimension))
    }
  }
  const joined = new Float32Array(parts.length * dimension)
  for (const [i, part] of parts.entries()) joined.set(part, i * dimension)
  return { ids, vectors: joined, dimension }
}
