import { FieldtrialError } from '../../core/errors.ts'
import type { SetCounts } from '../set/set-writer.ts'
import type { Training } from '../training.ts'

/** Of a plan, what decides whether there is something to learn from. */
export interface PlannedUpdate {
  readonly batch: Pick<Training['batch'], 'queries' | 'accumulate'>
  readonly loss: Pick<Training['loss'], 'inBatch' | 'crossDevice' | 'matryoshka'>
  /** Hard negatives of a query in an update, at most. */
  readonly negatives: number
  readonly counts: Pick<SetCounts, 'groups' | 'withNegatives'>
  /** Of all hosts. */
  readonly devices: number
  /** Numbers of a vector; null where that is not known. */
  readonly dimension: number | null
}

/**
 * Whether an update can be made as the file says, and every positive has something that it is told from: alone among its candidates it has a
 * loss of 0 from the start, and nothing is learned.
 *
 * @throws FieldtrialError `DATA_INVALID` for a batch larger than the data, `USAGE` for settings that do not go together.
 */
export function checkUpdate({ batch, loss, negatives, counts, devices, dimension }: PlannedUpdate): void {
  const { queries, accumulate } = batch
  if (counts.groups < queries)
    throw new FieldtrialError(
      'DATA_INVALID',
      `A batch takes ${queries} queries, and there are ${counts.groups} examples.`,
      { hint: 'Lower `batch: { queries: … }`, or add examples.' },
    )
  const usage = (message: string, field: string, hint: string) =>
    new FieldtrialError('USAGE', message, { where: { field }, hint })
  const pieces = accumulate * devices
  if (queries % pieces !== 0)
    throw usage(
      `A batch of ${queries} queries cannot be dealt out to ${devices} devices in ${accumulate} passes.`,
      'batch.queries',
      `Make it a multiple of ${pieces}.`,
    )
  const together = loss.inBatch ? queries / (loss.crossDevice ? accumulate : pieces) : 1
  if (together === 1 && (negatives === 0 || counts.withNegatives === 0))
    throw usage(
      loss.inBatch
        ? 'Only one query is encoded at a time, and there are no hard negatives: nothing to tell a positive from.'
        : 'There are neither in-batch nor hard negatives: nothing to tell a positive from.',
      loss.inBatch ? 'batch' : 'loss.inBatch',
      loss.inBatch
        ? 'Take more queries in a batch or fewer passes (`accumulate`), or mine negatives (`fieldtrial mine`).'
        : 'Leave `inBatch` out, or mine negatives (`fieldtrial mine`).',
    )
  const longest = Math.max(...(loss.matryoshka?.dimensions ?? [0]))
  if (dimension !== null && longest > dimension)
    throw usage(
      `Vectors of this model have ${dimension} numbers, and cannot be cut to ${longest}.`,
      'loss.matryoshka',
      `Name dimensions from 1 to ${dimension}.`,
    )
}
