import { join } from 'node:path'
import { writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError } from '../../core/errors.ts'
import type { Json } from '../../core/fingerprint.ts'
import { readIfThere } from '../../core/read-if-there.ts'
import type { Recipe } from '../../recipes/types.ts'
import type { MachineInfo } from '../../study/results.ts'
import type { SetDetail } from '../set/prepare.ts'
import type { JobEstimate } from './estimate.ts'
import type { JobFile } from './job-file.ts'

/** The file that says what lies in a job's folder; reports are made from it and from events.jsonl alone. */
export const RECORD_FILE = 'training.json'
export const RECORD_VERSION = 1

/** What a training was, and what came of it. */
export interface TrainingRecord {
  readonly recordVersion: typeof RECORD_VERSION
  readonly fieldtrial: string
  readonly name: string
  readonly description: string
  readonly state: 'started' | 'finished'
  readonly fingerprint: string
  readonly identity: Json
  /** As the user named the base. */
  readonly base: string
  readonly recipe: Recipe
  readonly job: Pick<
    JobFile,
    | 'loss'
    | 'batch'
    | 'optimizer'
    | 'steps'
    | 'epochs'
    | 'adapterConfig'
    | 'precision'
    | 'devices'
    | 'strategy'
    | 'seed'
  > & {
    readonly checkpointing: boolean
    /** Absent in records of before pictures could be trained on. */
    readonly vision?: JobFile['vision']
  }
  readonly data: SetDetail
  readonly estimate: JobEstimate
  readonly machine: MachineInfo
  readonly startedAt: string
  /** What is watched; null for nothing. */
  readonly watched: {
    readonly collection: string
    readonly split: string
    readonly measure: string
    readonly queries: number
    readonly documents: number
    /** Queries and documents of the whole split, of which the watched ones may be a sample. */
    readonly of: { readonly queries: number; readonly documents: number }
  } | null
  /** Null until it is finished. */
  readonly result: TrainingResult | null
}

export interface TrainingResult {
  readonly finishedAt: string
  readonly steps: number
  readonly stopped: 'early' | null
  readonly kind: 'adapter' | 'whole'
  readonly parameters: number
  readonly trainable: number
  /** Means over the first and the last twentieth of the steps, at least one. */
  readonly loss: { readonly first: number; readonly last: number } | null
  readonly tokens: number
  /** Of the steps alone, without evaluations. */
  readonly seconds: number
  /** Values at the start and of the weights that were kept, with a paired test over the watched queries. */
  readonly score: {
    readonly before: number
    readonly after: number
    readonly step: number
    readonly difference: number
    readonly interval: readonly [number, number]
    readonly p: number
  } | null
  readonly warnings: readonly string[]
}

/**
 * What lies in a job's folder; null where nothing does.
 *
 * @throws FieldtrialError `WORKSPACE_CORRUPT` for a record that is broken, `WORKSPACE_VERSION` for one of a newer fieldtrial.
 */
export async function readTrainingRecord(folder: string): Promise<TrainingRecord | null> {
  const file = join(folder, RECORD_FILE)
  const text = await readIfThere(file)
  if (text === null) return null
  let record: TrainingRecord
  try {
    record = JSON.parse(text) as TrainingRecord
  } catch (cause) {
    throw new FieldtrialError('WORKSPACE_CORRUPT', `${file} is not JSON.`, {
      hint: 'Train into another folder (`output: { dir: … }`), or start anew with --restart.',
      where: { file },
      cause,
    })
  }
  if (record.recordVersion === RECORD_VERSION) return record
  throw new FieldtrialError('WORKSPACE_VERSION', `${file} was written by another version of fieldtrial.`, {
    hint: 'Use that version, or start anew with --restart.',
    where: { file },
  })
}

/**
 * The precision of the training that lies in a folder, begun or finished; null where none does. It is the default there: otherwise what a GPU has
 * trained in 16 bits would be another training on a machine without one.
 */
export async function begunPrecision(folder: string): Promise<TrainingRecord['job']['precision'] | null> {
  return (await glanceAtRecord(folder))?.job.precision ?? null
}

/** As {@link readTrainingRecord} for who can do without; one that is broken is told by whoever cannot. */
export async function glanceAtRecord(folder: string): Promise<TrainingRecord | null> {
  return readTrainingRecord(folder).catch(() => null)
}

export async function writeTrainingRecord(folder: string, record: TrainingRecord): Promise<void> {
  await writeAtomic(join(folder, RECORD_FILE), `${JSON.stringify(record, null, 1)}\n`)
}
