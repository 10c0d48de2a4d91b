import { throwIfAborted } from '../../core/errors.ts'
import { fingerprint, type Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import { summariseCached } from '../../data/index.ts'
import { domainOf, isUnified, type UnifiedCollection } from '../../data/unified/index.ts'
import { adjust, aggregate, comparePaired, type Measure } from '../../measure/index.ts'
import { obtain } from '../artifact.ts'
import type { StoredRun } from '../execute.ts'
import type { Plan, PlannedCollection, PlannedTrial } from '../plan.ts'
import type { StudyResults, TrialResult } from '../results.ts'
import { loadRun } from '../steps/run-file.ts'
import { type RunFigures, runFigures } from './figures.ts'
import { measureGaps } from './gaps.ts'
import type { AgainstBest, CollectionDomain, DomainFigures, DomainGaps, DomainResult } from './results.ts'
import { seesImages } from './unseen.ts'

/** Raised when the same runs would show something else. */
const DOMAINS_VERSION = 3

interface DomainsDetail {
  readonly figures: readonly RunFigures[]
  readonly gaps: DomainGaps | null
}

/** The results with what unified collections show; as they are where there is none. */
export async function addDomains(
  results: StudyResults,
  plan: Plan,
  trials: readonly TrialResult[],
  runs: ReadonlyMap<TrialResult, StoredRun>,
  workspace: Workspace,
  work: LongWork,
): Promise<StudyResults> {
  const members = new Map<string, CollectionDomain[]>()
  for (const on of plan.collections)
    if (isUnified(on.collection))
      members.set(on.collection.name, await collectionDomains(on.collection, on, workspace, work))
  if (members.size === 0) return results
  return {
    ...results,
    collections: results.collections.map((collection) => {
      const domains = members.get(collection.name)
      return domains === undefined ? collection : { ...collection, domains }
    }),
    domains: await obtainDomains(plan, trials, runs, workspace, work),
  }
}

/** What the runs over unified collections show domain by domain: taken from the workspace, or measured. */
async function obtainDomains(
  plan: Plan,
  trials: readonly TrialResult[],
  runs: ReadonlyMap<TrialResult, StoredRun>,
  workspace: Workspace,
  work: LongWork,
): Promise<DomainResult[]> {
  const results: DomainResult[] = []
  for (const on of plan.collections) {
    if (!isUnified(on.collection)) continue
    const domains = await collectionDomains(on.collection, on, workspace, work)
    const here = plan.trials.flatMap((trial, i) =>
      trial.on === on && trials[i]!.status === 'done' ? [{ trial, result: trials[i]! }] : [],
    )
    const details = new Map<TrialResult, DomainsDetail>()
    for (const { trial, result } of here) {
      throwIfAborted(work.signal)
      details.set(result, await obtainDetail(plan, trial, on.collection, runs.get(result)!, workspace, work))
    }
    const against = againstBest(
      plan,
      here.map(({ result }) => result),
      domains,
    )
    for (const { trial, result } of here) {
      const sees = seesImages(trial.spec, plan.study.retrievers, plan.encoders)
      const { figures, gaps } = details.get(result)!
      results.push(resultOf(result, domains, figures, gaps, sees, plan.study.measures, against))
    }
  }
  return results
}

/** The members of a unified collection with their sizes. */
async function collectionDomains(
  { domains }: UnifiedCollection,
  { spec }: Pick<PlannedCollection, 'spec'>,
  workspace: Workspace,
  work: LongWork,
): Promise<CollectionDomain[]> {
  const all: CollectionDomain[] = []
  for (const [i, { name, collection }] of domains.entries()) {
    const { documents, queries, judgments, modalities } = await summariseCached(collection, workspace.cache, work)
    const source = spec.unified?.[i]?.given ?? collection.source
    const imageDocuments = modalities.documents.image
    all.push({ name, source, split: collection.split, documents, queries, judgments, imageDocuments })
  }
  return all
}

async function obtainDetail(
  plan: Plan,
  trial: PlannedTrial,
  collection: UnifiedCollection,
  stored: StoredRun,
  workspace: Workspace,
  work: LongWork,
): Promise<DomainsDetail> {
  const vectors =
    trial.kind === 'dense' && trial.spec.output === 'dense' ? (trial.artifacts.postprocess ?? trial.artifacts) : null
  const identity: Json = {
    artifact: 'domains',
    version: DOMAINS_VERSION,
    measures: trial.measures,
    names: collection.domains.map(({ name }) => name),
    vectors: vectors === null ? null : [fingerprint(vectors.documents), fingerprint(vectors.queries)],
  }
  const { detail } = await obtain<DomainsDetail>(
    workspace,
    'measures',
    identity,
    async () => {
      const run = await loadRun(stored.folder, stored.encodedIds, work.signal)
      return {
        figures: await runFigures(collection, run, plan.study.measures),
        gaps: vectors === null ? null : await measureGaps(collection, vectors, workspace),
      }
    },
    { work },
  )
  return detail
}

function resultOf(
  result: TrialResult,
  domains: readonly CollectionDomain[],
  figures: readonly RunFigures[],
  gaps: DomainGaps | null,
  sees: boolean,
  measures: readonly Measure[],
  against: ReadonlyMap<string, AgainstBest>,
): DomainResult {
  const found = domains.map(({ name, queries, imageDocuments }, i): DomainFigures => {
    const { within, shares, scores } = figures[i]!
    return {
      domain: name,
      queries,
      unseen: sees ? 0 : imageDocuments,
      mean: Object.fromEntries(measures.map((m) => [m.name, aggregate(m, valuesIn(result, m.name, name))])),
      within,
      shares,
      scores,
      againstBest: against.get(keyOf(result.retriever, name)) ?? null,
    }
  })
  const asked = found.flatMap(({ shares }) => (shares === null ? [] : [shares]))
  const queries = asked.reduce((sum, shares) => sum + shares.queries, 0)
  return {
    retriever: result.retriever,
    collection: result.collection,
    macro: Object.fromEntries(
      measures.map(({ name }) => [name, meanOrNull(found.map(({ mean }) => mean[name] ?? null))]),
    ),
    wrong: queries === 0 ? null : asked.reduce((sum, shares) => sum + shares.wrong * shares.queries, 0) / queries,
    domains: found,
    gaps,
  }
}

/** Every retriever against the best single one of each domain, by the first measure. */
function againstBest(
  plan: Plan,
  trials: readonly TrialResult[],
  domains: readonly CollectionDomain[],
): Map<string, AgainstBest> {
  const { comparison, measures, retrievers } = plan.study
  const measure = measures[0]!
  const kinds = new Map(retrievers.map(({ id, kind }) => [id, kind]))
  const all = new Map<string, AgainstBest>()
  for (const { name } of domains) {
    const values = new Map(trials.map((trial) => [trial.retriever, valuesIn(trial, measure.name, name)]))
    const singles = [...values].filter(([id]) => kinds.get(id) === 'bm25' || kinds.get(id) === 'dense')
    if (singles.length === 0) continue
    const height = (of: ReadonlyMap<string, number>) => aggregate(measure, of) ?? -Infinity
    const [best, bestValues] = singles.reduce((a, b) => (height(b[1]) > height(a[1]) ? b : a))
    const others = [...values].filter(([id]) => id !== best)
    const compared = others.map(([, own]) => comparePaired(bestValues, own, comparison))
    const adjusted = adjust(
      compared.map(({ p }) => p),
      comparison.correction,
    )
    for (const [i, [id]] of others.entries())
      all.set(keyOf(id, name), {
        ...compared[i]!,
        measure: measure.name,
        best,
        pAdjusted: adjusted[i]!,
        significant: adjusted[i]! < comparison.alpha,
      })
  }
  return all
}

function valuesIn({ perQuery }: TrialResult, measure: string, domain: string): Map<string, number> {
  return new Map(Object.entries(perQuery[measure] ?? {}).filter(([query]) => domainOf(query) === domain))
}

function meanOrNull(values: readonly (number | null)[]): number | null {
  if (values.length === 0 || values.includes(null)) return null
  return values.reduce<number>((sum, value) => sum + value!, 0) / values.length
}

const keyOf = (retriever: string, domain: string) => JSON.stringify([retriever, domain])
