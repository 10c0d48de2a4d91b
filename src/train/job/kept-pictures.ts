import { availableMemory } from 'node:process'
import type { JobSize } from './estimate.ts'

/** The most of this machine's memory that is taken for states of pictures, by all processes of a host. */
const MOST = 8 * 2 ** 30

/**
 * Bytes that each process may keep of what a frozen image tower has made of pictures: half of the memory that the job leaves, 8 GiB at most. 0 where
 * no picture is looked at twice, or the tower learns.
 *
 * @param job.epochs Times that all examples are seen.
 * @param job.watched Whether what is watched holds pictures: it is looked at in every evaluation.
 * @param job.devices Of this host.
 */
export function keptPictures(
  { tower, onProcessor, chunk }: Pick<JobSize, 'tower' | 'onProcessor' | 'chunk'>,
  job: { readonly epochs: number; readonly watched: boolean; readonly devices: number; readonly memoryBytes: number },
  available = availableMemory(),
): number {
  if (tower === undefined || tower.trained) return 0
  if (job.epochs <= 1 && chunk === null && !job.watched) return 0
  const left = available - (onProcessor ? job.memoryBytes * job.devices : 0)
  return Math.floor(Math.min(MOST, Math.max(0, left / 2)) / job.devices)
}
