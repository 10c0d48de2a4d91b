import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import { unpackVectors, type VectorStore } from '../../index/dense/index.ts'

/** One of the spaces that are fused: the stored vectors of one side. */
export interface MemberSpace {
  /** For messages. */
  readonly name: string
  readonly store: VectorStore
  /** What its vectors are compared by: by cosine, their lengths mean nothing and become 1. */
  readonly similarity: 'cosine' | 'dot'
}

/** The same rows of all members. */
export interface JointBlock {
  readonly shard: number
  /** First row within the shard. */
  readonly from: number
  readonly rows: number
  readonly ids: readonly string[]
  /** Per member, rows × its dimension; unit length where it is compared by cosine. */
  readonly vectors: readonly Float32Array[]
}

/** Which rows are gone through. */
interface JointChoice {
  readonly wants?: (shard: number) => boolean
  /** Asked once for every row, in order; default: all. */
  readonly takes?: () => boolean
}

/** Numbers of one member per block: 8 MiB. */
const BLOCK_NUMBERS = 1 << 21

/**
 * Goes through all members side by side, a few thousand rows at a time: memory does not grow with the collection.
 *
 * @throws FieldtrialError `FINGERPRINT_MISMATCH` where members do not hold vectors of the same texts in the same order; `CANCELLED`.
 */
export async function* jointBlocks(
  members: readonly MemberSpace[],
  work: LongWork,
  { wants = () => true, takes }: JointChoice = {},
): AsyncGenerator<JointBlock> {
  const first = members[0]!.store
  for (const { name, store } of members) {
    if (!store.complete)
      throw new FieldtrialError('DATA_MISSING', `The vectors of ${name} are not whole.`, {
        hint: 'Run the study again: it encodes what is missing.',
      })
    if (store.meta.rows !== first.meta.rows || store.meta.shardRows !== first.meta.shardRows)
      throw mismatch(members[0]!.name, name, `${first.meta.rows} and ${store.meta.rows} texts`)
  }
  const step = Math.max(1, Math.floor(BLOCK_NUMBERS / Math.max(...members.map(({ store }) => store.meta.dimension))))
  for (let shard = 0; shard < first.shards; shard++) {
    if (!wants(shard)) continue
    throwIfAborted(work.signal)
    const shards = await Promise.all(members.map(({ store }) => store.readShard(shard)))
    const all = shards[0]!.ids
    for (const [i, other] of shards.entries()) {
      const row = other.ids.findIndex((id, at) => id !== all[at])
      if (row >= 0) throw mismatch(members[0]!.name, members[i]!.name, `${all[row]} and ${other.ids[row]} in one row`)
    }
    const taken = takes && all.flatMap((_, row) => (takes() ? [row] : []))
    const ids = taken ? taken.map((row) => all[row]!) : all
    const unpacked = shards.map((packed, i) => {
      const whole = unpackVectors(packed)
      const vectors = taken ? rowsOf(whole, packed.dimension, taken) : whole
      return members[i]!.similarity === 'cosine' ? unitRows(vectors, packed.dimension) : vectors
    })
    for (let from = 0; from < ids.length; from += step) {
      const rows = Math.min(step, ids.length - from)
      yield {
        shard,
        from,
        rows,
        ids: ids.slice(from, from + rows),
        vectors: unpacked.map((vectors, i) => {
          const { dimension } = shards[i]!
          return vectors.subarray(from * dimension, (from + rows) * dimension)
        }),
      }
    }
  }
}

function rowsOf(vectors: Float32Array, dimension: number, rows: readonly number[]): Float32Array {
  const out = new Float32Array(rows.length * dimension)
  for (const [i, row] of rows.entries())
    out.set(vectors.subarray(row * dimension, (row + 1) * dimension), i * dimension)
  return out
}

/** Rows scaled to length 1; one of zeros stays one. */
export function unitRows(vectors: Float32Array, dimension: number): Float32Array {
  const out = new Float32Array(vectors.length)
  for (let start = 0; start < vectors.length; start += dimension) {
    let squares = 0
    for (let i = start; i < start + dimension; i++) squares += vectors[i]! * vectors[i]!
    const length = Math.sqrt(squares) || 1
    for (let i = start; i < start + dimension; i++) out[i] = vectors[i]! / length
  }
  return out
}

function mismatch(one: string, other: string, what: string): FieldtrialError {
  return new FieldtrialError('FINGERPRINT_MISMATCH', `${one} and ${other} hold vectors of different texts: ${what}.`, {
    hint: 'Only vectors of one collection can be fused.',
  })
}
