export { joinSparse } from './join.ts'
export { SparseSearcher, type SparseSearchOptions, searchSparse } from './search.ts'
