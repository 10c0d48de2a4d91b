import { MTEB_TASKS, type MtebTask } from '../../data/mteb/index.ts'
import { corpusReasons, sameCollection } from '../../data/published/index.ts'
import { trialFacts } from '../../study/published.ts'
import type { CollectionResult, StudyResults, TrialResult } from '../../study/results.ts'
import { list } from '../format.ts'
import { mtebFolder } from './model.ts'
import { mtebScores } from './scores.ts'

export interface MtebExport {
  readonly files: readonly MtebFile[]
  /** Collections whose results have no place among MTEB's, and why. */
  readonly left: readonly { readonly collection: string; readonly why: string }[]
}

interface MtebFile {
  /** Below the folder that is written to: `results/OWNER__NAME/REVISION/SciFact.json`. */
  readonly path: string
  readonly content: unknown
}

/** One task's result under way: subsets come from several of our collections. */
interface TaskDraft {
  readonly task: MtebTask
  readonly scores: Record<string, Record<string, unknown>[]>
  seconds: number
}

/**
 * The study's results as MTEB's results repository lays them out, one file per model and task, and a card per model. Only what MTEB
 * would have measured goes under its tasks' names: the official corpus, queries and split, titles joined.
 *
 * @param folder Where the runs lie, i.e. the folder of `results.json`.
 */
export async function mtebExport(folder: string, results: StudyResults): Promise<MtebExport> {
  const places = results.collections.map((collection) => ({ collection, ...placeOf(collection, results) }))
  const files: MtebFile[] = []
  for (const retriever of results.retrievers) {
    const { path, meta } = mtebFolder(retriever, results)
    const drafts = new Map<string, TaskDraft>()
    for (const { collection, task } of places) {
      const trial = results.trials.find((t) => t.retriever === retriever.id && t.collection === collection.name)
      if (task === undefined || trial?.status !== 'done') continue
      const scores = await mtebScores(folder, results, trial)
      if (scores.ndcg_at_10 === undefined) continue
      const draft = drafts.get(task.task) ?? { task, scores: {}, seconds: 0 }
      drafts.set(task.task, draft)
      const subset = { ...scores, main_score: scores.ndcg_at_10, hf_subset: task.subset, languages: task.languages }
      draft.scores[task.split] = [...(draft.scores[task.split] ?? []), subset]
      draft.seconds += secondsOf(trial, collection)
    }
    if (drafts.size === 0) continue
    files.push({ path: `results/${path}/model_meta.json`, content: meta })
    for (const draft of drafts.values())
      files.push({ path: `results/${path}/${draft.task.task}.json`, content: taskResult(draft, results) })
  }
  const unmeasured = files.length === 0 && places.some(({ task }) => task !== undefined)
  return {
    files,
    left: places.flatMap(({ collection, task, why }) =>
      task === undefined
        ? [{ collection: collection.name, why: why! }]
        : unmeasured
          ? [{ collection: collection.name, why: 'neither runs nor nDCG@10 are there' }]
          : [],
    ),
  }
}

/** The fields of mteb's `TaskResult`. Its version is null: the numbers are not mteb's own. */
function taskResult({ task, scores, seconds }: TaskDraft, { finishedAt }: StudyResults): unknown {
  return {
    dataset_revision: task.revision,
    task_name: task.task,
    mteb_version: null,
    scores,
    evaluation_time: seconds,
    kg_co2_emissions: null,
    date: Date.parse(finishedAt) / 1000,
  }
}

/** The task that a collection's results may go under, or why there is none. */
function placeOf(
  collection: CollectionResult,
  results: StudyResults,
): { readonly task: MtebTask; readonly why?: undefined } | { readonly task?: undefined; readonly why: string } {
  const facts = trialFacts(collection, results)
  if (facts === null) return { why: 'not a collection that MTEB has' }
  const ids = sameCollection(facts.dataset.id)
  const task = MTEB_TASKS.find((t) => t.kind === 'same' && ids.includes(t.collection))
  if (task === undefined) return { why: `MTEB has no task for ${facts.dataset.id}` }
  const reasons = [
    ...corpusReasons(facts).map(({ text }) => text),
    ...(facts.split === task.split ? [] : [`MTEB’s split is ${task.split}, not ${facts.split}`]),
    ...(facts.titles === 'keep' ? [] : ['MTEB joins title and text; set `titles: keep`']),
    ...(facts.dataset.removeSelf === facts.removeSelf
      ? []
      : [`MTEB ${facts.dataset.removeSelf ? 'drops' : 'keeps'} the query’s own document; set \`removeSelf\` so`]),
  ]
  return reasons.length === 0 ? { task } : { why: list(reasons) }
}

const secondsOf = ({ cost }: TrialResult, { queries }: CollectionResult) =>
  cost.indexSeconds + (cost.msPerQuery * queries) / 1000
