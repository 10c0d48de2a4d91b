/**
 * fieldtrial as a library: run a study from code. The parts stand under sub-paths of their own: `fieldtrial/data`, `fieldtrial/engines`,
 * `fieldtrial/bm25`, `fieldtrial/text`, `fieldtrial/dense`, `fieldtrial/fusion`, `fieldtrial/measure`, `fieldtrial/report`.
 */
export { ERROR_CODES, type ErrorCode, FieldtrialError, type Where } from './core/errors.ts'
export type { LongWork, Notice, Progress } from './core/progress.ts'
export { VERSION } from './core/version.ts'
export { Workspace } from './core/workspace.ts'
export { type Executed, type ExecuteOptions, executePlan } from './study/execute.ts'
export { readResults, writeResults, writeRuns } from './study/output.ts'
export { parseStudy, readStudy, studyFromInput } from './study/parse.ts'
export { type Plan, type PlanOptions, planStudy } from './study/plan.ts'
export type * from './study/results.ts'
export { type StudyInput, studyJsonSchema } from './study/schema.ts'
export type { RetrieverSpec, Study } from './study/study.ts'
