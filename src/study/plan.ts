import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { FieldtrialError, throwIfAborted } from '../core/errors.ts'
import { fingerprint, type Json } from '../core/fingerprint.ts'
import type { LongWork } from '../core/progress.ts'
import type { ArtifactKind, Workspace } from '../core/workspace.ts'
import type { CollectionSummary, FileCollection } from '../data/index.ts'
import { collectionState, summariseCached } from '../data/index.ts'
import { readMtebResults } from '../data/mteb/index.ts'
import type { PublishedFigure } from '../data/published/types.ts'
import { bm25Identity as bm25OptionsIdentity } from '../index/bm25/index.ts'
import { needsQueryMean } from '../index/postprocess/index.ts'
import { type Estimate, estimateBm25, estimateSearch, type Rates, readRates } from './estimate.ts'
import { ablationIdentity, bm25Identity, collectionFingerprint, measuresIdentity, runIdentity } from './identity.ts'
import { type ImageLook, lookAtImages } from './images/look.ts'
import { unreadable } from './images/readable.ts'
import { mergeFingerprints } from './merge/prepare.ts'
import { openStudyCollection } from './open.ts'
import { type DenseArtifacts, planDense } from './plan-dense.ts'
import { type FusionParts, planFusion } from './plan-fusion.ts'
import { planTraining, type TrainingPlan } from './plan-training.ts'
import { prepareEncoder } from './prepare.ts'
import { measureOtherQueries } from './query-sample.ts'
import type { Bm25Spec, DenseSpec, RetrieverSpec, Study, StudyCollection } from './study.ts'
import { type CollectionTask, taskOf } from './task.ts'
import type { StudyEncoder } from './trained.ts'

export interface PlannedCollection {
  /** The source as the user wrote it. */
  readonly given: string
  /** As it is opened: for one that is drawn, the sample. */
  readonly spec: StudyCollection
  /** Fingerprints of the samples that the study draws for it. */
  readonly samples: readonly string[]
  readonly collection: FileCollection
  readonly summary: CollectionSummary
  /** Of the source files when they were summarised. */
  readonly state: string
  /** Identity of everything about it that numbers depend on. */
  readonly fingerprint: string
  /** For recipes whose prompts hold one. */
  readonly task: CollectionTask
  /** Queries of the file that are not under test, such as training queries, and the hash of their content. */
  readonly otherQueries: number
  readonly otherQueriesHash: string
  /** What its pictures are like; absent or null where there are none, or no retriever reads them. */
  readonly images?: ImageLook | null
}

/** A piece of work with an artifact; one whose artifact exists is not done again. */
export interface PlannedStep {
  readonly what: string
  readonly kind: ArtifactKind
  readonly fingerprint: string
  readonly cached: boolean
  readonly estimate: Estimate
}

interface PlannedTrialBase {
  readonly on: PlannedCollection
  readonly steps: readonly PlannedStep[]
  readonly run: Json
  readonly measures: Json
  /** Nothing is left to do. */
  readonly cached: boolean
}

export type PlannedTrial =
  | (PlannedTrialBase & { readonly kind: 'bm25'; readonly spec: Bm25Spec; readonly index: Json })
  | (PlannedTrialBase & {
      readonly kind: 'dense'
      readonly spec: DenseSpec
      readonly encoder: StudyEncoder
      readonly artifacts: DenseArtifacts
    })
  | (PlannedTrialBase &
      FusionParts & {
        /** What it is without each member; null where that is not asked. */
        readonly ablation: Json | null
      })
  /** Its model cannot be used; the others go on. */
  | (PlannedTrialBase & { readonly kind: 'refused'; readonly spec: RetrieverSpec; readonly error: FieldtrialError })

export interface Plan {
  readonly study: Study
  readonly collections: readonly PlannedCollection[]
  /** By retriever; those of equal model and recipe are one and the same. Retrievers whose model cannot be used have none. */
  readonly encoders: ReadonlyMap<string, StudyEncoder>
  /** Ordered so that a model is loaded once, and a fusion stands after its members. */
  readonly trials: readonly PlannedTrial[]
  /** Runs that fusions are learned from. */
  readonly training: TrainingPlan
  readonly limit: number | null
  /** Fingerprints of the merged models that retrievers run on. */
  readonly merges: readonly string[]
  /** Published figures out of the files that the study names. */
  readonly imported: readonly PublishedFigure[]
}

export interface PlanOptions extends LongWork {
  /** Judged queries kept of each collection: a smoke run. */
  readonly limit?: number
  readonly offline?: boolean
}

/**
 * Reads every collection once (or what is remembered of it), finds every model, and lists the trials with what is cached already.
 * All input errors come here, before any work starts.
 */
export async function planStudy(study: Study, workspace: Workspace, options: PlanOptions = {}): Promise<Plan> {
  const imported = await readMtebResults(study.mteb)
  const collections: PlannedCollection[] = []
  for (const given of study.collections) {
    throwIfAborted(options.signal)
    const { collection, spec, samples } = await openStudyCollection(given, workspace, options)
    const state = await collectionState(collection)
    const summary = await summariseCached(collection, workspace.cache, options)
    const centred = study.retrievers.some((r) => r.kind === 'dense' && needsQueryMean(r.postprocess))
    collections.push({
      task: taskOf(given),
      ...(centred ? await measureOtherQueries({ collection }) : { otherQueries: 0, otherQueriesHash: '' }),
      given: given.given,
      spec,
      samples,
      collection,
      summary,
      state,
      fingerprint: fingerprint(collectionFingerprint(summary, collection.removeSelf)),
    })
  }
  return { ...(await planOn(study, collections, workspace, options)), imported }
}

/** The plan of a study's retrievers over collections that are open already, in place of those that it names. */
export async function planOn(
  study: Study,
  opened: readonly PlannedCollection[],
  workspace: Workspace,
  options: PlanOptions = {},
): Promise<Plan> {
  const { encoders, refused } = await prepareEncoders(study, workspace, options)
  const collections = await looked(opened, encoders, workspace, options)
  const rates = await readRates(workspace)
  const prepared = { encoders, refused }
  const plan = (spec: RetrieverSpec, on: PlannedCollection, before: readonly PlannedTrial[], from: TrainingPlan) =>
    planTrial(study, workspace, rates, spec, on, prepared, before, from)
  // Members that are learned are learned by folds there, so nothing is learned from elsewhere.
  const training = await planTraining(
    study,
    collections,
    (on, split) => openOtherSplit(on, split, workspace, options),
    (spec, on, before) => plan(spec, on, before, NO_TRAINING),
  )
  const trials: PlannedTrial[] = []
  for (const spec of study.retrievers) for (const on of collections) trials.push(plan(spec, on, trials, training))
  const none = trials.every(({ kind }) => kind === 'refused') ? trials[0] : undefined
  if (none?.kind === 'refused') throw none.error
  const usable = study.retrievers.filter((spec) => spec.kind === 'dense' && encoders.has(spec.id)) as DenseSpec[]
  const merges = await mergeFingerprints(usable, workspace, options)
  return { study, collections, encoders, trials, training, limit: options.limit ?? null, merges, imported: [] }
}

/** The collections with what their pictures are like, where a retriever reads them. */
async function looked(
  collections: readonly PlannedCollection[],
  encoders: ReadonlyMap<string, StudyEncoder>,
  workspace: Workspace,
  options: PlanOptions,
): Promise<readonly PlannedCollection[]> {
  if (![...encoders.values()].some(({ info }) => info.images !== undefined)) return collections
  const seen: PlannedCollection[] = []
  for (const on of collections) seen.push({ ...on, images: await lookAtImages(on, workspace, options) })
  return seen
}

const NO_TRAINING: TrainingPlan = {
  trials: [],
  of: (_, split) => {
    throw new FieldtrialError('INTERNAL', `Nothing was planned on the split ${split}.`)
  },
}

/** The same documents with the queries and judgments of another split. */
async function openOtherSplit(
  on: PlannedCollection,
  split: string,
  workspace: Workspace,
  options: PlanOptions,
): Promise<PlannedCollection> {
  if (split === on.collection.split)
    throw new FieldtrialError(
      'STUDY_INVALID',
      `${on.given} is tested on ${split}, so no fusion can be learned on it.`,
      {
        hint: 'Name another split, or use `folds`.',
      },
    )
  const { collection, spec } = await openStudyCollection({ ...on.spec, split }, workspace, options)
  const state = await collectionState(collection)
  const summary = await summariseCached(collection, workspace.cache, options)
  const key = fingerprint(collectionFingerprint(summary, collection.removeSelf))
  const images = on.images ? await lookAtImages({ collection, summary }, workspace, options) : null
  return { ...on, spec, collection, summary, state, fingerprint: key, images }
}

interface Prepared {
  readonly encoders: ReadonlyMap<string, StudyEncoder>
  readonly refused: ReadonlyMap<string, FieldtrialError>
}

/** Errors after which a study makes no sense, whatever its other retrievers. */
const FATAL: ReadonlySet<string> = new Set(['CANCELLED', 'DISK_FULL', 'WORKSPACE_VERSION', 'NOT_WRITABLE'])

/**
 * Finds the model of every retriever. One that cannot be used fails its own trials only, unless no retriever is left.
 *
 * @throws FieldtrialError The first refusal, if nothing else can be run.
 */
async function prepareEncoders(study: Study, workspace: Workspace, options: PlanOptions): Promise<Prepared> {
  const encoders = new Map<string, StudyEncoder>()
  const refused = new Map<string, FieldtrialError>()
  const byKey = new Map<string, StudyEncoder>()
  for (const spec of study.retrievers) {
    throwIfAborted(options.signal)
    if (spec.kind !== 'dense') continue
    const key = fingerprint({ model: spec.model, recipe: spec.recipe } as unknown as Json)
    try {
      const prepared =
        byKey.get(key) ??
        (await prepareEncoder(spec, workspace, { ...(options.offline ? { offline: true } : {}), work: options }))
      requireOutput(spec, prepared)
      byKey.set(key, prepared)
      encoders.set(spec.id, prepared)
    } catch (error) {
      if (!(error instanceof FieldtrialError) || FATAL.has(error.code)) throw error
      refused.set(spec.id, error)
      options.onNotice?.({ level: 'warning', code: 'retriever.refused', message: error.message })
    }
  }
  if (refused.size === study.retrievers.filter((spec) => spec.kind !== 'fusion').length) throw [...refused.values()][0]!
  return { encoders, refused }
}

function planTrial(
  study: Study,
  workspace: Workspace,
  rates: Rates,
  spec: RetrieverSpec,
  on: PlannedCollection,
  { encoders, refused }: Prepared,
  before: readonly PlannedTrial[],
  training: TrainingPlan,
): PlannedTrial {
  const { summary, collection } = on
  const error = refusalOf(spec, on, { encoders, refused }, study)
  if (error) {
    const nothing: Json = { refused: spec.id, collection: on.fingerprint }
    return { kind: 'refused', spec, on, error, steps: [], run: nothing, measures: nothing, cached: false }
  }
  const step = (what: string, kind: ArtifactKind, identity: Json, estimate: Estimate): PlannedStep => {
    const key = fingerprint(identity)
    return {
      what,
      kind,
      fingerprint: key,
      cached: existsSync(join(workspace.artifact(kind, key), 'record.json')),
      estimate,
    }
  }
  const finish = (made: Json, steps: PlannedStep[], search: Estimate, ablated = false) => {
    const run = runIdentity(made, summary, { depth: study.depth, removeSelf: collection.removeSelf })
    const measures = measuresIdentity(
      run,
      summary,
      study.measures.map((m) => m.name),
    )
    const runStep = step('search', 'runs', run, search)
    // With a run at hand, what it was made from is not needed again.
    const needed = runStep.cached ? steps.map((s) => ({ ...s, cached: true })) : steps
    const ablation = ablated ? ablationIdentity(measures) : null
    const all = [
      ...needed,
      runStep,
      step('measure', 'measures', measures, { seconds: 0.1, memoryBytes: 0, diskBytes: 0 }),
      ...(ablation === null ? [] : [step('try without each member', 'fusion', ablation, search)]),
    ]
    return { on, run, measures, ablation, steps: all, cached: all.every((s) => s.cached) }
  }
  switch (spec.kind) {
    case 'bm25': {
      const index = bm25Identity(summary, bm25OptionsIdentity(spec.options))
      return {
        kind: 'bm25',
        spec,
        index,
        ...finish(
          index,
          [step('index', 'bm25', index, estimateBm25(summary))],
          estimateSearch(summary, null, study.depth),
        ),
      }
    }
    case 'dense': {
      const encoder = encoders.get(spec.id)!
      const { artifacts, made, steps } = planDense(spec, encoder, on, study.vectorDtype, rates)
      return {
        kind: 'dense',
        spec,
        encoder,
        artifacts,
        ...finish(
          made,
          steps.map(({ what, kind, identity, estimate }) => step(what, kind, identity, estimate)),
          estimateSearch(summary, encoder.info.dimension, study.depth),
        ),
      }
    }
    case 'fusion': {
      const { parts, made, steps, search } = planFusion(study, spec, on, before, training)
      const planned = steps.map(({ what, kind, identity, estimate }) => step(what, kind, identity, estimate))
      return { ...parts, ...finish(made, planned, search, spec.ablation) }
    }
  }
}

/** Why a retriever cannot be run on a collection; a fusion falls with its first member. */
function refusalOf(
  spec: RetrieverSpec,
  on: PlannedCollection,
  prepared: Prepared,
  study: Study,
): FieldtrialError | undefined {
  if (spec.kind !== 'fusion') {
    const info = prepared.encoders.get(spec.id)?.info ?? null
    return prepared.refused.get(spec.id) ?? unreadable(on, info, study.brokenImages, spec.id) ?? undefined
  }
  for (const id of spec.members) {
    const member = study.retrievers.find((retriever) => retriever.id === id)!
    const error = refusalOf(member, on, prepared, study)
    if (error)
      return new FieldtrialError(error.code, `${spec.id} needs ${id}, which cannot be run: ${error.message}`, {
        ...(error.hint ? { hint: error.hint } : {}),
      })
  }
  return undefined
}

function requireOutput(spec: DenseSpec, { info }: StudyEncoder): void {
  if (spec.output === 'dense' || info.recipe.sparse !== null) return
  throw new FieldtrialError('RECIPE_INVALID', `${spec.id}: the recipe ${info.recipe.id} has no sparse half.`, {
    hint: 'Use `output: dense`, or the recipe promptreps.',
  })
}
