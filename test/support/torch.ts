import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { prepareTorch, type TorchOptions } from '../../src/engines/torch/index.ts'
import type { Encoder } from '../../src/engines/types.ts'
import { pythonPath, runPython } from './python.ts'

/** Opens an encoder of engine torch in the project's own Python, on the processor, in one thread. */
export async function openTorch(model: string, options: TorchOptions = {}): Promise<Encoder> {
  return (await prepareTorch(model, { python: pythonPath, device: 'cpu', ...options })).open({ threads: 1 })
}

/** What test/reference/torch_models.py answers to requests with an `out`. */
export function askTorchModels(requests: readonly object[], scratch: string): unknown[] {
  const file = join(scratch, 'torch-request.json')
  const out = (i: number) => join(scratch, `torch-${i}.json`)
  writeFileSync(file, JSON.stringify(requests.map((request, i) => ({ out: out(i), ...request }))))
  runPython('torch_models.py', [file])
  return requests.map((request, i) => ('make' in request ? null : JSON.parse(readFileSync(out(i), 'utf8'))))
}

export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    ab += a[i]! * b[i]!
    aa += a[i]! * a[i]!
    bb += b[i]! * b[i]!
  }
  return ab / Math.sqrt(aa * bb)
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // What has ended and was not yet waited for still answers.
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
