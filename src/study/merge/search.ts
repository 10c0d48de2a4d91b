import { existsSync } from 'node:fs'
import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import { fingerprint } from '../../core/fingerprint.ts'
import type { Workspace } from '../../core/workspace.ts'
import { openCollection, summariseCached } from '../../data/index.ts'
import type { MergeSpec } from '../../fusion/weights/index.ts'
import { obtain } from '../artifact.ts'
import { compareTrials } from '../compare.ts'
import { collectionFingerprint } from '../identity.ts'
import { studyFromInput } from '../parse.ts'
import { planStudy } from '../plan.ts'
import type { ComparisonResult, TrialResult } from '../results.ts'
import type { ModelInput } from '../schema-models.ts'
import { LazyEncoder } from '../steps/lazy-encoder.ts'
import type { StudyCollection } from '../study.ts'
import { doneTrial, obtainMeasures, obtainRun } from '../trial.ts'
import { type MergeContext, mergeKey } from './obtain.ts'
import { type MergePoint, MergeSearch, withPoint } from './points.ts'

/** How candidates are made into retrievers and measured. */
export interface MergeSearchOptions {
  /** A folder, .zip, known name or `hf:owner/name`. */
  readonly collection: string
  /** The split that weights are chosen on. */
  readonly split: string
  /** Another split, on which the choice is reported; null for none. */
  readonly testSplit: string | null
  readonly measure: string
  /** Merges that are tried at most. */
  readonly budget: number
  /** Time after which no further one is begun. */
  readonly seconds: number | null
  /** Engine, recipe, device and so on, as for a model of a study. */
  readonly model: Omit<ModelInput, 'model' | 'merge' | 'id'>
  readonly onPoint?: (point: TriedPoint, nth: number) => void
}

export interface TriedPoint {
  readonly point: MergePoint
  /** On the split that weights are chosen on. */
  readonly value: number
  readonly seconds: number
}

export interface MergeSearchResult {
  readonly split: string
  readonly measure: string
  readonly tried: readonly TriedPoint[]
  readonly best: MergePoint
  readonly spec: MergeSpec
  /** On queries that had no part in the choice; null without another split. */
  readonly test: MergeTest | null
}

export interface MergeTest {
  readonly split: string
  readonly queries: number
  /** The chosen merge, equal parts, and each model alone. */
  readonly values: readonly { readonly name: string; readonly value: number }[]
  /** Each against the model that is best alone on the split of the choice. */
  readonly comparisons: readonly ComparisonResult[]
}

/** Of merged weights beside the score: raised when candidates are measured in another way. */
const SEARCH_VERSION = 1

/**
 * Looks for the weights of a merge by making and measuring merges on one split. Scores of candidates are remembered, their weights and vectors are
 * not: candidates of 7B models would fill a disk.
 *
 * @throws FieldtrialError `USAGE`, and what planning and running a study throws.
 */
export async function searchMerge(
  spec: MergeSpec,
  options: MergeSearchOptions,
  workspace: Workspace,
  context: MergeContext,
): Promise<MergeSearchResult> {
  if (options.testSplit === options.split)
    throw new FieldtrialError('USAGE', `Weights are chosen on ${options.split}, so they cannot be reported on it.`, {
      hint: 'Name two different splits.',
    })
  const search = new MergeSearch(spec, options.budget)
  const started = performance.now()
  const tried: TriedPoint[] = []
  const elapsed = () => (performance.now() - started) / 1000
  const found = new Map<TriedPoint, MeasuredMerge>()
  for (let point = search.next(); point !== null; point = search.next()) {
    throwIfAborted(context.signal)
    const before = elapsed()
    const measured = await measureMerge(withPoint(spec, point), options, workspace, context)
    const value = measured.trial.mean[options.measure] ?? 0
    search.tell(point, value)
    const one = { point, value, seconds: elapsed() - before }
    tried.push(one)
    found.set(one, measured)
    options.onPoint?.(one, tried.length)
    if (options.seconds !== null && elapsed() > options.seconds) break
  }
  const best = tried.reduce((a, b) => (b.value > a.value ? b : a))
  return {
    split: options.split,
    measure: options.measure,
    tried,
    best: best.point,
    spec: withPoint(spec, best.point),
    test: options.testSplit === null ? null : reportOn(options.testSplit, spec, best, tried, found, options.measure),
  }
}

/** The first points are the models alone, then equal parts. The other split had no say in the choice; it is only read now. */
function reportOn(
  split: string,
  spec: MergeSpec,
  best: TriedPoint,
  tried: readonly TriedPoint[],
  found: ReadonlyMap<TriedPoint, MeasuredMerge>,
  measure: string,
): MergeTest {
  const models = spec.models!.length
  const alone = tried.slice(0, models)
  const baseline = alone.indexOf(alone.reduce((a, b) => (b.value > a.value ? b : a)))
  const named = [
    ...alone.map((one, i) => ({ name: nameOf(spec, i), one })),
    ...tried.slice(models, models + 1).map((one) => ({ name: 'equal parts', one })),
    { name: 'chosen', one: best },
  ]
  const trials = named.map(({ name, one }) => ({ ...found.get(one)!.test!, retriever: name }))
  return {
    split,
    queries: Object.keys(trials[0]!.perQuery[measure] ?? {}).length,
    values: trials.map(({ retriever, mean }) => ({ name: retriever, value: mean[measure] ?? 0 })),
    comparisons: compareTrials(trials, [measure], { baseline: nameOf(spec, baseline), ...SETTINGS }),
  }
}

const SETTINGS = { test: 'randomisation', correction: 'holm', alpha: 0.05, resamples: 10_000, seed: 42 } as const

function nameOf({ models }: MergeSpec, at: number): string {
  const { model, adapter } = models![at]!
  return adapter ?? model
}

interface MeasuredMerge {
  /** On the split that weights are chosen on. */
  readonly trial: TrialResult
  /** On the other; null without one. */
  readonly test: TrialResult | null
}

/**
 * One merge on one or two splits, which share its document vectors: remembered by all that it depends on, or made, measured, and its weights and
 * vectors removed.
 */
async function measureMerge(
  spec: MergeSpec,
  { collection, split, testSplit, measure, model }: MergeSearchOptions,
  workspace: Workspace,
  context: MergeContext,
): Promise<MeasuredMerge> {
  const splits = [split, ...(testSplit === null ? [] : [testSplit])]
  const study = studyFromInput(
    {
      collections: splits.map((one) => ({ source: collection, split: one, name: one })),
      models: [{ ...model, id: 'merged', merge: spec as NonNullable<ModelInput['merge']> }],
      measures: [measure],
    },
    { folder: process.cwd(), defaultName: 'merge-search' },
  )
  const key = await mergeKey(spec, workspace, context)
  const collections: string[] = []
  for (const one of study.collections) collections.push(await collectionKey(one, workspace, context))
  const identity = {
    artifact: 'merge-score',
    version: SEARCH_VERSION,
    merge: key,
    collections,
    measure,
    model: fingerprint(JSON.parse(JSON.stringify(model))),
  }
  const { detail } = await obtain<MeasuredMerge>(
    workspace,
    'measures',
    identity,
    async () => {
      const wasThere = existsSync(workspace.artifact('merges', key))
      const plan = await planStudy(study, workspace, context)
      const encoder = new LazyEncoder(plan.encoders.get('merged')!)
      const results: TrialResult[] = []
      try {
        for (const trial of plan.trials) {
          const made = await obtainRun(plan, trial, workspace, encoder, context, () => encoder)
          const measured = await obtainMeasures(plan, trial, made, workspace, context)
          results.push(doneTrial(trial, made.detail, made.cached, measured))
        }
        return { trial: results[0]!, test: results[1] ?? null }
      } finally {
        await encoder.close()
        for (const step of plan.trials.flatMap(({ steps }) => steps))
          if (step.kind === 'vectors' && !step.cached) await workspace.remove(step.kind, step.fingerprint)
        if (!wasThere) await workspace.remove('merges', key)
      }
    },
    { work: context },
  )
  return detail
}

/** What a collection holds; its files are read once and remembered. */
async function collectionKey(spec: StudyCollection, workspace: Workspace, context: MergeContext): Promise<string> {
  const collection = await openCollection(spec, { cacheDir: workspace.cache, ...context })
  const summary = await summariseCached(collection, workspace.cache, context)
  return fingerprint(collectionFingerprint(summary, collection.removeSelf))
}
