import { FieldtrialError } from '../../core/errors.ts'
import type { OnNotice } from '../../core/progress.ts'
import { requireDevices, resolveDevices } from '../../engines/torch/devices.ts'
import { findPython } from '../../engines/torch/python.ts'
import type { Training } from '../training.ts'
import { readTrainingRecord } from './record.ts'

/**
 * Makes sure that the devices of a training are on this machine, before a model is fetched or data become tokens. Where it has been trained
 * already none are needed; where only a plan is wanted, such as for another machine, it is told and no error.
 *
 * @throws FieldtrialError `ENGINE_FAILED` for a device that is not there.
 */
export async function requireTrainingDevices(
  { device, folder }: Training,
  options: { readonly planOnly?: boolean; readonly onNotice?: OnNotice },
): Promise<void> {
  if (device === 'auto' || device === 'cpu') return
  const python = await findPython()
  try {
    await requireDevices(python, device, await resolveDevices(python, device))
  } catch (error) {
    if (!(error instanceof FieldtrialError) || error.where?.field !== 'device') throw error
    // How many are all of them, where there is none?
    if (device === 'cuda:all') throw error
    // A record that is broken is told by whoever needs it.
    const record = await readTrainingRecord(folder).catch(() => null)
    if (record?.state === 'finished') return
    if (options.planOnly !== true) throw error
    options.onNotice?.({ level: 'warning', code: 'training.device', message: `${error.message} ${error.hint ?? ''}` })
  }
}
