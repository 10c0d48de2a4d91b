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
}

/**
 * Compiles where the file says so, else where the job is long enough to gain by it: at least 200 seconds, some twenty updates of a 7B model.
 * Only packed sequences are, on CUDA in 16 bits: the attention kernel takes no others, and without it the worker compiles nothing, whatever it is
 * told. DoRA is never compiled: PEFT's code for it falls into dozens of graphs, and into more than the compiler keeps.
 *
 * @param rateKeyOf Under which the speed is remembered, with compiled layers or without.
 * @param rates Tokens per second by key.
 */
export function planCompilation(
  { compile: wanted }: Pick<Training, 'compile'>,
  job: {
    readonly device: string
    readonly kind: 'lora' | 'dora' | null
    /** Whether sequences are packed one behind the other, as the worker does it. */
    readonly packed: boolean
    readonly size: JobSize
  },
  rateKeyOf: (compiled: boolean) => string,
  rates: Readonly<Record<string, number>>,
): Compilation {
  const estimateOf = (compiled: boolean) => {
    const estimate = estimateJob(job.size, rates[rateKeyOf(compiled)] ?? null)
    return compiled ? { ...estimate, seconds: estimate.seconds + COMPILER_SECONDS } : estimate
  }
  const possible =
    job.device.startsWith('cuda') && job.packed && job.size.precision === 'bfloat16' && job.kind !== 'dora'
  const compile = possible && (wanted ?? estimateOf(false).seconds * SAVED > COMPILER_SECONDS)
  return { compile, estimate: estimateOf(compile) }
}
