import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { temporaryFolder } from '../../../test/support/files.ts'
import { CPU, gpu, pythonOfMachine } from '../../../test/support/machine.ts'
import { requireTrainingDevices } from './devices.ts'
import { RECORD_FILE, RECORD_VERSION } from './record.ts'

/** A job's folder as a training on such devices has left it. */
async function trainedOn(devices: readonly string[], state: 'started' | 'finished' = 'finished'): Promise<string> {
  const folder = await temporaryFolder()
  await writeFile(join(folder, RECORD_FILE), JSON.stringify({ recordVersion: RECORD_VERSION, state, job: { devices } }))
  return folder
}

describe.skipIf(process.platform === 'win32')('the devices of a training', () => {
  const bare = () => pythonOfMachine('2.11.0+cpu', [CPU])
  const use = async (python: Promise<string>) => vi.stubEnv('FIELDTRIAL_PYTHON', await python)
  afterEach(() => void vi.unstubAllEnvs())

  it('need not be there once it is finished: all of them are then those that it had', async () => {
    await use(bare())
    for (const devices of [['cuda:0'], ['cuda:0', 'cuda:1', 'cuda:3']]) {
      const folder = await trainedOn(devices)
      const all = await requireTrainingDevices({ device: 'cuda:all', folder }, {})
      expect(all).toBe(devices.length === 1 ? 'cuda:0' : 'cuda:0,1,3')
      for (const device of ['cuda', 'cuda:4', 'mps', 'auto', 'cpu'])
        expect(await requireTrainingDevices({ device, folder }, {})).toBe(device)
    }
  })

  it('are all that are there, where any is', async () => {
    await use(pythonOfMachine('2.11.0+cu130', [gpu(0), CPU]))
    const folder = await trainedOn(['cuda:0', 'cuda:1'])
    expect(await requireTrainingDevices({ device: 'cuda:all', folder }, {})).toBe('cuda:all')
  })

  it('must be there while it is not; a plan is told, and needs to know how many', async () => {
    await use(bare())
    const folder = await trainedOn(['cuda:0'], 'started')
    const notices: string[] = []
    const plan = { planOnly: true, onNotice: ({ code }: { code: string }) => void notices.push(code) }
    for (const device of ['cuda:all', 'cuda:1'])
      await expect(requireTrainingDevices({ device, folder }, {})).rejects.toMatchObject({ code: 'ENGINE_FAILED' })
    expect(await requireTrainingDevices({ device: 'cuda:1', folder }, plan)).toBe('cuda:1')
    expect(notices).toEqual(['training.device'])
    await expect(requireTrainingDevices({ device: 'cuda:all', folder }, plan)).rejects.toThrow(/cuda:0 is not there/)
  })
})
