import { FieldtrialError, throwIfAborted } from '../core/errors.ts'
import type { LongWork } from '../core/progress.ts'
import type { Workspace } from '../core/workspace.ts'
import type { Qrels, Run } from '../data/types.ts'
import { spaceOptions } from '../fusion/index.ts'
import { evaluate } from '../measure/index.ts'
import { obtain } from './artifact.ts'
import type { Plan, PlannedTrial } from './plan.ts'
import { planSpace } from './plan-space.ts'
import { memberRun } from './steps/member-run.ts'
import { finishRun } from './steps/run-file.ts'
import { loadFusion, makeFusion } from './steps/run-fusion.ts'
import { type EncoderOf, makeSpaceRun, type SpaceTrial, type SpaceWork } from './steps/space-fusion.ts'

/** Ranks in which members' finds are counted. */
const TOP = 10

/** A fusion without one of its members. */
export interface AblatedMember {
  readonly member: string
  /** Measure → mean over the queries, without this member. */
  readonly mean: Readonly<Record<string, number | null>>
  /** Query → value of the study's first measure, without this member. */
  readonly perQuery: Readonly<Record<string, number>>
  /** Relevant documents of the fusion's first ten that stand in this member's first ten and in no other member's. */
  readonly onlyFinder: number
}

export interface AblationDetail {
  readonly members: readonly AblatedMember[]
  /** Relevant documents in the fusion's first ten, over all queries. */
  readonly relevant: number
}

export type AnyFusionTrial = PlannedTrial & { readonly kind: 'fusion' | 'space' }

/**
 * What a fusion is without each of its members, learned anew where it is learned, and which member found what: taken from the workspace, or tried.
 *
 * @param fused The fusion's run.
 */
export async function obtainAblation(
  plan: Plan,
  trial: AnyFusionTrial,
  fused: () => Promise<Run>,
  workspace: Workspace,
  encoderOf: EncoderOf,
  work: LongWork,
): Promise<AblationDetail | null> {
  if (trial.ablation === null) return null
  const { detail } = await obtain<AblationDetail>(
    workspace,
    'fusion',
    trial.ablation,
    async () => {
      const { on, spec } = trial
      const qrels = await on.collection.qrels()
      const limits = { depth: plan.study.depth, removeSelf: on.collection.removeSelf }
      const runs: Run[] = []
      const identities = trial.kind === 'fusion' ? trial.memberRuns : trial.members.map(({ run }) => run)
      for (const [i, identity] of identities.entries()) {
        const what = { member: spec.members[i]!, on: on.collection.name, fusion: spec.id }
        runs.push((await memberRun(workspace, identity, what, work.signal)).run)
      }
      const without = await withoutEach(plan, trial, runs, workspace, encoderOf, work)
      const finds = findersOf(await fused(), runs, qrels)
      const first = plan.study.measures[0]!.name
      const members: AblatedMember[] = []
      for (const [i, member] of spec.members.entries()) {
        throwIfAborted(work.signal)
        const evaluation = evaluate(qrels, finishRun(await without(i), limits), plan.study.measures)
        members.push({
          member,
          mean: Object.fromEntries(evaluation.mean),
          perQuery: Object.fromEntries(evaluation.perQuery.get(first)!),
          onlyFinder: finds.only[i]!,
        })
      }
      return { members, relevant: finds.relevant }
    },
    { work },
  )
  return detail
}

async function withoutEach(
  plan: Plan,
  trial: AnyFusionTrial,
  runs: readonly Run[],
  workspace: Workspace,
  encoderOf: EncoderOf,
  work: LongWork,
): Promise<(i: number) => Promise<Run>> {
  const depth = plan.study.depth + 1
  if (trial.kind === 'fusion') {
    const loaded = await loadFusion(trial, workspace, work)
    return async (i) => (await makeFusion(loaded, depth, work, i)).run
  }
  if (runs.length === 2) return async (i) => runs[1 - i]!
  return async (i) => (await makeSpaceRun(plan, smaller(plan, trial, i), workspace, encoderOf, depth, work)).run
}

/** The fused space without one member: of no more dimensions than there are then. */
function smaller({ study }: Plan, trial: SpaceTrial, without: number): SpaceWork {
  const { spec, on } = trial
  const kept = <T>(items: readonly T[]) => items.filter((_, i) => i !== without)
  const { weights, dimensions, cut, method, shrinkage, fitDocuments } = spec.space
  const members = kept(trial.members)
  const space = (size: number | null) =>
    spaceOptions(
      {
        method,
        weights: kept(weights).some((weight) => weight > 0) ? kept(weights) : kept(weights).map(() => 1),
        dimensions: size,
        fitDocuments,
        ...(method === 'concat' && size !== null ? { cut } : {}),
        ...(method === 'cca' ? { shrinkage } : {}),
      },
      members.length,
    )
  const rest = { ...spec, members: kept(spec.members) }
  const planned = (size: number | null) => {
    const { parts } = planSpace({ ...rest, space: space(size) }, members, on, study.vectorDtype, study.depth)
    return { ...(parts as SpaceWork), on }
  }
  try {
    return planned(dimensions)
  } catch (error) {
    if (!(error instanceof FieldtrialError) || error.code !== 'STUDY_INVALID') throw error
    // Fewer members may have fewer dimensions in all than were asked for: then all of them.
    return planned(null)
  }
}

/** How many relevant documents the fusion has in its first ten, and how many of them each member alone put forward. */
function findersOf(fused: Run, runs: readonly Run[], qrels: Qrels): { relevant: number; only: number[] } {
  const only = runs.map(() => 0)
  let relevant = 0
  for (const [query, { ids }] of fused) {
    const judged = qrels.get(query)
    const tops = runs.map((run) => new Set(run.get(query)?.ids.slice(0, TOP) ?? []))
    for (const id of ids.slice(0, TOP)) {
      if (!((judged?.get(id) ?? 0) > 0)) continue
      relevant++
      const finders = tops.flatMap((top, i) => (top.has(id) ? [i] : []))
      if (finders.length === 1) only[finders[0]!] = only[finders[0]!]! + 1
    }
  }
  return { relevant, only }
}
