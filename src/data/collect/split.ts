import { createHash } from 'node:crypto'
import { FieldtrialError } from '../../core/errors.ts'

export const SPLITS = ['train', 'dev', 'test'] as const
export type Split = (typeof SPLITS)[number]

export interface SplitOptions {
  /** Share of the files whose pairs go to `test`. Default: 0.3. */
  readonly test?: number
  /** Share for `dev`; the rest is `train`. Default: 0.1. */
  readonly dev?: number
  /** Another seed, another choice. Default: 1. */
  readonly seed?: number
}

/** The options with their defaults. */
export function splitOptions({ test = 0.3, dev = 0.1, seed = 1 }: SplitOptions): Required<SplitOptions> {
  for (const [name, share] of Object.entries({ test, dev }))
    if (!(share >= 0 && share <= 1)) throw wrong(`${name} is ${share}`)
  if (test + dev > 1 + 1e-9) throw wrong(`test and dev make ${test + dev} together`)
  return { test, dev, seed }
}

function wrong(what: string): FieldtrialError {
  return new FieldtrialError('USAGE', `The shares of the splits do not fit: ${what}.`, {
    hint: 'Shares are from 0 to 1, together at most 1; train is what is left.',
  })
}

/**
 * The split that a group of pairs belongs to. It depends on nothing but the group's name and the seed, so that a file that is added or taken
 * away moves no other.
 *
 * @param group What must not be torn apart, as a rule a file's path.
 */
export function splitOf(group: string, { test, dev, seed }: Required<SplitOptions>): Split {
  const digest = createHash('sha256').update(`${seed}\0${group}`).digest()
  const place = digest.readUIntBE(0, 6) / 2 ** 48
  if (place < test) return 'test'
  return place < test + dev ? 'dev' : 'train'
}
