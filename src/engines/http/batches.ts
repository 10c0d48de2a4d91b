/** A run of texts that goes into one request: `start` inclusive, `end` exclusive. */
export interface Batch {
  readonly start: number
  readonly end: number
}

/**
 * Cuts texts, in their order, into batches of at most `size` texts and `characters` characters; a longer text gets a batch of its own.
 * Depends on the texts alone, so the same texts always make the same requests.
 */
export function cutBatches(lengths: readonly number[], size: number, characters: number): Batch[] {
  const batches: Batch[] = []
  let start = 0
  let sum = 0
  for (let i = 0; i < lengths.length; i++) {
    const length = lengths[i]!
    if (i > start && (i - start === size || sum + length > characters)) {
      batches.push({ start, end: i })
      start = i
      sum = 0
    }
    sum += length
  }
  if (lengths.length > start) batches.push({ start, end: lengths.length })
  return batches
}

/**
 * Runs a task per item, at most `width` at a time. The first failure stops the others through their signal and is the one thrown.
 */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  task: (item: T, signal: AbortSignal) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const stop = new AbortController()
  const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  let next = 0
  let failure: { readonly error: unknown } | undefined
  const lane = async () => {
    while (next < items.length && failure === undefined) {
      const item = items[next++]!
      try {
        await task(item, both)
      } catch (error) {
        failure ??= { error }
        stop.abort()
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane))
  if (failure !== undefined) throw failure.error
}
