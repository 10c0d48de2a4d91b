export { openTraining, type TrainingSet, type TrainingSpec } from './open.ts'
export type { TrainingExample, TrainingPassage } from './read.ts'
