export { parseQrels, readQrels } from './trec-qrels.ts'
export { parseRun, type ReadOptions, readRun, type TrecRun, writeRun, writeRunFile } from './trec-run.ts'
export { parseTopics, readTopics } from './trec-topics.ts'
