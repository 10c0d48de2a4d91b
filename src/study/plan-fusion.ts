import { fingerprint, type Json } from '../core/fingerprint.ts'
import { type FusionNode, fusionOptions, type LearningNode } from '../fusion/index.ts'
import { type Measure, parseMeasure } from '../measure/index.ts'
import { type Estimate, estimateFusion } from './estimate.ts'
import type { PlannedCollection, PlannedTrial } from './plan.ts'
import { planSpace } from './plan-space.ts'
import type { TrainingPlan } from './plan-training.ts'
import type { Bm25Spec, FusionSpec, LearnSpec, RouteSpec, RunFusionSpec, SpaceFusionSpec, Study } from './study.ts'

/** Raised when the same judgments would give other weights or routes. */
const LEARN_VERSION = 1
/** Raised when an index would tell a route other things of a query. */
const TERMS_VERSION = 1

/** A run that a fusion is made of, and whose it is. */
export interface Leaf {
  readonly id: string
  readonly run: Json
}

/** How a fusion that is learned comes about. */
export interface LearningPlan {
  /** Its leaves name runs by their place in `leaves`. */
  readonly node: LearningNode
  readonly leaves: readonly Leaf[]
  readonly measure: Measure
  /** Where it is learned: null for the other folds of the same queries, else another split's, with the runs of `leaves` there. */
  readonly training: { readonly on: PlannedCollection; readonly runs: readonly Json[] } | null
  /** Of a route: the index of the first BM25 below it, whose statistics tell of the query's terms; null where there is none. */
  readonly terms: { readonly spec: Bm25Spec; readonly index: Json } | null
}

/** Identities of a fused space, and of the vectors in it. */
export interface SpaceArtifacts {
  readonly fitted: Json
  readonly documents: Json
  readonly queries: Json
}

/** What a fusion adds to a planned trial. */
export type FusionParts =
  | {
      readonly kind: 'fusion'
      readonly spec: RunFusionSpec | RouteSpec
      readonly memberRuns: readonly Json[]
      readonly learning: LearningPlan | null
    }
  | {
      readonly kind: 'space'
      readonly spec: SpaceFusionSpec
      /** With vectors, in the order of the weights. */
      readonly members: readonly VectorTrial[]
      readonly artifacts: SpaceArtifacts
    }

/** A trial that has vectors of its own. */
export type VectorTrial = PlannedTrial & { readonly kind: 'dense' | 'space' }

export interface FusionStep {
  readonly what: string
  readonly kind: 'postprocess' | 'vectors'
  readonly identity: Json
  readonly estimate: Estimate
}

export interface PlannedFusion {
  readonly parts: FusionParts
  /** What determines the run. */
  readonly made: Json
  readonly steps: readonly FusionStep[]
  readonly search: Estimate
}

/**
 * @param before Trials that are planned already, members among them.
 * @throws FieldtrialError `STUDY_INVALID` for a space of more dimensions than its members have.
 */
export function planFusion(
  study: Study,
  spec: FusionSpec,
  on: PlannedCollection,
  before: readonly PlannedTrial[],
  training: TrainingPlan,
): PlannedFusion {
  const trialOf = (id: string) => before.find((trial) => trial.spec.id === id && trial.on === on)!
  if (spec.type === 'space')
    return planSpace(spec, spec.members.map(trialOf) as VectorTrial[], on, study.vectorDtype, study.depth)
  const memberRuns = spec.members.map((id) => trialOf(id).run)
  const search = estimateFusion(on.summary, spec.members.length, study.depth)
  if (spec.type === 'run' && spec.learn === null) {
    const made = { fusion: spec.options as unknown as Json, members: memberRuns.map((run) => fingerprint(run)) }
    return { parts: { kind: 'fusion', spec, memberRuns, learning: null }, made, steps: [], search }
  }
  const learning = planLearning(study, spec as LearningSpec, on, trialOf, training)
  const made = learningIdentity(learning, on)
  // Each fold looks at every query some hundred times; documents beyond the first of each are cheap.
  const learned = { ...search, seconds: 1 + (search.seconds ?? 0) * 20 }
  return { parts: { kind: 'fusion', spec, memberRuns, learning }, made, steps: [], search: learned }
}

type LearningSpec = (RunFusionSpec & { readonly learn: LearnSpec }) | RouteSpec

function planLearning(
  study: Study,
  spec: LearningSpec,
  on: PlannedCollection,
  trialOf: (id: string) => PlannedTrial,
  training: TrainingPlan,
): LearningPlan {
  const { by, measure, seed } = spec.learn
  const leaves: Leaf[] = []
  const leaf = (id: string): FusionNode => {
    const at = leaves.findIndex((other) => other.id === id)
    if (at >= 0) return { kind: 'run', run: at }
    leaves.push({ id, run: trialOf(id).run })
    return { kind: 'run', run: leaves.length - 1 }
  }
  const member = (id: string): FusionNode => {
    const other = study.retrievers.find((retriever) => retriever.id === id)!
    // What is learned from the same queries must be learned anew without those that it is to rank.
    return 'folds' in by && other.kind === 'fusion' && other.type !== 'space' && learnsByFolds(study, other)
      ? nodeOf(other, by.folds, seed, member)
      : leaf(id)
  }
  const node = nodeOf(spec, 'folds' in by ? by.folds : 2, seed, member) as LearningNode
  const firstIndex = ({ members }: FusionSpec): LearningPlan['terms'] => {
    for (const id of members) {
      const trial = trialOf(id)
      const below = trial.kind === 'bm25' ? trial : trial.spec.kind === 'fusion' ? firstIndex(trial.spec) : null
      if (below !== null) return { spec: below.spec, index: below.index }
    }
    return null
  }
  const elsewhere = 'split' in by ? training.of(on, by.split) : null
  return {
    node,
    leaves,
    measure: parseMeasure(measure),
    terms: hasRoute(node) ? firstIndex(spec) : null,
    training: elsewhere && {
      on: elsewhere.on,
      runs: leaves.map(({ id }) => elsewhere.trials.find((trial) => trial.spec.id === id)!.run),
    },
  }
}

function hasRoute(node: FusionNode): boolean {
  return node.kind !== 'run' && (node.kind === 'route' || node.of.some(hasRoute))
}

function nodeOf(
  spec: RunFusionSpec | RouteSpec,
  folds: number,
  seed: number,
  member: (id: string) => FusionNode,
): FusionNode {
  const of = spec.members.map(member)
  const options = fusionOptions(spec.options, spec.members.length)
  if (spec.type === 'route') return { kind: 'route', route: spec.route, options, folds: { folds, seed }, of }
  return spec.learn ? { kind: 'learned', options, folds: { folds, seed }, of } : { kind: 'fixed', options, of }
}

/** Whether it, or a member of it, is learned from the queries under test. */
function learnsByFolds(study: Study, spec: FusionSpec): boolean {
  if (spec.type !== 'space' && spec.learn !== null && 'folds' in spec.learn.by) return true
  return spec.members.some((id) => {
    const member = study.retrievers.find((retriever) => retriever.id === id)
    return member?.kind === 'fusion' && learnsByFolds(study, member)
  })
}

function learningIdentity({ node, leaves, measure, training, terms }: LearningPlan, on: PlannedCollection): Json {
  return {
    learned: node as unknown as Json,
    version: LEARN_VERSION,
    measure: measure.name,
    members: leaves.map(({ run }) => fingerprint(run)),
    ...(terms === null ? {} : { terms: { version: TERMS_VERSION, index: fingerprint(terms.index) } }),
    from:
      training === null
        ? { qrels: on.summary.qrelsHash }
        : {
            qrels: training.on.summary.qrelsHash,
            queries: training.on.summary.queriesHash,
            runs: training.runs.map((run) => fingerprint(run)),
          },
  }
}
