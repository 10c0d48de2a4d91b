import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '../../core/atomic.ts'
import { FieldtrialError } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import { readTrained } from '../../study/trained.ts'
import { writeMerged } from '../export/merged.ts'
import type { Training } from '../training.ts'
import { describeModel } from './describe.ts'
import type { TrainingPlan } from './plan.ts'
import type { TrainingRecord, TrainingResult } from './record.ts'

/** Folder of the base with the adapter merged in, where the training file asks for it. */
export function mergedFolder({ folder }: Training): string {
  return join(folder, 'merged')
}

/** Whether a finished training is asked for merged weights that are not there: the file may ask for them afterwards. */
export async function lacksMerged({ training }: TrainingPlan, record: TrainingRecord): Promise<boolean> {
  if (!training.merged || record.result?.kind !== 'adapter') return false
  // One that is broken was cut short.
  const there = await readTrained(mergedFolder(training)).catch(() => null)
  return there?.fingerprint !== record.fingerprint
}

/**
 * Merges a job's adapter into its base, in a folder that is whole once fieldtrial.json lies there.
 *
 * @throws FieldtrialError `DATA_MISSING` where the adapter is gone, and as `writeMerged`.
 */
export async function mergeAdapter(
  plan: TrainingPlan,
  record: TrainingRecord,
  result: TrainingResult,
  work: LongWork,
): Promise<void> {
  const adapter = join(plan.training.folder, 'model')
  const weights = join(adapter, 'adapter_model.safetensors')
  if (!existsSync(weights))
    throw new FieldtrialError('DATA_MISSING', `${weights} is gone: there is no adapter that could be merged.`, {
      hint: 'Put it back, or train anew with --restart.',
      where: { file: weights },
    })
  const whole = mergedFolder(plan.training)
  await rm(whole, { recursive: true, force: true })
  await makeFolder(whole)
  await writeMerged(plan.files.folder, adapter, whole, work)
  await describeModel(plan, record, result, whole, 'merged')
}
