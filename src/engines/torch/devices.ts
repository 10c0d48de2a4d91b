import { FieldtrialError } from '../../core/errors.ts'
import { probePython } from './python.ts'

/** How a study names devices: `auto`, `cpu`, `mps`, `cuda` (the first GPU), `cuda:1`, `cuda:0,1`, or `cuda:all`. */
export const DEVICE_PATTERN = /^(auto|cpu|mps|cuda|cuda:all|cuda:\d+(,\d+)*)$/

/**
 * The devices that are meant, as PyTorch names them. Where a name says it all, PyTorch is not asked, and a device that is not there is told
 * at the start of the work.
 *
 * @throws FieldtrialError `USAGE` for a name that is none, `ENGINE_FAILED` for `cuda:all` without GPUs, and as `probePython`.
 */
export async function resolveDevices(python: string, given: string): Promise<string[]> {
  if (!DEVICE_PATTERN.test(given))
    throw new FieldtrialError('USAGE', `${JSON.stringify(given)} is no device of the engine torch.`, {
      hint: 'Use auto, cpu, mps, cuda, cuda:N, cuda:0,1 or cuda:all.',
    })
  if (given === 'cpu' || given === 'mps') return [given]
  if (given === 'cuda') return ['cuda:0']
  const numbers = given.match(/^cuda:([\d,]+)$/)?.[1]
  if (numbers !== undefined) return [...new Set(numbers.split(',').map((n) => `cuda:${Number(n)}`))]
  const { versions } = await probePython(python, { devices: false })
  // Builds for the processor alone say so, and importing them takes seconds.
  const none = versions.torch!.endsWith('+cpu')
  const { devices } = none ? { devices: [] } : await probePython(python, { devices: true })
  const gpus = devices!.filter(({ kind }) => kind === 'cuda').map(({ name }) => name)
  if (given === 'cuda:all') {
    if (gpus.length > 0) return gpus
    throw new FieldtrialError('ENGINE_FAILED', 'PyTorch sees no CUDA device on this machine.', {
      hint: 'Use device: cpu, or install the driver and a PyTorch with CUDA.',
    })
  }
  return [gpus[0] ?? devices!.find(({ kind }) => kind === 'mps')?.name ?? 'cpu']
}
