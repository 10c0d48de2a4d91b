import { FieldtrialError } from '../../core/errors.ts'
import type { OnNotice } from '../../core/progress.ts'
import { requireDevices, resolveDevices } from '../../engines/torch/devices.ts'
import { findPython } from '../../engines/torch/python.ts'
import type { Training } from '../training.ts'
import { glanceAtRecord, type TrainingRecord } from './record.ts'

/**
 * The devices that a training is planned for, after making sure that they are on this machine: before a model is fetched or data become tokens.
 * Where it has been trained already none are needed; where only a plan is wanted, such as for another machine, it is told and no error.
 *
 * @returns As the file names them; for `cuda:all` of a finished training, on a machine without a GPU, those that it was trained on: what depends
 *   on them by default, such as the precision, is then as it was.
 * @throws FieldtrialError `ENGINE_FAILED` for a device that is not there.
 */
export async function requireTrainingDevices(
  { device, folder }: Pick<Training, 'device' | 'folder'>,
  options: { readonly planOnly?: boolean; readonly onNotice?: OnNotice },
): Promise<string> {
  if (device === 'auto' || device === 'cpu') return device
  const finished = await finishedRecord(folder)
  // Such a name says how many there are.
  if (finished !== null && device !== 'cuda:all') return device
  const python = await findPython()
  try {
    await requireDevices(python, device, await resolveDevices(python, device))
  } catch (error) {
    if (!(error instanceof FieldtrialError) || error.where?.field !== 'device') throw error
    if (finished !== null) return nameOf(finished.job.devices)
    // How many are all of them, where there is none?
    if (device === 'cuda:all' || options.planOnly !== true) throw error
    options.onNotice?.({ level: 'warning', code: 'training.device', message: `${error.message} ${error.hint ?? ''}` })
  }
  return device
}

async function finishedRecord(folder: string): Promise<TrainingRecord | null> {
  const record = await glanceAtRecord(folder)
  return record?.state === 'finished' ? record : null
}

/** As a file names what PyTorch calls `cuda:0` and `cuda:1`: `cuda:0,1`. */
function nameOf(devices: readonly string[]): string {
  return devices.map((device, i) => (i === 0 ? device : device.replace(/^cuda:/, ''))).join(',')
}
