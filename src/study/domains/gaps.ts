import type { Json } from '../../core/fingerprint.ts'
import type { Workspace } from '../../core/workspace.ts'
import type { UnifiedCollection } from '../../data/unified/index.ts'
import { gapBetween } from '../../measure/domains/index.ts'
import type { DomainGaps } from './results.ts'
import { type DomainRows, sampleRows } from './sample-rows.ts'

/** Vectors of each domain and side: enough for figures to two digits. */
const SAMPLE = 500

/** How far domains, modalities and the two sides lie apart in the space that a retriever searches. */
export async function measureGaps(
  collection: UnifiedCollection,
  { documents, queries }: { readonly documents: Json; readonly queries: Json },
  workspace: Workspace,
): Promise<DomainGaps> {
  const [found, asked] = [await sampleRows(workspace, documents, SAMPLE), await sampleRows(workspace, queries, SAMPLE)]
  const names = collection.domains.map(({ name }) => name)
  const between = (one: DomainRows | undefined, other: DomainRows | undefined) =>
    one === undefined || other === undefined ? null : gapBetween(one, other)
  const pairs = names.flatMap((one, i) => names.slice(i + 1).map((other) => ({ one, other })))
  const { images, texts } = await byModality(collection, found)
  return {
    domains: pairs.map(({ one, other }) => ({ one, other, gap: between(found.get(one), found.get(other)) })),
    modalities: images === null || texts === null ? null : gapBetween(images, texts),
    sides: names.map((domain) => ({ domain, gap: between(asked.get(domain), found.get(domain)) })),
  }
}

/** The sampled documents that are images without text, and all others. */
async function byModality(
  collection: UnifiedCollection,
  found: ReadonlyMap<string, DomainRows>,
): Promise<{ images: DomainRows | null; texts: DomainRows | null }> {
  const left = new Set([...found.values()].flatMap(({ ids }) => ids))
  const pictures = new Set<string>()
  for await (const { id, title, text, image } of collection.documents()) {
    if (!left.delete(id)) continue
    if (image !== undefined && `${title} ${text}`.trim() === '') pictures.add(id)
    if (left.size === 0) break
  }
  return { images: rowsWhere(found, (id) => pictures.has(id)), texts: rowsWhere(found, (id) => !pictures.has(id)) }
}

function rowsWhere(found: ReadonlyMap<string, DomainRows>, keep: (id: string) => boolean): DomainRows | null {
  const ids: string[] = []
  const numbers: Float32Array[] = []
  let size = 0
  for (const { ids: names, vectors, dimension } of found.values()) {
    size = dimension
    for (const [row, id] of names.entries()) {
      if (!keep(id)) continue
      ids.push(id)
      numbers.push(vectors.subarray(row * dimension, (row + 1) * dimension))
    }
  }
  if (ids.length === 0) return null
  const vectors = new Float32Array(ids.length * size)
  for (const [i, part] of numbers.entries()) vectors.set(part, i * size)
  return { ids, vectors, dimension: size }
}
