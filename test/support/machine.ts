import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TorchDevice } from '../../src/engines/torch/python.ts'
import { temporaryFolder } from './files.ts'

export const CPU: TorchDevice = { name: 'cpu', kind: 'cpu', label: 'processor', free: null, total: null }
export const gpu = (n: number): TorchDevice => ({
  name: `cuda:${n}`,
  kind: 'cuda',
  label: 'NVIDIA H200',
  free: 1,
  total: 2,
})

/** A program that answers as a Python with such a PyTorch on a machine with such devices does. */
export async function pythonOfMachine(torch: string, devices: readonly TorchDevice[]): Promise<string> {
  const file = join(await temporaryFolder(), 'python')
  const facts = (seen: readonly TorchDevice[] | null) =>
    JSON.stringify({ python: '3.12.0', versions: { torch, transformers: '5.17.0' }, devices: seen })
  await writeFile(
    file,
    `#!/bin/sh
case "$*" in
  *python_version*) echo 3.12.0 ;;
  *--devices*) echo '${facts(devices)}' ;;
  *) echo '${facts(null)}' ;;
esac
`,
  )
  await chmod(file, 0o755)
  return file
}
