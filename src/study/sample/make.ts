import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { scratchName, writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError } from '../../core/errors.ts'
import type { Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import { VERSION } from '../../core/version.ts'
import type { Workspace } from '../../core/workspace.ts'
import { findDataset, openCollection } from '../../data/index.ts'
import {
  SAMPLE_CARD,
  SAMPLE_FORMAT,
  SAMPLE_VERSION,
  type SampleBias,
  type SampleCard,
  type SampleCounts,
} from '../../data/sample-card.ts'
import { bm25Identity } from '../../index/bm25/index.ts'
import type { StudyCollection } from '../study.ts'
import { type AskedSplit, judgedDocuments } from './asked.ts'
import { clearFolder, requireFolder, requireUnchanged } from './folder.ts'
import { gatherHard, hashRun, type WholeRun } from './gather-hard.ts'
import type { HardPool } from './hard-pool.ts'
import { type Corpus, measureBias } from './measure-bias.ts'
import { type BiasMode, type ResolvedSize, resolveSize, type SampleOptions } from './options.ts'
import { DONORS } from './panel.ts'
import { fullRank, type Selected, selectDocuments } from './select.ts'
import { openSource, type SampleSource } from './source.ts'
import { writeSample } from './write.ts'

/** Up to so many documents BM25 is run over the whole to tell the bias. */
const MOST_WHOLE = 1_000_000
/** The measures look at ten documents: with fewer hard ones for a query, what misled a retriever there is lost. */
const SHALLOW = 10
/** Larger nested samples that the bias is extrapolated from, in multiples of the sample. */
const MULTIPLES = [2, 4] as const

/**
 * Draws a smaller collection that keeps the order of retrievers, and tells what that does to their scores: all documents judged for the
 * kept queries, the first results of retrievers (hard distractors), and random ones.
 *
 * @param folder Where the BEIR folder with its card is written. It must be empty, absent, or hold a sample, which is replaced.
 * @throws FieldtrialError `USAGE` for options out of range or judged documents that do not fit; as `openCollection`, `summarise` and
 * encoders; `CANCELLED`, `DISK_FULL`.
 */
export async function makeSample(
  spec: StudyCollection,
  options: SampleOptions,
  folder: string,
  workspace: Workspace,
  work: LongWork & { readonly offline?: boolean } = {},
): Promise<SampleCard> {
  const size = resolveSize(options)
  await requireFolder(folder)
  const source = await openSource(spec, size, options.splits ?? [], workspace, work)
  const { whole, summary, splits } = source
  const judged = judgedDocuments(splits)
  const mode = biasMode(options.bias ?? 'auto', summary.documents)
  const { pool, runs, slices } = await gatherHard(
    source,
    size.hard,
    options.models ?? [],
    options.runs ?? [],
    workspace,
    work,
  )
  const sizes = mode === 'estimate' ? nestedSizes(source.size, summary.documents) : []
  const selected = await selectDocuments(whole.documents(), judged, pool, sizes.at(-1) ?? source.size, size.seed, {
    ...work,
    subject: whole.name,
    total: summary.documents,
  })
  requireRoom(selected, source, splits)
  const keep = new Set(selected.order.slice(0, source.size))
  const counts = countsOf(selected, source.size, keep, pool)
  tellRoom(counts, size.hard, work)
  const drawn = await optionsOf(size, options, slices, runs)
  const writeCard = async (bias: SampleBias | null) => {
    const card = cardOf(source, drawn, counts, bias)
    await writeAtomic(join(folder, SAMPLE_CARD), `${JSON.stringify(card, null, 1)}\n`)
    return card
  }
  await clearFolder(folder)
  // Before the corpus: what is left of work that was stopped must not pass for a whole collection.
  await writeCard(null)
  const writing = { ...work, total: summary.documents }
  await writeSample(folder, whole, keep, splits, writing)
  await requireUnchanged(source, folder)
  const bias = await withNested(sizes, selected, source, workspace, writing, (nested) =>
    mode === 'none'
      ? Promise.resolve(null)
      : measureBias(
          {
            asked: splits[0]!,
            removeSelf: whole.removeSelf,
            whole: { documents: summary.documents, read: () => whole.documents() },
            sample: corpusIn(folder, source, keep, workspace),
            keep,
            runs,
            nested: mode === 'whole' ? null : nested,
            bm25: summary.documentCharacters > 0,
          },
          work,
        ),
  )
  return writeCard(bias)
}

function biasMode(mode: BiasMode, documents: number): 'whole' | 'estimate' | 'none' {
  return mode === 'auto' ? (documents <= MOST_WHOLE ? 'whole' : 'estimate') : mode
}

function nestedSizes(size: number, documents: number): number[] {
  return [...new Set(MULTIPLES.map((multiple) => Math.min(documents, multiple * size)))]
}

/** @throws FieldtrialError `USAGE` where the judged documents do not fit. */
function requireRoom({ judged }: Selected, { size }: SampleSource, splits: readonly AskedSplit[]): void {
  if (judged <= size) return
  const queries = splits.reduce((sum, split) => sum + split.queries.length, 0)
  const fair = queriesWithin(splits, size / 2)
  throw new FieldtrialError(
    'USAGE',
    `${judged} documents are judged for the ${queries} queries, and the sample is to hold ${size}.`,
    {
      hint:
        fair > 0
          ? `Keep fewer queries (the judged documents of ${fair} take half of the room: --queries ${fair}), or more documents.`
          : 'Keep more documents.',
      where: { field: 'documents' },
    },
  )
}

/** How many queries of each split, in the order in which they are drawn, have no more judged documents than `most` together. */
function queriesWithin(splits: readonly AskedSplit[], most: number): number {
  const judged = new Set<string>()
  const longest = Math.max(...splits.map(({ drawn }) => drawn.length))
  for (let n = 0; n < longest; n++) {
    for (const { drawn, qrels } of splits)
      for (const document of qrels.get(drawn[n] ?? '')?.keys() ?? []) judged.add(document)
    if (judged.size > most) return n
  }
  return longest
}

function countsOf(selected: Selected, size: number, keep: ReadonlySet<string>, pool: HardPool): SampleCounts {
  const judged = selected.judged
  const hard = Math.min(selected.hard, keep.size - judged)
  return {
    total: keep.size,
    judged,
    hard,
    random: keep.size - judged - hard,
    found: Object.fromEntries(
      [...pool.found].map(([name, ids]) => [
        name,
        { kept: [...ids].filter((id) => keep.has(id)).length, of: ids.size },
      ]),
    ),
    hardRank: fullRank(selected, size, pool),
  }
}

function tellRoom({ hardRank, random, found }: SampleCounts, hard: number, { onNotice }: LongWork): void {
  if (hardRank !== null)
    onNotice?.({
      level: hardRank < SHALLOW ? 'warning' : 'info',
      code: 'sample.room',
      message: `There is room for ${hardRank === 0 ? 'a part of the first results' : `the first ${hardRank} results`} of each retriever, not for ${hard}, and for no random documents.${hardRank < SHALLOW ? ` With fewer than ${SHALLOW} the order of retrievers is less safe: keep fewer queries, or more documents.` : ''}`,
    })
  else if (random === 0)
    onNotice?.({ level: 'info', code: 'sample.room', message: 'There is no room for documents drawn by chance.' })
  for (const [name, { kept, of }] of Object.entries(found))
    if (kept === 0 && of > 0)
      onNotice?.({
        level: 'warning',
        code: 'sample.foreign-run',
        message: `None of the ${of} documents that ${name} found is in the sample: is it a run of this collection?`,
      })
}

/** The documents of a sample's folder, those of `keep` only. */
function corpusIn(folder: string, { whole }: SampleSource, keep: ReadonlySet<string>, workspace: Workspace): Corpus {
  return {
    documents: keep.size,
    async *read() {
      const opened = await openCollection({ source: folder, split: whole.split }, { cacheDir: workspace.cache })
      for await (const document of opened.documents()) if (keep.has(document.id)) yield document
    },
  }
}

/** Writes the largest nested sample to a folder that is gone afterwards, for the smaller ones are parts of it. */
async function withNested(
  sizes: readonly number[],
  { order }: Selected,
  source: SampleSource,
  workspace: Workspace,
  work: LongWork & { readonly total: number },
  measure: (nested: readonly Corpus[]) => Promise<SampleBias | null>,
): Promise<SampleBias | null> {
  const largest = sizes.at(-1)
  if (largest === undefined) return measure([])
  const folder = scratchName(join(workspace.cache, 'sample'))
  try {
    await writeSample(folder, source.whole, new Set(order.slice(0, largest)), source.splits.slice(0, 1), work)
    return await measure(sizes.map((size) => corpusIn(folder, source, new Set(order.slice(0, size)), workspace)))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function optionsOf(
  size: ResolvedSize,
  { models = [], runs = [], splits = [] }: SampleOptions,
  slices: number,
  found: readonly WholeRun[],
): Promise<SampleCard['options']> {
  return {
    ...size,
    splits: [...splits],
    bm25:
      slices === 0
        ? null
        : { retrievers: DONORS.map((donor) => ({ id: donor.id, identity: bm25Identity(donor.options) })), slices },
    models: models.map(({ id, model, recipe }) => ({ id, model: model.given, recipe: recipe as unknown as Json })),
    runs: await Promise.all(
      runs.map(async (file, i) => ({
        name: found.filter(({ kind }) => kind === 'run')[i]?.id ?? basename(file),
        sha256: await hashRun(file),
      })),
    ),
  }
}

function cardOf(
  { spec, whole, summary, splits }: SampleSource,
  options: SampleCard['options'],
  documents: SampleCounts,
  bias: SampleBias | null,
): SampleCard {
  const { corpusHash, queriesHash, qrelsHash, queries, judgments } = summary
  return {
    format: SAMPLE_FORMAT,
    version: SAMPLE_VERSION,
    fieldtrial: VERSION,
    source: {
      given: spec.given,
      name: findDataset(spec.source)?.id ?? whole.name,
      split: whole.split,
      documents: summary.documents,
      queries,
      judgments,
      removeSelf: whole.removeSelf,
      corpusHash,
      queriesHash,
      qrelsHash,
    },
    options,
    documents,
    splits: Object.fromEntries(splits.map(({ split, queries: kept, of }) => [split, { queries: kept.length, of }])),
    bias,
  }
}
