/** Starts tried first, all over the simplex: as many as a lattice of the finest step has that stays below this. */
const MOST_STARTS = 70
const FINEST_STEP = 1 / 20
/** Starts from which the search goes on. */
const KEPT = 3
/** Smallest change of a weight that is tried. */
const LAST_STEP = 0.01
/** Values closer than this are equal: sums in another order differ by as much. */
const EPSILON = 1e-12

export interface Maximum {
  /** Not negative, summing to 1. */
  readonly weights: readonly number[]
  readonly value: number
  /** How often the value was asked. */
  readonly evaluations: number
}

/**
 * Looks for the weights of the highest value: a lattice over the simplex, then from the best of its points a pattern search that moves
 * weight from one member to another in halving steps (compass search: Kolda, Lewis and Torczon, SIAM Review 45, 2003). Measures of rankings
 * change in jumps, so nothing is derived. Deterministic; of points of equal value the one nearest to equal weights is taken.
 */
export async function maximiseOnSimplex(
  size: number,
  value: (weights: readonly number[]) => Promise<number>,
): Promise<Maximum> {
  const known = new Map<string, number>()
  const pointAt = async (units: readonly number[]): Promise<Point> => {
    const key = units.join(' ')
    const found = known.get(key) ?? (await value(units.map((unit) => unit / UNITS)))
    known.set(key, found)
    return { units, value: found }
  }
  const starts: Point[] = []
  for (const units of startsOf(size)) starts.push(await pointAt(units))
  let best = starts[0]!
  for (let start of starts.sort((a, b) => (isBetter(a, b) ? -1 : 1)).slice(0, KEPT)) {
    for (let step = UNITS / (2 * divisionsOf(size)); step >= LAST_STEP * UNITS; step = Math.floor(step / 2)) {
      let moved = true
      while (moved) {
        moved = false
        for (let from = 0; from < size; from++)
          for (let to = 0; to < size; to++) {
            if (from === to || start.units[from] === 0) continue
            const change = Math.min(step, start.units[from]!)
            const units = start.units.map((unit, i) => unit + (i === to ? change : i === from ? -change : 0))
            const next = await pointAt(units)
            if (!isBetter(next, start)) continue
            start = next
            moved = true
          }
      }
    }
    if (isBetter(start, best)) best = start
  }
  return { weights: best.units.map((unit) => unit / UNITS), value: best.value, evaluations: known.size }
}

/** Points of a lattice on the simplex, all of whose weights are multiples of 1/`divisions`; in a fixed order. */
export function lattice(size: number, divisions: number): number[][] {
  if (size === 1) return [[divisions]]
  const points: number[][] = []
  for (let first = divisions; first >= 0; first--)
    for (const rest of lattice(size - 1, divisions - first)) points.push([first, ...rest])
  return points
}

/** The finest lattice of no more than `most` points. */
export function divisionsWithin(size: number, most: number, finest: number): number {
  let divisions = 1
  while (divisions < finest && pointsOf(size, divisions + 1) <= most) divisions++
  return divisions
}

interface Point {
  readonly units: readonly number[]
  readonly value: number
}

/** Weights are counted in whole units, so that equal points are found again whatever the way to them. */
const UNITS = 10_000

const divisionsOf = (size: number) => divisionsWithin(size, MOST_STARTS, Math.round(1 / FINEST_STEP))

function startsOf(size: number): number[][] {
  const divisions = divisionsOf(size)
  const equal = new Array<number>(size).fill(UNITS / size)
  return [equal, ...lattice(size, divisions).map((point) => point.map((x) => (x * UNITS) / divisions))].map(whole)
}

/** Rounds down and gives what is left to the first ones that have a weight. */
function whole(units: readonly number[]): number[] {
  const floor = units.map(Math.floor)
  let left = UNITS - floor.reduce((sum, x) => sum + x, 0)
  return floor.map((x) => (x > 0 && left-- > 0 ? x + 1 : x))
}

function pointsOf(size: number, divisions: number): number {
  let count = 1
  for (let i = 1; i < size; i++) count = (count * (divisions + i)) / i
  return Math.round(count)
}

function isBetter(a: Point, b: Point): boolean {
  if (Math.abs(a.value - b.value) > EPSILON) return a.value > b.value
  return unevenness(a.units) < unevenness(b.units)
}

function unevenness(units: readonly number[]): number {
  return units.reduce((sum, unit) => sum + (unit - UNITS / units.length) ** 2, 0)
}
