import { FieldtrialError } from '../../core/errors.ts'
import { fingerprint, type Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import type { CollectionContext } from '../../data/spec.ts'
import { hashFiles } from '../../engines/text/hash.ts'
import { PromptTokenizer } from '../../engines/text/tokenizer/prompt-tokenizer.ts'
import { GENERIC_TASK, taskInstruction } from '../../recipes/index.ts'
import { type Obtained, obtain } from '../../study/artifact.ts'
import { usesTask } from '../../study/identity.ts'
import { type OpenedSource, openSource } from '../data/open.ts'
import { OverlapCount, requireApart, type Tested } from '../data/overlap.ts'
import { openTested } from '../data/tested.ts'
import type { Training } from '../training.ts'
import { addCollection } from './add-collection.ts'
import { addExamples } from './add-examples.ts'
import { type SetCounts, type SetPlan, SetWriter } from './set-writer.ts'
import type { SourceCounts } from './source-counts.ts'

/** Rises when the same data and recipe would be prepared in another way. */
const PREPARE_VERSION = 1

/** One source of a set, for reports and cards. */
export interface SourceReport extends SourceCounts {
  readonly source: string
  readonly split: string | null
  readonly repositories: readonly string[]
  /** In a few words; null for none but those of the batch. */
  readonly negatives: string | null
  /** Shared with splits under test and allowed, or of the same corpus by design. */
  readonly shared: readonly {
    readonly collection: string
    readonly split: string
    readonly queries: number
    readonly positives: number
  }[]
}

export interface SetDetail {
  readonly counts: SetCounts
  readonly sources: readonly SourceReport[]
}

export interface PreparedSet extends Obtained<SetDetail> {
  readonly identity: Json
}

/** What determines tokens and pixels beside the data: recipe, tokenizer and how it is used, pixel budget. */
export interface TokenIdentity {
  readonly plan: SetPlan
  readonly identity: Json
}

/**
 * The examples of a training in tokens: an artifact of the workspace, taken from there if the same data and recipe have been prepared before.
 * Sources are streamed.
 *
 * @throws FieldtrialError `DATA_INVALID`, `DATA_MISSING` for what is wrong with the data; `RECIPE_INVALID`, `DISK_FULL`, `CANCELLED`.
 */
export async function prepareSet(
  training: Training,
  tokens: TokenIdentity,
  workspace: Workspace,
  options: LongWork & { readonly offline?: boolean },
): Promise<PreparedSet> {
  const context: CollectionContext = {
    cacheDir: workspace.cache,
    ...(options.offline ? { offline: true } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.onNotice ? { onNotice: options.onNotice } : {}),
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
  }
  const sources: OpenedSource[] = []
  for (const spec of training.data) sources.push(await openSource(spec, context))
  const tested = await openTested(training, sources, context)
  const asksTask = usesTask(tokens.plan.recipe, 'query') || usesTask(tokens.plan.recipe, 'document')
  const taskOf = (source: OpenedSource) => (asksTask ? taskFor(source) : '')
  const hashes = (files: readonly string[]) =>
    hashFiles([...files], workspace.path('cache', 'data-hashes.json'), options.signal)
  const identity: Json = {
    artifact: 'training-set',
    version: PREPARE_VERSION,
    tokens: tokens.identity,
    negatives: training.negatives,
    tooLong: training.tooLong,
    seed: training.seed,
    scores: training.loss.distill !== null,
    sources: await Promise.all(
      sources.map(async (source) => ({
        files: await hashes(source.files),
        mined: isFile(source.spec.negatives) ? await hashes([source.spec.negatives]) : source.spec.negatives,
        kind: source.kind,
        task: taskOf(source),
        reading: source.kind === 'collection' ? source.collection.reading : { ...source.spec.columns },
        rules: { ...pickRules(source.spec) },
      })),
    ),
    tested: await Promise.all(
      tested.map(async ({ collection }) => ({
        files: await hashes(collection.sourceFiles()),
        split: collection.split,
      })),
    ),
    allow: [...training.overlap.allow],
    drop: training.overlap.drop,
  }
  const obtained = await obtain<SetDetail>(
    workspace,
    'training-sets',
    identity,
    async (folder) => {
      const read: Tested[] = []
      for (const one of tested) read.push(await one.read(options))
      const tokenizer = await PromptTokenizer.load(
        tokens.plan.tokenizerFile,
        tokens.plan.tokenizerConfig,
        tokens.plan.lowerCase,
      )
      const scores = training.loss.distill !== null
      const writer = await SetWriter.create(folder, tokens.plan, tokenizer, { scores })
      try {
        const reports: SourceReport[] = []
        for (const source of sources) {
          const overlap = new OverlapCount(read, source.files)
          const adding = { writer, training, task: taskOf(source), overlap, work: options }
          const counts =
            source.kind === 'collection' ? await addCollection(source, adding) : await addExamples(source, adding)
          requireApart(source.name, overlap, training.overlap)
          reports.push({ ...counts, ...reportOf(source, overlap) })
        }
        const counts = await writer.finish(fingerprint(identity))
        if (counts.groups < 2)
          throw new FieldtrialError('DATA_INVALID', 'The training data hold a single example.', { hint: 'Add more.' })
        return { counts, sources: reports }
      } finally {
        await writer.abandon()
      }
    },
    { work: options },
  )
  return { ...obtained, identity }
}

/** The task instruction of a source: the user's, the published one, or a generic one. */
function taskFor({ spec }: OpenedSource): string {
  return spec.task ?? (taskInstruction(spec.given) ?? GENERIC_TASK).instruction
}

function isFile(negatives: string): boolean {
  return negatives !== 'none' && negatives !== 'random'
}

function pickRules({ withoutNegatives, missing, weight, limit }: OpenedSource['spec']) {
  return { withoutNegatives, missing, weight, limit }
}

function reportOf(source: OpenedSource, overlap: OverlapCount): Omit<SourceReport, keyof SourceCounts> {
  const { negatives } = source.spec
  return {
    source: source.name,
    split: source.split,
    repositories: source.repositories,
    negatives:
      source.kind === 'examples'
        ? 'as the examples have them'
        : negatives === 'none'
          ? null
          : negatives === 'random'
            ? 'random documents'
            : 'mined',
    shared: [...overlap.found].flatMap(([{ name, split }, { queries, positives }]) =>
      queries + positives === 0 ? [] : [{ collection: name, split, queries, positives }],
    ),
  }
}
