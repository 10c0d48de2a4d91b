import type { Training } from '../training.ts'
import { estimateJob, type JobEstimate, type JobSize } from './estimate.ts'

/**
 * What the compiler takes before the first updates, seconds: 24 for a 7B shape on an H200 (docs/training.md), and as long again for each further
 * graph (GradCache without dropout, evaluation) at most.
 */
const COMPILER_SECONDS = 30
/** Share of the time that compiled layers save: 45.7 against 38.6 thousand tokens a second, encoding with a 7B shape on an H200. */
const SAVED = 0.155

/** Whether layers are compiled, and what the job takes then. */
export interface Compilation {
  readonly compile: boolean
  readonly estimate: JobEstimate
  /** Under which the speed is remembered. */
  readonly rateKey: string
}

/**
 * Compiles where the file says so, else on CUDA where the job is long enough to gain by it: at least 200 seconds, some twenty updates of a 7B
 * model. DoRA is never compiled: PEFT's code for it falls into dozens of graphs, and into more than the compiler keeps.
 *
 * @param rateKeyOf Under which the speed is remembered, with compiled layers or without.
 * @param rates Tokens per second by key.
 */
export function planCompilation(
  { compile: wanted }: Pick<Training, 'compile'>,
  job: { readonly device: string; readonly kind: 'lora' | 'dora' | null; readonly size: JobSize },
  rateKeyOf: (compiled: boolean) => string,
  rates: Readonly<Record<string, number>>,
): Compilation {
  const estimateOf = (compiled: boolean) => {
    const estimate = estimateJob(job.size, rates[rateKeyOf(compiled)] ?? null)
    return compiled ? { ...estimate, seconds: estimate.seconds + COMPILER_SECONDS } : estimate
  }
  const worth = job.device.startsWith('cuda') && estimateOf(false).seconds * SAVED > COMPILER_SECONDS
  const compile = job.kind !== 'dora' && (wanted ?? worth)
  return { compile, estimate: estimateOf(compile), rateKey: rateKeyOf(compile) }
}
