import { FieldtrialError } from '../../core/errors.ts'
import { fingerprint, type Json } from '../../core/fingerprint.ts'
import { BYTES_PER_NUMBER, type Dtype } from './dtypes.ts'

/** Version of the layout; a newer one is refused. */
const FORMAT = 1

/** What a store holds, settled when it is made. */
export interface StoreMeta {
  /** All that determines the vectors: the encoder's identity, the collection's content hash, how title and text are joined. */
  readonly identity: Json
  /** Numbers per vector. */
  readonly dimension: number
  readonly dtype: Dtype
  /** Documents in all. */
  readonly rows: number
  /** Documents per shard. Default: `shardSize(rows)`. */
  readonly shardRows?: number
  /** Whether each document has a sparse vector as well. Default: false. */
  readonly sparse?: boolean
}

export type SettledMeta = Required<StoreMeta>

/** What the fingerprint is made of. A store without sparse vectors says nothing of them, as it did before there were any. */
export function metaJson({ identity, dimension, dtype, rows, shardRows, sparse }: SettledMeta): {
  readonly [field: string]: Json
} {
  return { identity, dimension, dtype, rows, shardRows, ...(sparse ? { sparse } : {}) }
}

/** The content of `store.json`. */
export function formatMeta(meta: SettledMeta): string {
  const json = metaJson(meta)
  return `${JSON.stringify({ format: FORMAT, fingerprint: fingerprint(json), ...json }, null, 2)}\n`
}

/**
 * Reads what `formatMeta` wrote.
 *
 * @throws FieldtrialError `WORKSPACE_VERSION` if a newer fieldtrial wrote it, `WORKSPACE_CORRUPT`.
 */
export function parseMeta(path: string, text: string): SettledMeta {
  const corrupt = (what: string) =>
    new FieldtrialError('WORKSPACE_CORRUPT', `${path} ${what}.`, {
      hint: 'Remove the folder and run the same command again.',
      where: { file: path },
    })
  let content: Partial<SettledMeta> & { format?: unknown; fingerprint?: unknown }
  try {
    content = JSON.parse(text) ?? {}
  } catch {
    throw corrupt('is not JSON')
  }
  if (typeof content.format === 'number' && content.format > FORMAT)
    throw new FieldtrialError(
      'WORKSPACE_VERSION',
      `${path} was written by a newer fieldtrial (format ${content.format}).`,
      {
        hint: 'Update fieldtrial, or use another --workspace.',
        where: { file: path },
      },
    )
  const { identity, dimension, dtype, rows, shardRows, sparse = false } = content
  const natural = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) > 0
  if (identity === undefined || !natural(dimension) || !natural(rows) || !natural(shardRows))
    throw corrupt('lacks a field')
  if (dtype === undefined || !(dtype in BYTES_PER_NUMBER)) throw corrupt(`has an unknown dtype`)
  const meta: SettledMeta = { identity, dimension, dtype, rows, shardRows, sparse }
  if (content.fingerprint !== fingerprint(metaJson(meta))) throw corrupt('does not match its own fingerprint')
  return meta
}
