import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FieldtrialError } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import { requireDevices } from '../../engines/torch/devices.ts'
import { findPython } from '../../engines/torch/python.ts'
import type { Training } from '../training.ts'
import type { JobFile } from './job-file.ts'
import { TrainerProcess, trainerArguments } from './trainer-process.ts'

/**
 * Takes part in a training that another host has started, with this host's devices. The folder of the job lies on a file system that both see.
 *
 * @param rank Number of this host, from 1; the one that started it is 0.
 * @throws FieldtrialError `USAGE` where the file names no hosts, `DATA_MISSING` where the job was not started yet,
 *   `ENGINE_FAILED` where this host lacks its devices.
 */
export async function joinTraining(training: Training, rank: number, work: LongWork): Promise<void> {
  if (training.hosts === null || rank >= training.hosts.count)
    throw new FieldtrialError(
      'USAGE',
      training.hosts === null
        ? 'The training file names no hosts.'
        : `There are ${training.hosts.count} hosts, counted from 0; ${rank} is none of them.`,
      { hint: 'Write `hosts: { count: 2, address: first-host:29500 }`.' },
    )
  const file = join(training.folder, 'job.json')
  let job: JobFile
  try {
    job = JSON.parse(await readFile(file, 'utf8')) as JobFile
  } catch (cause) {
    throw new FieldtrialError('DATA_MISSING', `${file} cannot be read: the first host has not started the training.`, {
      hint: 'Start it there first; the folder must lie on a file system that all hosts see.',
      where: { file },
      cause,
    })
  }
  const python = await findPython()
  // Each host has devices of its own.
  await requireDevices(python, training.device, job.devices)
  const process = new TrainerProcess(
    python,
    trainerArguments(file, job.devices.length, { ...training.hosts, rank }),
    job.threads,
  )
  const stop = () => process.stop()
  work.signal?.addEventListener('abort', stop, { once: true })
  try {
    await process.ended()
  } finally {
    work.signal?.removeEventListener('abort', stop)
    await process.close()
  }
}
