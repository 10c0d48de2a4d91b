import type { Json } from '../core/fingerprint.ts'
import { VERSION } from '../core/version.ts'
import { withHints } from '../data/lint/index.ts'
import { knownCollection } from '../data/published/known.ts'
import type { Finding } from '../data/types.ts'
import { compareTrials } from './compare.ts'
import { type FusionOutcome, fusionResults } from './fusion-results.ts'
import { TITLE_RULE } from './identity.ts'
import type { LintReport } from './lint/types.ts'
import { machineInfo } from './machine.ts'
import { shownMerge } from './merge/name.ts'
import type { Plan, PlannedCollection } from './plan.ts'
import { publishedRows, TEXT_ALONE } from './published.ts'
import {
  type CollectionLintResult,
  RESULTS_VERSION,
  type SpaceResult,
  type StudyResults,
  type TrialResult,
} from './results.ts'
import { contentLabel } from './specialisation/content.ts'
import { placeGroups } from './specialisation/places.ts'
import { compareSpecialised } from './specialisation/specialisation.ts'
import type { DenseSpec } from './study.ts'
import { summariseRetriever } from './summary.ts'
import { compareSupervised, supervisedPairs } from './supervised.ts'

/** Everything a report needs, out of the plan and its trials; the comparisons are made here. */
export function assemble(
  plan: Plan,
  trials: readonly TrialResult[],
  dimensions: ReadonlyMap<string, number>,
  spaces: readonly SpaceResult[],
  lints: ReadonlyMap<string, LintReport>,
  fusions: ReadonlyMap<TrialResult, FusionOutcome>,
): StudyResults {
  const { study } = plan
  const measures = study.measures.map((m) => m.name)
  const results: StudyResults = {
    resultsVersion: RESULTS_VERSION,
    fieldtrial: VERSION,
    study: study.name,
    description: study.description,
    finishedAt: new Date().toISOString(),
    machine: machineInfo(),
    smoke: plan.limit === null ? null : { limit: plan.limit },
    depth: study.depth,
    measures,
    collections: plan.collections.map((on) => collectionResult(on, lints.get(on.collection.name))),
    retrievers: study.retrievers.map((spec) => {
      const encoder = plan.encoders.get(spec.id)?.info
      return {
        id: spec.id,
        kind: spec.kind,
        summary: summariseRetriever(spec, encoder?.recipe),
        resolved: encoder
          ? {
              ...(spec.kind === 'dense' ? resolvedDense(spec) : {}),
              recipe: encoder.recipe as unknown as Json,
              ...(encoder.images === undefined ? {} : { images: encoder.images.identity }),
              identity: encoder.identity,
            }
          : (spec as unknown as Json),
        dimension: dimensions.get(spec.id) ?? encoder?.dimension ?? null,
        parameters: encoder?.parameters ?? null,
        members: spec.kind === 'fusion' ? spec.members : [],
        warnings: encoder?.warnings ?? [],
      }
    }),
    trials,
    comparison: study.comparison,
    comparisons: compareTrials(trials, measures, study.comparison),
    spaces,
    fusions: fusionResults(plan, trials, fusions),
    supervised: compareSupervised(
      supervisedPairs(encodersOf(plan).map(({ spec: { id, output }, encoder }) => ({ id, output, encoder }))),
      trials,
      measures,
      study.comparison,
    ),
  }
  const contents = plan.collections.map(
    ({ collection: { name }, summary: { modalities } }, i) =>
      [name, contentLabel(results.collections[i]!.known ?? null, modalities)] as const,
  )
  const specialisation = compareSpecialised(placeGroups(encodersOf(plan)), { ...results, contents: new Map(contents) })
  return {
    ...results,
    published: publishedRows(results, plan.imported),
    ...(specialisation === undefined ? {} : { specialisation }),
  }
}

function encodersOf({ study, encoders }: Plan) {
  return study.retrievers.flatMap((spec) => {
    const encoder = encoders.get(spec.id)
    return spec.kind === 'dense' && encoder ? [{ spec, encoder }] : []
  })
}

function collectionResult(
  { given, spec, collection, summary, fingerprint: key }: PlannedCollection,
  linted: LintReport | undefined,
) {
  const findings = withHints([...summary.findings, ...(linted?.findings ?? [])])
  const of = (level: Finding['level']) => findings.filter((finding) => finding.level === level)
  return {
    name: collection.name,
    source: given,
    split: collection.split,
    fingerprint: key,
    documents: summary.documents,
    queries: summary.queries,
    judgments: summary.judgments,
    removeSelf: collection.removeSelf,
    titleRule: titleRule(collection),
    known: knownCollection({ ...spec, split: collection.split, summary }),
    findings: [...of('warning'), ...of('info')],
    ...(linted === undefined ? {} : { lint: withoutFindings(linted) }),
  }
}

function withoutFindings({ findings: _, ...figures }: LintReport): CollectionLintResult {
  return figures
}

function titleRule(collection: PlannedCollection['collection']): string {
  const { titles } = collection.reading as { readonly titles?: string }
  return titles === 'omit' ? TEXT_ALONE : TITLE_RULE
}

function resolvedDense(spec: DenseSpec): { readonly [key: string]: Json } {
  return {
    model: withoutPlace(spec.model),
    output: spec.output,
    ...(spec.output === 'hybrid' ? { alpha: spec.alpha } : {}),
    ...(spec.postprocess.length > 0
      ? { postprocess: spec.postprocess as unknown as Json, queryMean: spec.queryMean }
      : {}),
  }
}

/** A model as the user named it: where it lies on this machine is nobody's business and decides nothing. */
function withoutPlace({ given, merge, training: _, ...model }: DenseSpec['model']): Json {
  return { ...model, model: given, ...(merge === undefined ? {} : { merge: shownMerge(merge) }) }
}
