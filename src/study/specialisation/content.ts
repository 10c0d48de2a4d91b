import type { KnownCollection } from '../../data/published/known.ts'
import { findDataset } from '../../data/registry/index.ts'
import type { CollectionSummary } from '../../data/types.ts'
import type { ContentLabel } from './results.ts'

/**
 * What a collection holds: of a known data set as the registry says, code where queries or documents are code, images where either are images. Of
 * one of the user's own only images can be told; null for all else, which may be text or code.
 */
export function contentLabel(
  known: KnownCollection | null,
  modalities: CollectionSummary['modalities'],
): ContentLabel | null {
  const { documents, queries } = modalities
  if (documents.image + documents.both + queries.image + queries.both > 0) return 'image'
  const dataset = known === null ? undefined : findDataset(known.dataset)
  if (dataset === undefined) return null
  const sides = [dataset.queryModality, dataset.modality]
  for (const label of ['image', 'code'] as const)
    if (sides.some((side) => side.split('+').includes(label))) return label
  return 'text'
}
