import { copyFile, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { asWriteError, makeFolder } from '../../core/atomic.ts'
import type { LongWork } from '../../core/progress.ts'
import { comparePaired } from '../../measure/index.ts'
import { describeModel } from './describe.ts'
import type { DevScore, LoggedEvent, StepEvent, WorkerEvent } from './events.ts'
import { lossOf, lossWarning } from './losses.ts'
import { mergeAdapter } from './merged.ts'
import type { TrainingPlan } from './plan.ts'
import { type TrainingRecord, type TrainingResult, writeTrainingRecord } from './record.ts'

type Finished = WorkerEvent & { event: 'finished' }

/** Makes of a finished job's folder one that can be used: cards, recipe, tokenizer, merged weights; the record is written last. */
export async function finishJob(
  plan: TrainingPlan,
  record: TrainingRecord,
  events: readonly LoggedEvent[],
  finished: Finished,
  work: LongWork,
): Promise<TrainingRecord> {
  const { folder, merged } = plan.training
  const model = join(folder, 'model')
  const result = resultOf(plan, events, finished)
  const kind = plan.adapter === null ? 'whole' : 'adapter'
  if (kind === 'whole') await copyBeside(plan, model)
  await describeModel(plan, record, result, model, kind)
  if (merged && kind === 'adapter') await mergeAdapter(plan, record, result, work)
  const done: TrainingRecord = { ...record, state: 'finished', result }
  await writeTrainingRecord(folder, done)
  await rm(join(folder, 'best'), { recursive: true, force: true })
  await rm(join(folder, 'dev'), { recursive: true, force: true })
  return done
}

/** Tokenizer, sentence-transformers' modules and further configs of the base, beside weights that the worker wrote. */
async function copyBeside({ files }: TrainingPlan, target: string): Promise<void> {
  const copy = async (from: string, to: string) => {
    // Modules without files, such as a normalisation, may have no folder.
    for (const name of await readdir(from).catch(() => [])) {
      if (!/\.(json|jinja|txt|model)$/.test(name) || /\.index\.json$/.test(name)) continue
      const there = await stat(join(to, name)).catch(() => null)
      if (there !== null || !(await stat(join(from, name))).isFile()) continue
      await copyFile(join(from, name), join(to, name)).catch((error: unknown) => {
        throw asWriteError(error, join(to, name))
      })
    }
  }
  await copy(files.transformer, target)
  if (files.folder !== files.transformer) await copy(files.folder, target)
  for (const path of Object.keys(files.moduleConfigs)) {
    if (path === '') continue
    await makeFolder(join(target, path))
    await copy(join(files.folder, path), join(target, path))
  }
}

function resultOf(plan: TrainingPlan, events: readonly LoggedEvent[], finished: Finished): TrainingResult {
  const steps = events.filter((event): event is LoggedEvent & StepEvent => event.event === 'step')
  const scores = events.filter((event): event is LoggedEvent & DevScore => event.event === 'score')
  const ready = events.findLast((event) => event.event === 'ready')
  const score = scoreOf(plan, scores)
  const { sources } = plan.set.detail
  const stuck = lossWarning(steps)
  const warnings = [
    ...(stuck === null ? [] : [stuck]),
    ...(score !== null && score.step === 0
      ? ['No step was better than the start: the weights that were kept are the untrained ones.']
      : []),
    ...sources.flatMap(({ source, cutQueries, missing, skipped }) => [
      ...(cutQueries > 0 ? [`${cutQueries} queries of ${source} were cut at the recipe’s limit.`] : []),
      ...(missing > 0 ? [`${missing} documents that ${source} names are not in its corpus; they were left out.`] : []),
      ...(skipped > 0 ? [`${skipped} examples of ${source} without negatives were left out.`] : []),
    ]),
    ...sources.flatMap(({ source, shared, dropped }) =>
      shared.flatMap(({ collection, split, queries }) =>
        queries > 0 && dropped === 0
          ? [`${queries} queries of ${source} are also in ${collection} (${split}), which was allowed.`]
          : [],
      ),
    ),
  ]
  return {
    finishedAt: new Date().toISOString(),
    steps: finished.step,
    stopped: finished.stopped === 'early' ? 'early' : null,
    kind: plan.adapter === null ? 'whole' : 'adapter',
    parameters: ready?.event === 'ready' ? ready.parameters : plan.size.parameters,
    trainable: ready?.event === 'ready' ? ready.trainable : plan.size.trainable,
    loss: lossOf(steps),
    tokens: steps.reduce((sum, { tokens }) => sum + tokens, 0),
    seconds: steps.reduce((sum, { seconds }) => sum + seconds, 0),
    score,
    warnings,
  }
}

/** The weights that were kept against those at the start, paired over the watched queries. */
function scoreOf({ dev }: TrainingPlan, scores: readonly DevScore[]): TrainingResult['score'] {
  const first = scores.find(({ step }) => step === 0)
  const best = scores.findLast((one) => one.best)
  if (dev === null || first === undefined || best === undefined) return null
  const byQuery = ({ values }: DevScore) => new Map(dev.detail.queries.map((id, i) => [id, values[i]!]))
  const { difference, interval, p } = comparePaired(byQuery(first), byQuery(best))
  return { before: first.value, after: best.value, step: best.step, difference, interval, p }
}
