import type { LongWork } from '../../core/progress.ts'

/** The work with a name in its progress, so that rates and times left begin anew with each piece of it. */
export function named(work: LongWork, subject: string): LongWork {
  const { onProgress } = work
  return onProgress ? { ...work, onProgress: (progress) => onProgress({ ...progress, subject }) } : work
}
