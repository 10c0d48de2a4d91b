import type { Setting } from './types.ts'

/** Where a tensor stands in the result. */
export interface TensorSpot {
  readonly name: string
  /** From 0 for embeddings and the first layer to 1 for the last layer, the final norm and the head. */
  readonly depth: number
}

/** The number that a setting has at one tensor; undefined where it has none (no rule fits). */
export function settingAt(setting: Setting | undefined, { name, depth }: TensorSpot): number | undefined {
  if (setting === undefined || typeof setting === 'number') return setting
  if (setting.length === 0) return undefined
  if (typeof setting[0] === 'number') return interpolate(setting as readonly number[], depth)
  const rules = setting as Exclude<Setting, number | readonly number[]>
  const rule = rules.find(({ filter }) => filter === undefined || name.includes(filter))
  return rule === undefined ? undefined : settingAt(rule.value, { name, depth })
}

/** Every number that a setting holds, for checks. */
export function numbersOf(setting: Setting | undefined): number[] {
  if (setting === undefined) return []
  if (typeof setting === 'number') return [setting]
  return setting.flatMap((entry) => (typeof entry === 'number' ? [entry] : numbersOf(entry.value)))
}

/** Piecewise linear between the entries, which stand at equal distances. */
function interpolate(values: readonly number[], depth: number): number {
  const at = depth * (values.length - 1)
  const below = Math.min(Math.floor(at), values.length - 1)
  const above = Math.min(below + 1, values.length - 1)
  const share = at - below
  return (1 - share) * values[below]! + share * values[above]!
}
