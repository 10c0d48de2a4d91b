import type { LongWork } from '../../core/progress.ts'
import { fitCca } from './fit-cca.ts'
import { fitConcat } from './fit-concat.ts'
import { fitProcrustes } from './fit-procrustes.ts'
import type { FittedSpace } from './fitted.ts'
import type { MemberSpace } from './members.ts'
import { jointMoments } from './moments.ts'
import { fusedDimension, type SpaceOptions } from './options.ts'

/**
 * Fits a fused space on the members' document vectors, or on a sample of them, in one pass. Queries are never looked at.
 *
 * @throws FieldtrialError `STUDY_INVALID` for sizes that cannot be; `DATA_INVALID` where documents are too few or too alike;
 *   `FINGERPRINT_MISMATCH` where members hold other texts; `CANCELLED`.
 */
export async function fitSpace(
  members: readonly MemberSpace[],
  options: SpaceOptions,
  work: LongWork = {},
): Promise<FittedSpace> {
  const sizes = members.map(({ store }) => store.meta.dimension)
  const dimension = fusedDimension(options, sizes)
  const unit = members.map(({ similarity }) => similarity === 'cosine')
  // Where nothing is fitted, documents need not be read.
  const plain = options.method === 'concat' && unit.every((is) => is) && isPlain(options, dimension, sizes)
  // Turning members onto each other takes what they share; only axes take what each is by itself.
  const own = options.method !== 'procrustes' || dimension < Math.max(...sizes)
  const moments = plain ? null : await jointMoments(members, work, { most: options.fitDocuments, own })
  const divisors = unit.map((is, i) => (is ? 1 : moments!.lengths[i]!))
  const input = { sizes, dimension, unit, divisors, moments, options, signal: work.signal }
  switch (options.method) {
    case 'concat':
      return fitConcat(input)
    case 'procrustes':
      return fitProcrustes(input)
    case 'cca':
      return fitCca(input)
  }
}

function isPlain({ cut }: SpaceOptions, dimension: number, sizes: readonly number[]): boolean {
  return cut === 'truncate' || dimension === sizes.reduce((sum, size) => sum + size, 0)
}
