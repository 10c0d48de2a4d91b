/** Median of some numbers: the middle one, or the mean of the two in the middle. NaN when there are none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length === 0) return Number.NaN
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/**
 * One side of a comparison: does the work once. It may answer the seconds that the work took, measured by itself
 * (a child process does, so that pipes are not counted); otherwise the wall clock around the call counts.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a side that times nothing itself returns nothing
export type Side = () => Promise<number | void> | number | void

/** Seconds that one call takes. */
async function seconds(side: Side): Promise<number> {
  const start = performance.now()
  const own = await side()
  return typeof own === 'number' ? own : (performance.now() - start) / 1000
}

/** Timings of one side: `all` in the order of the rounds, in seconds. */
export interface Timings {
  readonly median: number
  readonly best: number
  readonly all: readonly number[]
}

/** Sums up timings. */
function timings(all: readonly number[]): Timings {
  return { median: median(all), best: Math.min(...all), all }
}

/**
 * Times several sides in turns (A B A B …), so that whatever else the machine does hits all of them alike.
 * Compare only timings out of one call.
 *
 * @param sides Name → side.
 * @param options `rounds` measured turns (default 5) after `warmup` unmeasured ones (default 1).
 */
export async function interleave<Name extends string>(
  sides: Readonly<Record<Name, Side>>,
  options: { readonly rounds?: number; readonly warmup?: number } = {},
): Promise<Record<Name, Timings>> {
  const { rounds = 5, warmup = 1 } = options
  const names = Object.keys(sides) as Name[]
  const all = new Map<Name, number[]>(names.map((name) => [name, []]))
  for (let turn = -warmup; turn < rounds; turn++)
    for (const name of names) {
      const taken = await seconds(sides[name])
      if (turn >= 0) all.get(name)!.push(taken)
    }
  return Object.fromEntries(names.map((name) => [name, timings(all.get(name)!)])) as Record<Name, Timings>
}
