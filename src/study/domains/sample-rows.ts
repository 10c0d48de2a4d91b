import { fingerprint, type Json } from '../../core/fingerprint.ts'
import type { Workspace } from '../../core/workspace.ts'
import { domainOf } from '../../data/unified/index.ts'
import { unpackVectors, VectorStore } from '../../index/dense/index.ts'

/** Vectors of one domain. */
export interface DomainRows {
  readonly ids: readonly string[]
  readonly vectors: Float32Array
  readonly dimension: number
}

/** Rows of every domain at even distances, at most `count` of each: the same ones for every store of the same texts. */
export async function sampleRows(
  workspace: Workspace,
  identity: Json,
  count: number,
): Promise<Map<string, DomainRows>> {
  const store = await VectorStore.open(workspace.artifact('vectors', fingerprint(identity)), { identity })
  const { dimension } = store.meta
  const sizes = new Map<string, number>()
  for (let shard = 0; shard < store.shards; shard++)
    for (const id of await store.idsOf(shard)) sizes.set(domainOf(id), (sizes.get(domainOf(id)) ?? 0) + 1)
  const seen = new Map<string, number>()
  const picked = new Map<string, { ids: string[]; parts: Float32Array[] }>()
  for (let shard = 0; shard < store.shards; shard++) {
    const names = await store.idsOf(shard)
    const chosen = names.flatMap((id, row) => {
      const domain = domainOf(id)
      const nth = seen.get(domain) ?? 0
      seen.set(domain, nth + 1)
      return isEven(nth, sizes.get(domain)!, count) ? [{ row, id, domain }] : []
    })
    if (chosen.length === 0) continue
    const vectors = unpackVectors(await store.readShard(shard))
    for (const { row, id, domain } of chosen) {
      const rows = picked.get(domain) ?? { ids: [], parts: [] }
      picked.set(domain, rows)
      rows.ids.push(id)
      rows.parts.push(vectors.slice(row * dimension, (row + 1) * dimension))
    }
  }
  return new Map([...picked].map(([domain, { ids, parts }]) => [domain, { ids, vectors: join(parts), dimension }]))
}

/** Whether the nth of `size` is among `count` at even distances. */
function isEven(nth: number, size: number, count: number): boolean {
  const taken = Math.min(size, count)
  return Math.floor((nth * taken) / size) !== Math.floor(((nth - 1) * taken) / size)
}

function join(parts: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
