import { FieldtrialError } from '../../core/errors.ts'
import type { Device } from './plan.ts'
import * as ort from './runtime.ts'

export type { Device } from './plan.ts'

const DEVICES: readonly Device[] = ['cpu', 'cuda', 'coreml', 'dml', 'webgpu']

/** Devices that the installed onnxruntime was built for, which need not be in this machine. */
export function availableDevices(): Device[] {
  const built = ort.listSupportedBackends().map(({ name }) => name)
  return DEVICES.filter((device) => built.includes(device))
}

/**
 * onnxruntime's execution providers for a device. What a device cannot compute goes to the processor.
 *
 * @throws FieldtrialError `USAGE` naming the devices that are there.
 */
export function providersFor(device: Device): string[] {
  const there = availableDevices()
  if (!there.includes(device))
    throw new FieldtrialError(
      'USAGE',
      `The device ${device} is not among those of this onnxruntime: ${there.join(', ')}.`,
      {
        hint: 'Choose one of these.',
      },
    )
  return device === 'cpu' ? ['cpu'] : [device, 'cpu']
}

/** The error for a device that was built in but cannot be used on this machine. */
export function unusableDevice(device: Device, cause: unknown): FieldtrialError {
  return new FieldtrialError(
    'ENGINE_FAILED',
    `The device ${device} cannot be used: ${plain((cause as Error).message)}`,
    {
      hint:
        device === 'cuda'
          ? 'Install CUDA, and onnxruntime-node without `onnxruntime-node-install=skip`, which leaves CUDA’s files out; or use the device cpu.'
          : 'Use the device cpu.',
      cause,
    },
  )
}

/** What onnxruntime says behind the place in its own source and the condition that failed there, on one line. */
function plain(message: string): string {
  return message
    .replace(/^.*\.(?:cc|cpp|h):\d+ .* was false\.\s*/s, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
