export { checkMerge, sourcesOf } from './check.ts'
export { MERGE_VERSION, type MergeFolders, type MergeReport, type PreparedMerge, prepareMerge } from './merge.ts'
export { MERGE_PLACES, MergeSchema } from './schema.ts'
export * from './types.ts'
