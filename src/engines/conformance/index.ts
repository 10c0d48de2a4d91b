export { type Comparison, compareEncoders } from './compare.ts'
export { type Check, type ConformanceOptions, runConformance } from './suite.ts'
