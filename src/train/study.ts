import { FieldtrialError } from '../core/errors.ts'
import type { Workspace } from '../core/workspace.ts'
import type { DenseSpec, ModelSpec, RetrieverSpec, Study, TrainingRef } from '../study/study.ts'
import { jobState } from './job/folder.ts'
import { lacksMerged } from './job/merged.ts'
import { type PlanTrainingOptions, planTraining, type TrainingPlan } from './job/plan.ts'
import { finishedJob, type RunTrainingOptions, runTraining, type TrainedJob } from './job/run.ts'
import { readTrainingFile, trainingFromInput } from './parse.ts'
import type { Training } from './training.ts'

/** A study whose models are trained, as far as they are. */
export interface TrainedStudy {
  /** An ordinary study: retrievers of trained models name their weights. */
  readonly study: Study
  readonly plans: readonly TrainingPlan[]
  /** Retrievers that are left out of it, since their model is not trained yet and only a plan was asked for. */
  readonly pending: readonly string[]
}

/** With `planOnly` what is not trained yet is left out. */
export interface TrainStudyOptions extends PlanTrainingOptions, RunTrainingOptions {
  /** Told before a training starts. */
  readonly onPlan?: (plan: TrainingPlan) => void
  readonly onTrained?: (job: TrainedJob) => Promise<void> | void
}

/** What takes the training's place. */
type Trained = Pick<ModelSpec, 'model' | 'given' | 'adapter'> & {
  /** Folder of the whole model with the adapter merged in, where one was asked for. */
  readonly merged?: string
}

/** After these nothing else of the study can be done either, or its file must be mended first. */
const FATAL: ReadonlySet<string> = new Set([
  'CANCELLED',
  'DISK_FULL',
  'WORKSPACE_VERSION',
  'NOT_WRITABLE',
  'STUDY_INVALID',
  'USAGE',
])

/**
 * Trains the models of a study that are to be trained (`train:`), each once, and puts what came of it in their place. Whatever stands in a study is
 * then a model like any other, so that planning, cached work and reports need to know nothing of training.
 *
 * @throws FieldtrialError as `readTrainingFile`, `planTraining` and `runTraining`.
 */
export async function trainStudy(
  study: Study,
  workspace: Workspace,
  options: TrainStudyOptions,
): Promise<TrainedStudy> {
  const plans = new Map<string, TrainingPlan>()
  const models = new Map<string, Trained | FieldtrialError | null>()
  const retrievers: RetrieverSpec[] = []
  const pending = new Set<string>()
  for (const spec of study.retrievers) {
    if (spec.kind === 'dense' && spec.model.training !== undefined) {
      // Merged weights are for some engines only.
      const key = JSON.stringify([spec.model.training, spec.model.engine])
      if (!models.has(key)) models.set(key, await attempt(spec.model, plans, workspace, options))
      const model = models.get(key)!
      if (model === null) pending.add(spec.id)
      else if (model instanceof FieldtrialError)
        retrievers.push({ ...spec, model: { ...spec.model, training: { ...spec.model.training, failed: model } } })
      else retrievers.push(trainedSpec(spec, model))
    } else if (spec.kind === 'fusion' && spec.members.some((id) => pending.has(id))) pending.add(spec.id)
    else retrievers.push(spec)
  }
  const { baseline } = study.comparison
  const comparison = pending.has(baseline ?? '')
    ? { ...study.comparison, baseline: retrievers[0]?.id ?? null }
    : study.comparison
  // Samples may take hard distractors from models that are trained.
  const byId = new Map(retrievers.map((spec) => [spec.id, spec]))
  const collections = study.collections.map((collection) =>
    collection.sample === undefined
      ? collection
      : {
          ...collection,
          sample: {
            ...collection.sample,
            models: collection.sample.models.flatMap((spec) => {
              const now = spec.model.training === undefined ? spec : byId.get(spec.id)
              return now?.kind === 'dense' ? [now] : []
            }),
          },
        },
  )
  return { study: { ...study, collections, retrievers, comparison }, plans: [...plans.values()], pending: [...pending] }
}

/** One that cannot be trained fails its own trials only. */
async function attempt(
  model: ModelSpec,
  plans: Map<string, TrainingPlan>,
  workspace: Workspace,
  options: TrainStudyOptions,
): Promise<Trained | FieldtrialError | null> {
  try {
    return await obtain(model, plans, workspace, options)
  } catch (error) {
    if (!(error instanceof FieldtrialError) || FATAL.has(error.code)) throw error
    return error
  }
}

async function obtain(
  { training: ref, engine }: ModelSpec,
  plans: Map<string, TrainingPlan>,
  workspace: Workspace,
  options: TrainStudyOptions,
): Promise<Trained | null> {
  const training = await readRef(ref!)
  const other = plans.get(training.folder)
  const plan = await planTraining(training, workspace, options)
  if (other !== undefined && other.job.fingerprint !== plan.job.fingerprint)
    throw new FieldtrialError('STUDY_INVALID', `Two different trainings write to ${training.folder}.`, {
      hint: 'Give each a `name`, or an `output: { dir: … }` of its own.',
    })
  if (engine !== 'torch' && plan.adapter !== null && !training.merged) throw noAdapters(training.name, engine)
  plans.set(training.folder, plan)
  options.onPlan?.(plan)
  const job = options.planOnly ? await finishedAlready(plan, engine) : await runTraining(plan, workspace, options)
  if (job === null) return null
  await options.onTrained?.(job)
  const { model, given } = training
  const { mergedFolder: merged } = job
  if (job.record.result!.kind === 'whole') return { model: job.modelFolder, given: training.name }
  return { model, given, adapter: job.modelFolder, ...(merged === null ? {} : { merged }) }
}

/** What there is already for an engine; null where it is still to be trained, or to be merged. */
async function finishedAlready(plan: TrainingPlan, engine: ModelSpec['engine']): Promise<TrainedJob | null> {
  const state = await jobState(plan)
  if (state.kind !== 'finished') return null
  if (engine !== 'torch' && (await lacksMerged(plan, state.record))) return null
  return finishedJob(plan, state.record, true)
}

/** The training that a study names. */
export async function readRef(ref: TrainingRef): Promise<Training> {
  if ('file' in ref) return readTrainingFile(ref.file, ref.model)
  return trainingFromInput(ref.input, { folder: ref.folder, defaultName: ref.name })
}

/** @throws FieldtrialError `STUDY_INVALID` where engine onnx is to run an adapter, which it would pass over. */
function trainedSpec(spec: DenseSpec, { merged, ...trained }: Trained): DenseSpec {
  const { training: _, ...model } = spec.model
  if (trained.adapter === undefined || model.engine === 'torch') return { ...spec, model: { ...model, ...trained } }
  if (merged !== undefined) return { ...spec, model: { ...model, model: merged, given: spec.id } }
  throw noAdapters(spec.id, model.engine)
}

function noAdapters(name: string, engine: string): FieldtrialError {
  return new FieldtrialError('STUDY_INVALID', `${name} is an adapter, which engine: ${engine} does not run.`, {
    hint: 'Use engine: torch, or write `output: { merged: true }` into the training.',
  })
}
