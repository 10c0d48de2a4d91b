import { averagePrecision } from './measures/average-precision.ts'
import { bpref } from './measures/bpref.ts'
import { expectedReciprocalRank } from './measures/err.ts'
import { binaryGain, normalisedGain } from './measures/gain-g.ts'
import { logAveragePrecision } from './measures/geometric-map.ts'
import { inferredAp } from './measures/inferred-ap.ts'
import { elevenPointAverage, interpolatedPrecision } from './measures/interpolated-precision.ts'
import { judgedShare } from './measures/judged.ts'
import { type NdcgOptions, ndcg } from './measures/ndcg.ts'
import { ndcgAtLevels, ndcgAtRelevant } from './measures/ndcg-averages.ts'
import { precision, rPrecision } from './measures/precision.ts'
import { rbp } from './measures/rbp.ts'
import { recall, success } from './measures/recall.ts'
import { reciprocalRank } from './measures/reciprocal-rank.ts'
import {
  setAveragePrecision,
  setF,
  setPrecision,
  setRecall,
  setRelativePrecision,
  utility,
} from './measures/set-measures.ts'
import type { ParameterName, Parameters } from './parameters.ts'
import { type JudgedRanking, relevantCount, relevantRetrieved } from './ranking.ts'

/** How the values of the queries become one: counts add up, `gm_map` is e raised to the mean of its logarithms. */
export type Aggregate = 'mean' | 'sum' | 'geometric-mean'

/** One kind of measure; a name such as `P(rel=2)@10` picks its parameters and its cutoff. */
export interface MeasureFamily {
  readonly name: string
  /** Other names for the same, in any case. */
  readonly aliases: readonly string[]
  /** trec_eval's name without cutoff (`ndcg`), and the one that a cutoff is appended to (`ndcg_cut`). */
  readonly trec?: string
  readonly trecCut?: string
  /** What stands after `@`: a rank, or a recall for IPrec. */
  readonly cutoff: 'required' | 'optional' | 'none' | 'recall'
  readonly parameters: readonly ParameterName[]
  readonly aggregate: Aggregate
  readonly description: string
  compute(ranking: JudgedRanking, parameters: Parameters, cutoff: number | undefined): number
}

const BINARY: readonly ParameterName[] = ['rel', 'judged_only']

type Compute = MeasureFamily['compute']
type More = Partial<Omit<MeasureFamily, 'name' | 'description' | 'compute'>>

function family(name: string, description: string, more: More, compute: Compute): MeasureFamily {
  return { name, description, aliases: [], cutoff: 'none', parameters: BINARY, aggregate: 'mean', ...more, compute }
}

/** The parameters of an nDCG by name as its options. */
export function ndcgOptions(parameters: Parameters, cutoff: number | undefined): NdcgOptions {
  return {
    ...(cutoff === undefined ? {} : { cutoff }),
    ...(parameters.dcg === undefined ? {} : { dcg: parameters.dcg }),
    ...(parameters.gains === undefined ? {} : { gains: parameters.gains }),
  }
}

const reciprocal: Compute = (ranking, { rel }, k) => reciprocalRank(ranking, rel, k)

/** Every measure that fieldtrial knows. */
export const MEASURE_FAMILIES: readonly MeasureFamily[] = [
  family(
    'nDCG',
    'normalised discounted cumulative gain; graded',
    {
      trec: 'ndcg',
      trecCut: 'ndcg_cut',
      cutoff: 'optional',
      parameters: ['dcg', 'gains', 'judged_only'],
    },
    (ranking, parameters, k) => ndcg(ranking, ndcgOptions(parameters, k)),
  ),
  family(
    'RR',
    'reciprocal rank of the first relevant document',
    { trec: 'recip_rank', cutoff: 'optional' },
    reciprocal,
  ),
  family('MRR', 'the same as RR, under its name averaged', { cutoff: 'optional' }, reciprocal),
  family(
    'R',
    'recall: share of the relevant documents among the first k',
    { aliases: ['Recall'], trecCut: 'recall', cutoff: 'required' },
    (ranking, { rel }, k) => recall(ranking, rel ?? 1, k!),
  ),
  family(
    'AP',
    'average precision',
    { aliases: ['MAP'], trec: 'map', trecCut: 'map_cut', cutoff: 'optional' },
    (ranking, { rel }, k) => averagePrecision(ranking, rel, k),
  ),
  family(
    'P',
    'precision: share of the first k that is relevant',
    { aliases: ['Precision'], trecCut: 'P', cutoff: 'required' },
    (ranking, { rel }, k) => precision(ranking, rel ?? 1, k!),
  ),
  family(
    'Success',
    '1 when a relevant document is among the first k',
    { aliases: ['HitRate', 'Hit', 'Hits', 'hit_rate'], trecCut: 'success', cutoff: 'required' },
    (ranking, { rel }, k) => success(ranking, rel ?? 1, k!),
  ),
  family(
    'Rprec',
    'precision at R, the number of relevant documents',
    { aliases: ['RPrecision', 'R-Precision'], trec: 'Rprec' },
    (ranking, { rel }) => rPrecision(ranking, rel),
  ),
  family(
    'Judged',
    'share of the first k that has a judgment',
    { cutoff: 'optional', parameters: [] },
    (ranking, _, k) => judgedShare(ranking, k),
  ),
  family(
    'Bpref',
    'binary preference; passes over unjudged documents',
    { trec: 'bpref', parameters: ['rel'] },
    (ranking, { rel }) => bpref(ranking, rel),
  ),
  family(
    'RBP',
    'rank-biased precision of persistence p (0.8)',
    { cutoff: 'optional', parameters: ['p', 'rel', 'judged_only'] },
    (ranking, { p, rel }, k) => rbp(ranking, p ?? 0.8, rel, k),
  ),
  family(
    'ERR',
    'expected reciprocal rank; graded, up to max_rel (4)',
    { cutoff: 'optional', parameters: ['max_rel', 'judged_only'] },
    (ranking, { max_rel }, k) => expectedReciprocalRank(ranking, max_rel, k),
  ),
  family(
    'IPrec',
    'interpolated precision at a recall',
    { trecCut: 'iprec_at_recall', cutoff: 'recall' },
    (ranking, { rel }, recallPoint) => interpolatedPrecision(ranking, [recallPoint!], rel)[0]!,
  ),
  family(
    'infAP',
    'average precision inferred from a sampled pool',
    { trec: 'infAP', parameters: ['rel'] },
    (ranking, { rel }) => inferredAp(ranking, rel),
  ),
  family(
    'SetP',
    'precision of all that was retrieved',
    { trec: 'set_P', parameters: ['rel', 'relative', 'judged_only'] },
    (ranking, { rel, relative }) => (relative ? setRelativePrecision(ranking, rel) : setPrecision(ranking, rel)),
  ),
  family(
    'SetRelP',
    'precision of all that was retrieved, over the best possible',
    { trec: 'set_relative_P' },
    (ranking, { rel }) => setRelativePrecision(ranking, rel),
  ),
  family('SetR', 'recall of all that was retrieved', { trec: 'set_recall' }, (ranking, { rel }) =>
    setRecall(ranking, rel),
  ),
  family(
    'SetF',
    'harmonic mean of SetP and SetR',
    { trec: 'set_F', parameters: ['rel', 'beta', 'judged_only'] },
    (ranking, { rel, beta }) => setF(ranking, beta, rel),
  ),
  family('SetAP', 'SetP times SetR', { trec: 'set_map' }, (ranking, { rel }) => setAveragePrecision(ranking, rel)),
  family('NumQ', 'number of queries', { trec: 'num_q', parameters: [], aggregate: 'sum' }, () => 1),
  family(
    'NumRet',
    'documents retrieved',
    { trec: 'num_ret', parameters: [], aggregate: 'sum' },
    (ranking) => ranking.grades.length,
  ),
  family(
    'NumRel',
    'relevant documents',
    { trec: 'num_rel', parameters: ['rel'], aggregate: 'sum' },
    (ranking, { rel }) => relevantCount(ranking.levels, rel ?? 1),
  ),
  family(
    'NumRelRet',
    'relevant documents retrieved',
    { trec: 'num_rel_ret', parameters: ['rel'], aggregate: 'sum' },
    (ranking, { rel }) => relevantRetrieved(ranking, rel ?? 1),
  ),
  family(
    'gm_map',
    'geometric mean of the average precision',
    { aliases: ['GMAP'], trec: 'gm_map', parameters: ['rel'], aggregate: 'geometric-mean' },
    (ranking, { rel }) => logAveragePrecision(ranking, rel),
  ),
  family(
    '11pt_avg',
    'interpolated precision averaged over recall 0, 0.1 … 1',
    { trec: '11pt_avg' },
    (ranking, { rel }) => elevenPointAverage(ranking, rel),
  ),
  family('utility', 'relevant less non-relevant documents retrieved', { trec: 'utility' }, (ranking, { rel }) =>
    utility(ranking, rel),
  ),
  family('G', 'normalised gain; experimental in trec_eval', { trec: 'G', parameters: ['judged_only'] }, (ranking) =>
    normalisedGain(ranking),
  ),
  family('binG', 'G with gains of 0 and 1', { trec: 'binG' }, (ranking, { rel }) => binaryGain(ranking, rel)),
  family(
    'ndcg_rel',
    'nDCG averaged over the relevant documents; experimental in trec_eval',
    { trec: 'ndcg_rel', parameters: ['judged_only'] },
    (ranking) => ndcgAtRelevant(ranking),
  ),
  family(
    'Rndcg',
    'nDCG averaged over the ranks where the ideal grade falls; experimental in trec_eval',
    { trec: 'Rndcg' },
    (ranking, { rel }) => ndcgAtLevels(ranking, rel),
  ),
]
