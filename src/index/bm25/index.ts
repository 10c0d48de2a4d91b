export { Bm25Index, type Bm25Stats, type Explanation, type Hits, type QueryStatistics } from './bm25-index.ts'
export type { Documents, IndexingWork } from './ingest.ts'
export { BM25_VARIANTS, type Bm25Options, type Bm25Variant, bm25Identity, resolveBm25Options } from './options.ts'
