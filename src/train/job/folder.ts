import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { FieldtrialError } from '../../core/errors.ts'
import { differingFields } from '../../core/fingerprint.ts'
import type { TrainingPlan } from './plan.ts'
import { readTrainingRecord, type TrainingRecord } from './record.ts'

/** What a job writes into its folder. */
const OWN = [
  'checkpoints',
  'best',
  'model',
  'merged',
  'dev',
  'events.jsonl',
  'job.json',
  'training.json',
  'report.html',
  'report.md',
]

export type JobState =
  | { readonly kind: 'new' }
  | {
      readonly kind: 'resume'
      readonly record: TrainingRecord
      readonly checkpoint: string
      readonly step: number
      /** False where the evaluation of this step was stopped: the worker asks for it again. */
      readonly evaluated: boolean
    }
  | { readonly kind: 'finished'; readonly record: TrainingRecord }

/**
 * What there is to do in a job's folder.
 *
 * @param restart Whether what an earlier training left is given up. Nothing is removed here.
 * @throws FieldtrialError `FINGERPRINT_MISMATCH` where it holds another training, naming the settings that differ.
 */
export async function jobState({ training, job }: TrainingPlan, restart = false): Promise<JobState> {
  const { folder } = training
  const record = restart ? null : await readTrainingRecord(folder)
  if (record === null) {
    await requireNothingElse(folder)
    return { kind: 'new' }
  }
  if (record.fingerprint !== job.fingerprint) {
    const fields = differingFields(record.identity, job.identity)
    throw new FieldtrialError(
      'FINGERPRINT_MISMATCH',
      `${folder} holds another training: ${fields.slice(0, 6).join(', ')}${fields.length > 6 ? ' …' : ''} ${fields.length === 1 ? 'differs' : 'differ'}.`,
      {
        hint: 'Write `output: { dir: … }` for a folder of its own, or give up what lies there with --restart.',
        where: { file: join(folder, 'training.json') },
      },
    )
  }
  if (record.state === 'finished') return { kind: 'finished', record }
  const last = (await checkpoints(folder)).at(-1)
  if (last === undefined) return { kind: 'new' }
  return { kind: 'resume', record, ...last, evaluated: await wasEvaluated(last.checkpoint) }
}

async function wasEvaluated(checkpoint: string): Promise<boolean> {
  try {
    const state = JSON.parse(await readFile(join(checkpoint, 'state.json'), 'utf8')) as { evaluated?: boolean }
    return state.evaluated ?? true
  } catch {
    return true // the worker tells what is wrong with it
  }
}

/** Whole checkpoints, the newest last. */
async function checkpoints(folder: string): Promise<{ checkpoint: string; step: number }[]> {
  const names = await readdir(join(folder, 'checkpoints')).catch(() => [])
  return names
    .flatMap((name) => {
      const step = /^step-(\d+)$/.exec(name)?.[1]
      return step === undefined ? [] : [{ checkpoint: join(folder, 'checkpoints', name), step: Number(step) }]
    })
    .sort((a, b) => a.step - b.step)
}

/** Removes what a job has written, and nothing else. */
export async function clearJob(folder: string): Promise<void> {
  for (const name of OWN) await rm(join(folder, name), { recursive: true, force: true })
}

async function requireNothingElse(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  const foreign = names.find((name) => !OWN.includes(name) && !name.startsWith('.'))
  if (foreign === undefined) return
  throw new FieldtrialError('USAGE', `${folder} holds ${foreign}, which no training has written.`, {
    hint: 'Choose a folder that is empty or not there yet: `output: { dir: … }`.',
  })
}
