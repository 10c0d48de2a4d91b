export { type Gap, gapBetween } from './gap.ts'
export { type DomainShares, domainShares } from './shares.ts'
export { type TopScores, topScores } from './top-scores.ts'
