import { borda } from './methods/borda.ts'
import { combAnz } from './methods/comb-anz.ts'
import { combMax, combMed, combMin } from './methods/comb-extremes.ts'
import { combGmnz } from './methods/comb-gmnz.ts'
import { combMnz } from './methods/comb-mnz.ts'
import { combSum } from './methods/comb-sum.ts'
import { condorcet } from './methods/condorcet.ts'
import { isr, logIsr, lognIsr } from './methods/isr.ts'
import { mixed } from './methods/mixed.ts'
import { promptrepsHybrid } from './methods/promptreps-hybrid.ts'
import { rbc } from './methods/rbc.ts'
import { rrf, weightedRrf } from './methods/rrf.ts'
import { weightedMnz } from './methods/weighted-mnz.ts'
import { weightedSum } from './methods/weighted-sum.ts'
import { bordaNorm } from './normalisations/borda.ts'
import { dbsfNorm } from './normalisations/dbsf.ts'
import { maxNorm } from './normalisations/max.ts'
import { minMax, minMaxInverted } from './normalisations/min-max.ts'
import { rankNorm } from './normalisations/rank.ts'
import { sumNorm } from './normalisations/sum.ts'
import { zmuv } from './normalisations/zmuv.ts'
import type { RankedList, Table } from './table.ts'

/** Numbers that a method may take. */
export interface MethodParameters {
  /** Of `rrf` and `wrrf`; default 60. */
  readonly k: number
  /** Of `gmnz`; default 0.5. */
  readonly gamma: number
  /** Of `rbc`, above 0 and below 1; default 0.8. */
  readonly phi: number
  /** Of `logn_isr`, 0 to 1; default 0.01. */
  readonly sigma: number
  /** Of `promptreps-hybrid`, 0 to 1: the weight of the first run; default 0.5. */
  readonly alpha: number
}

export type ParameterName = keyof MethodParameters

interface Method {
  /** Whether it looks at scores (which must be made comparable first) or at ranks. */
  readonly on: 'scores' | 'ranks'
  readonly weighted: boolean
  readonly parameter?: ParameterName
  /** What its scores are made comparable with where nothing else is asked; default `min-max` on scores, `none` on ranks. */
  readonly normalisation?: Normalisation
  /** How many runs it takes; default two or more. */
  readonly runs?: number
  /** How many of each run's documents it looks at, normalisation included; default all. */
  readonly looksAt?: number
  combine(table: Table, parameters: MethodParameters & { readonly weights: readonly number[] }): Float64Array
}

/** The methods under their names in ranx, and three that ranx does not have: `wrrf`, `dbsf` and `promptreps-hybrid`. */
export const METHODS = {
  rrf: { on: 'ranks', weighted: false, parameter: 'k', combine: rrf },
  wrrf: { on: 'ranks', weighted: true, parameter: 'k', combine: weightedRrf },
  dbsf: { on: 'scores', weighted: false, normalisation: 'dbsf', combine: combSum },
  wsum: { on: 'scores', weighted: true, combine: weightedSum },
  sum: { on: 'scores', weighted: false, combine: combSum },
  mnz: { on: 'scores', weighted: false, combine: combMnz },
  gmnz: { on: 'scores', weighted: false, parameter: 'gamma', combine: combGmnz },
  anz: { on: 'scores', weighted: false, combine: combAnz },
  min: { on: 'scores', weighted: false, combine: combMin },
  max: { on: 'scores', weighted: false, combine: combMax },
  med: { on: 'scores', weighted: false, combine: combMed },
  wmnz: { on: 'scores', weighted: true, combine: weightedMnz },
  mixed: { on: 'scores', weighted: true, combine: mixed },
  isr: { on: 'ranks', weighted: false, combine: isr },
  log_isr: { on: 'ranks', weighted: false, combine: logIsr },
  logn_isr: { on: 'ranks', weighted: false, parameter: 'sigma', combine: lognIsr },
  bordafuse: { on: 'ranks', weighted: false, combine: (table) => borda(table) },
  w_bordafuse: { on: 'ranks', weighted: true, combine: borda },
  condorcet: { on: 'ranks', weighted: false, combine: condorcet },
  rbc: { on: 'ranks', weighted: false, parameter: 'phi', combine: rbc },
  'promptreps-hybrid': {
    on: 'scores',
    weighted: false,
    parameter: 'alpha',
    runs: 2,
    looksAt: 1000,
    combine: promptrepsHybrid,
  },
} as const satisfies Record<string, Method>

export type FusionMethod = keyof typeof METHODS

export const FUSION_METHODS = Object.keys(METHODS) as [FusionMethod, ...FusionMethod[]]

type Normalise = (list: RankedList, candidates: readonly string[]) => RankedList

/** What is done to each run's scores for a query first. */
export const NORMALISERS = {
  none: (list) => list,
  'min-max': minMax,
  'min-max-inverted': minMaxInverted,
  max: maxNorm,
  sum: sumNorm,
  zmuv,
  dbsf: dbsfNorm,
  rank: rankNorm,
  borda: bordaNorm,
} as const satisfies Record<string, Normalise>

export type Normalisation = keyof typeof NORMALISERS

export const NORMALISATIONS = Object.keys(NORMALISERS) as [Normalisation, ...Normalisation[]]

export function methodOf(name: FusionMethod): Method {
  return METHODS[name]
}

export function normaliserOf(name: Normalisation): Normalise {
  return NORMALISERS[name]
}
