import { describe, expect, it } from 'vitest'
import { CPU, gpu, pythonOfMachine as machine } from '../../../test/support/machine.ts'
import { requireDevices, resolveDevices } from './devices.ts'

async function check(python: string, given: string): Promise<void> {
  await requireDevices(python, given, await resolveDevices(python, given))
}

describe.skipIf(process.platform === 'win32')('devices that are asked for', () => {
  it('may be those that are there; the processor always is, without a question', async () => {
    const two = await machine('2.11.0+cu130', [gpu(0), gpu(1), CPU])
    for (const given of ['cuda', 'cuda:1', 'cuda:0,1', 'cuda:all', 'auto']) await check(two, given)
    await check('/no/python', 'cpu')
  })

  it.each([
    ['cuda:1', 'cuda:1 is not there', /Write `device: cuda:0`\./],
    ['cuda:0,1,2', 'cuda:1, cuda:2 are not there', /Write `device: cuda:0`\./],
    ['mps', 'mps is not there', /device: auto.*Apple silicon/],
  ])('are refused where there is one GPU and %s was meant', async (given, what, hint) => {
    const one = await machine('2.11.0+cu130', [gpu(0), CPU])
    await expect(check(one, given)).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: `device: ${given} was asked for, and ${what}: PyTorch 2.11.0+cu130 sees cuda:0 (NVIDIA H200), the processor on this machine.`,
      hint: expect.stringMatching(hint),
      where: { field: 'device' },
    })
  })

  it('are refused where there are fewer GPUs, with the way to take all', async () => {
    const two = await machine('2.11.0+cu130', [gpu(0), gpu(1), CPU])
    await expect(check(two, 'cuda:0,1,2,3')).rejects.toMatchObject({
      message: expect.stringContaining('cuda:2, cuda:3 are not there'),
      hint: 'Write `device: cuda:all` for all 2, or name some of them.',
    })
  })

  it.each(['cuda', 'cuda:all', 'cuda:0,1'])('are refused where there is no GPU and %s was meant', async (given) => {
    const none = await machine('2.11.0+cu130', [CPU])
    await expect(check(none, given)).rejects.toMatchObject({
      message: expect.stringMatching(/sees the processor on this machine/),
      hint: expect.stringMatching(/device: auto.*nvidia-smi.*CUDA_VISIBLE_DEVICES/),
    })
  })

  it('are refused with the PyTorch to install where this one is for the processor alone', async () => {
    const alone = await machine('2.11.0+cpu', [])
    await expect(check(alone, 'cuda')).rejects.toMatchObject({
      message: expect.stringMatching(/device: cuda was asked for, and cuda:0 is not there: .* sees the processor/),
      hint: expect.stringContaining('fieldtrial setup torch'),
    })
    expect(await resolveDevices(alone, 'auto')).toEqual(['cpu'])
  })
})
