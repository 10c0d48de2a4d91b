export type { FileCollection } from './collection.ts'
export type { Columns } from './columns.ts'
export type { HubContext } from './hub/config.ts'
export { resolveDatasetFiles } from './hub/dataset-files.ts'
export { type ModelFileOptions, type ResolvedModel, resolveModel } from './hub/model.ts'
export { buildKnownItem, type KnownItemOptions } from './known-item/index.ts'
export { limitCollection } from './limit.ts'
export { readMtebResults } from './mteb/index.ts'
export { nameFault, openCollection } from './open.ts'
export { comparability, listPublished, type PublishedFigure, publishedOn } from './published/index.ts'
export {
  DATASET_GROUPS,
  type DatasetGroup,
  type DatasetInfo,
  type ExpandedGroup,
  expandGroup,
  findDataset,
  globPattern,
  listDatasets,
  whyNotOpened,
} from './registry/index.ts'
export type { CollectionContext, CollectionSpec } from './spec.ts'
export { summarise } from './summary.ts'
export { collectionState, summariseCached } from './summary-cache.ts'
export {
  openTraining,
  type TrainingExample,
  type TrainingPassage,
  type TrainingSet,
  type TrainingSpec,
} from './training/index.ts'
export * from './trec.ts'
export type * from './types.ts'
