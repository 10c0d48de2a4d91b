export { type Expectation, expectationOf, parseExpectations } from './expectation.ts'
export { collectionsUnder, expectationsFor } from './find.ts'
export { type Comparison, compareHoldings, type Holdings, takeStock, type Verdict, verdictOf } from './verify.ts'
