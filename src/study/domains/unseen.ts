import type { PreparedEncoder } from '../../engines/types.ts'
import type { RetrieverSpec } from '../study.ts'

/**
 * Whether a retriever reads pictures: one with a model that does, or a fusion with such a member.
 *
 * @param encoders By retriever.
 */
export function seesImages(
  spec: RetrieverSpec,
  all: readonly RetrieverSpec[],
  encoders: ReadonlyMap<string, PreparedEncoder>,
): boolean {
  if (spec.kind === 'bm25') return false
  if (spec.kind === 'dense') return encoders.get(spec.id)?.info.images !== undefined
  return spec.members.some((id) => {
    const member = all.find((other) => other.id === id)
    return member !== undefined && seesImages(member, all, encoders)
  })
}
