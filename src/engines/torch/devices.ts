import { FieldtrialError } from '../../core/errors.ts'
import { probePython, type TorchDevice } from './python.ts'

/** How a study names devices: `auto`, `cpu`, `mps`, `cuda` (the first GPU), `cuda:1`, `cuda:0,1`, or `cuda:all`. */
export const DEVICE_PATTERN = /^(auto|cpu|mps|cuda|cuda:all|cuda:\d+(,\d+)*)$/

const PROCESSOR: TorchDevice = { name: 'cpu', kind: 'cpu', label: 'processor', free: null, total: null }

/**
 * The devices that are meant, as PyTorch names them. Where a name says it all, PyTorch is not asked; `requireDevices` tells whether they
 * are there.
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
  const seen = await seenDevices(python)
  const gpus = seen.filter(({ kind }) => kind === 'cuda').map(({ name }) => name)
  if (given === 'cuda:all') {
    if (gpus.length > 0) return gpus
    throw await absent(python, given, ['cuda:0'], seen)
  }
  return [gpus[0] ?? seen.find(({ kind }) => kind === 'mps')?.name ?? 'cpu']
}

/**
 * Makes sure that devices are there, before work that is long. PyTorch is asked, which takes the seconds of importing it; not for the processor.
 *
 * @param given As the user named them, for the message.
 * @param devices As `resolveDevices` gives them.
 * @throws FieldtrialError `ENGINE_FAILED` for one that is not there: what was asked for, what this machine has, what to do.
 */
export async function requireDevices(python: string, given: string, devices: readonly string[]): Promise<void> {
  if (devices.every((device) => device === 'cpu')) return
  const seen = await seenDevices(python)
  const missing = devices.filter((device) => !seen.some(({ name }) => name === device))
  if (missing.length > 0) throw await absent(python, given, missing, seen)
}

/** The processor, and what else PyTorch sees here. */
async function seenDevices(python: string): Promise<readonly TorchDevice[]> {
  const { versions } = await probePython(python, { devices: false })
  // Builds for the processor alone say so, and importing them takes seconds.
  if (forProcessorAlone(versions.torch!)) return [PROCESSOR]
  return (await probePython(python, { devices: true })).devices!
}

function forProcessorAlone(torch: string): boolean {
  return torch.endsWith('+cpu')
}

async function absent(
  python: string,
  given: string,
  missing: readonly string[],
  seen: readonly TorchDevice[],
): Promise<FieldtrialError> {
  const torch = (await probePython(python, { devices: false })).versions.torch!
  const there = seen.map(({ name, kind, label }) => (kind === 'cpu' ? 'the processor' : `${name} (${label})`))
  const gpus = seen.filter(({ kind }) => kind === missing[0]!.replace(/:\d+$/, ''))
  const one = missing.length === 1
  return new FieldtrialError(
    'ENGINE_FAILED',
    `device: ${given} was asked for, and ${missing.join(', ')} ${one ? 'is' : 'are'} not there: PyTorch ${torch} sees ${there.join(', ')} on this machine.`,
    { where: { field: 'device' }, hint: hintFor(missing[0]!, torch, gpus) },
  )
}

function hintFor(device: string, torch: string, alike: readonly TorchDevice[]): string {
  const [first] = alike
  if (first !== undefined)
    return alike.length === 1
      ? `Write \`device: ${first.name}\`.`
      : `Write \`device: cuda:all\` for all ${alike.length}, or name some of them.`
  const other = 'Write `device: auto`, which takes the processor where there is no GPU'
  if (device === 'mps') return `${other}; mps is the GPU of a Mac with Apple silicon.`
  return forProcessorAlone(torch)
    ? `${other}. Where there is one: this PyTorch is built for the processor alone, and \`fieldtrial setup torch\` installs one with CUDA on Linux.`
    : `${other}. Where there is one: look whether \`nvidia-smi\` shows it, and whether CUDA_VISIBLE_DEVICES hides it.`
}
