export type { OpenDocuments } from './documents.ts'
export { type FitOptions, fitPostprocess } from './fit.ts'
export type { StepFacts } from './fit-step.ts'
export { type FitReport, FittedPostprocess, loadPostprocess, savePostprocess } from './fitted.ts'
export { MODALITIES } from './fitted-step.ts'
export { documentsOf, type PostprocessedStore, postprocessStore } from './postprocess-store.ts'
export {
  bytesPerDocument,
  describeSteps,
  dimensionAfter,
  needsModalities,
  needsQueryMean,
  type PostprocessStep,
  type StepProblem,
  slugOfSteps,
  stepProblems,
  validateSteps,
} from './steps.ts'
