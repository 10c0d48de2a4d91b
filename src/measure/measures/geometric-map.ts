import type { JudgedRanking } from '../ranking.ts'
import { averagePrecision } from './average-precision.ts'

/** trec_eval's floor, without which one query without a hit would make the mean zero. */
const FLOOR = 0.00001

/** Natural logarithm of the average precision, at least log(0.00001): one query's part in trec_eval's `gm_map`, whose mean is raised to e afterwards. */
export function logAveragePrecision(ranking: JudgedRanking, rel = 1): number {
  return Math.log(Math.max(averagePrecision(ranking, rel), FLOOR))
}
