import { FieldtrialError } from '../../core/errors.ts'
import { didYouMean } from '../../core/suggest.ts'
import type { PublishedFigure, PublishedProtocol, SystemKind } from '../published/types.ts'
import { MTEB_TASKS, type MtebTask } from './tasks.ts'

/** Whose result it is, as told by `model_meta.json` or by the folders that the file lies in. */
export interface MtebModel {
  /** `owner/name`, with the settings of an experiment. */
  readonly name: string
  readonly revision: string | null
  readonly kind: SystemKind
  readonly prompts: PublishedProtocol['prompts']
}

type Scores = Readonly<Record<string, unknown>>

/** One split of one subset. */
interface SubsetScores {
  readonly split: string
  readonly subset: string
  readonly scores: Scores
}

const NAMES: Readonly<Record<string, string>> = { ndcg: 'nDCG', map: 'AP', recall: 'R', precision: 'P', mrr: 'MRR' }

/**
 * The figures of one of MTEB's result files, of its present format (`task_name`, `scores: { split: [ … ] }`) or of that before version
 * 1.11 (`mteb_dataset_name`, the splits at the top, subsets by name below them).
 *
 * @param file Named in errors and as the figures' address.
 * @throws FieldtrialError `DATA_INVALID` when it is no such file, its task is none of {@link MTEB_TASKS}, or a score is outside 0–1.
 */
export function readMtebResult(content: unknown, file: string, model: MtebModel): PublishedFigure[] {
  const invalid = (message: string, hint: string, field?: string) =>
    new FieldtrialError('DATA_INVALID', `${file}: ${message}`, { hint, where: { file, ...(field ? { field } : {}) } })
  if (!isRecord(content)) throw invalid('not a JSON object.', 'Name a result file that mteb wrote.')
  const task = content.task_name ?? content.mteb_dataset_name
  if (typeof task !== 'string')
    throw invalid('neither `task_name` nor `mteb_dataset_name` says what was measured.', 'Name a result file of mteb.')
  const known = MTEB_TASKS.filter((entry) => entry.task === task)
  if (known.length === 0)
    throw invalid(
      `the task ${JSON.stringify(task)} is not one of the retrieval collections known here.`,
      didYouMean(
        task,
        MTEB_TASKS.map((entry) => entry.task),
      ),
    )
  const revision = typeof content.dataset_revision === 'string' ? content.dataset_revision : null
  const found = content.task_name === undefined ? oldScores(content) : newScores(content.scores)
  if (found === null) throw invalid('its scores are not laid out as mteb lays them out.', 'Run mteb again.', 'scores')
  return found.flatMap(({ split, subset, scores }) => {
    const entry = known.find((one) => one.subset === subset)
    return entry === undefined ? [] : figures(entry, split, scores, revision, file, model)
  })
}

function newScores(scores: unknown): SubsetScores[] | null {
  if (!isRecord(scores)) return null
  const found: SubsetScores[] = []
  for (const [split, subsets] of Object.entries(scores)) {
    if (!Array.isArray(subsets)) return null
    for (const one of subsets as unknown[]) {
      if (!isRecord(one)) return null
      found.push({ split, subset: typeof one.hf_subset === 'string' ? one.hf_subset : 'default', scores: one })
    }
  }
  return found
}

function oldScores(content: Scores): SubsetScores[] | null {
  const found: SubsetScores[] = []
  for (const [split, value] of Object.entries(content)) {
    if (!isRecord(value)) continue
    const subsets = Object.entries(value).filter((entry): entry is [string, Scores] => isRecord(entry[1]))
    if (subsets.length === 0) found.push({ split, subset: 'default', scores: value })
    else found.push(...subsets.map(([subset, scores]) => ({ split, subset, scores })))
  }
  return found.length === 0 ? null : found
}

function figures(
  entry: MtebTask,
  split: string,
  scores: Scores,
  revision: string | null,
  file: string,
  model: MtebModel,
): PublishedFigure[] {
  const protocol: PublishedProtocol = {
    // MTEB joins title and text, and drops the query's own document where queries are documents.
    titles: 'keep',
    corpus: entry.kind === 'other' ? 'sampled' : 'full',
    prompts: model.prompts,
    removeSelf: true,
    ...(revision === null || revision === entry.revision || entry.kind === 'mean'
      ? {}
      : { otherRevision: { theirs: revision, current: entry.revision } }),
  }
  return Object.entries(scores).flatMap(([key, value]) => {
    const match = /^(ndcg|map|recall|precision|mrr)_at_(\d+)$/.exec(key)
    if (match === null || value === null) return []
    if (typeof value !== 'number' || !(value >= 0 && value <= 1))
      throw new FieldtrialError('DATA_INVALID', `${file}: ${key} is ${JSON.stringify(value)}, not between 0 and 1.`, {
        hint: 'mteb writes scores as fractions; a file with per cent was changed by another program.',
        where: { file, field: key },
      })
    return [
      {
        collection: entry.collection,
        split,
        system: model.name,
        kind: model.kind,
        measure: `${NAMES[match[1]!]}@${match[2]}`,
        value,
        decimals: 5,
        source: {
          id: 'mteb-result',
          title: `MTEB result of ${model.name}${model.revision === null ? '' : `, revision ${model.revision}`}`,
          url: file,
        },
        protocol,
        verified: true,
      },
    ]
  })
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
