import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { readQrels, readRun } from '../../data/trec.ts'
import type { Qrels } from '../../data/types.ts'
import { evaluate, type Measure, parseMeasure } from '../../measure/index.ts'
import type { StudyResults, TrialResult } from '../../study/results.ts'

/** The depths at which MTEB measures. */
const DEPTHS = [1, 3, 5, 10, 20, 100, 1000] as const

/** MTEB's name of a measure → its name here. */
const MEASURES = { ndcg: 'nDCG', map: 'AP', recall: 'R', precision: 'P', mrr: 'MRR', hit_rate: 'Success' } as const

type MtebScores = Readonly<Record<string, number>>

/** MTEB's key → our measure, for all of its measures that a run of this depth can give. */
function mtebMeasures(depth: number): Map<string, Measure> {
  return new Map(
    Object.entries(MEASURES).flatMap(([key, name]) =>
      DEPTHS.filter((k) => k <= depth).map((k) => [`${key}_at_${k}`, parseMeasure(`${name}@${k}`)] as const),
    ),
  )
}

/**
 * All of MTEB's measures of a trial, from its run and the judgments beside the results; where these were not written (`formats` without
 * `trec`), those that the study itself measured.
 */
export async function mtebScores(folder: string, results: StudyResults, trial: TrialResult): Promise<MtebScores> {
  const measures = mtebMeasures(results.depth)
  const run = trial.runFile === null ? null : join(folder, trial.runFile)
  const qrels = join(folder, 'runs', `${trial.collection}.qrels`)
  if (run !== null && (await isThere(run)) && (await isThere(qrels))) {
    const mean = await measured(measures, await readQrels(qrels), run)
    // A run that an earlier version of the study left there would give numbers that the results do not have.
    const sound = [...measures.values()].every(({ name }) => agree(mean.get(name), trial.mean[name]))
    if (sound) return roundedScores(measures, (name) => mean.get(name))
  }
  return roundedScores(measures, (name) => trial.mean[name])
}

async function measured(measures: ReadonlyMap<string, Measure>, qrels: Qrels, file: string) {
  const { run } = await readRun(file)
  return evaluate(qrels, run, [...measures.values()]).mean
}

/** Measures that the study does not have agree with anything. */
function agree(one: number | null | undefined, other: number | null | undefined): boolean {
  return typeof one !== 'number' || typeof other !== 'number' || Math.abs(one - other) < 1e-6
}

function roundedScores(
  measures: ReadonlyMap<string, Measure>,
  value: (name: string) => number | null | undefined,
): MtebScores {
  return Object.fromEntries(
    [...measures].flatMap(([key, { name }]) => {
      const mean = value(name)
      return typeof mean === 'number' ? [[key, rounded(key, mean)]] : []
    }),
  )
}

/** As mteb rounds: five decimals of what trec_eval gives, six of what it works out itself. */
function rounded(key: string, value: number): number {
  return Number(value.toFixed(key.startsWith('mrr') ? 6 : 5))
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
