export { aggregate, type EvaluateOptions, type Evaluation, evaluate, judge } from './evaluate.ts'
export { type Aggregate, MEASURE_FAMILIES, type MeasureFamily } from './families.ts'
export { type Measure, parseMeasure, parseMeasures } from './parse.ts'
export { type JudgedRanking, NOT_GRADED, UNJUDGED } from './ranking.ts'
