import { availableParallelism, cpus, totalmem } from 'node:os'
import type { MachineInfo } from './results.ts'

/** What of the machine decides how long work takes; nothing that names its owner. */
export function machineInfo(): MachineInfo {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
  }
}
