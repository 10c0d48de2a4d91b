import { throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Document, Qrels, Run } from '../../data/index.ts'
import type { SampleBias } from '../../data/sample-card.ts'
import { fuse } from '../../fusion/index.ts'
import { Bm25Index, type Bm25Options } from '../../index/bm25/index.ts'
import { evaluate, meanOf, parseMeasures } from '../../measure/index.ts'
import type { AskedSplit } from './asked.ts'
import { type MeasuredRetriever, sampleBias } from './bias.ts'
import type { SizePoint } from './extrapolate.ts'
import type { WholeRun } from './gather-hard.ts'
import { named } from './named.ts'
import { BIAS_DEPTH, BIAS_MEASURES, PANEL, type PanelMember } from './panel.ts'
import { restrictRun } from './restrict.ts'

/** Documents that can be read any number of times. */
export interface Corpus {
  readonly documents: number
  read(): AsyncIterable<Document>
}

export interface BiasInput {
  readonly asked: AskedSplit
  readonly removeSelf: boolean
  readonly whole: Corpus
  readonly sample: Corpus
  /** Ids of the sample's documents. */
  readonly keep: ReadonlySet<string>
  /** Runs over the whole that are at hand. */
  readonly runs: readonly WholeRun[]
  /** Larger nested samples, from which BM25 is extrapolated to the whole; null: BM25 is run over the whole. */
  readonly nested: readonly Corpus[] | null
  /** Whether the documents have text for BM25. */
  readonly bm25: boolean
}

const MEASURES = parseMeasures(BIAS_MEASURES)

/** Retriever → measure → query → value. */
type Values = ReadonlyMap<string, ReadonlyMap<string, number>>

/**
 * Runs the panel, and what else is at hand, over the whole collection (or over nested samples) and over the sample, one index at a time.
 *
 * @returns Null where there is no retriever to tell it by.
 */
export async function measureBias(input: BiasInput, work: LongWork): Promise<SampleBias | null> {
  const { asked, whole, sample, keep, runs, nested } = input
  const depth = BIAS_DEPTH + (input.removeSelf ? 1 : 0)
  const values = (run: Run): Values => valuesOf(asked.qrels, run, input.removeSelf)
  const search = (corpus: Corpus, { id, options }: PanelMember) =>
    searchBm25(corpus, options, asked, depth, named(work, `${id} × ${corpus.documents} documents`))
  const found = new Map<string, MeasuredRetriever[]>(BIAS_MEASURES.map((name) => [name, []]))
  const add = (id: string, here: Values, there: (measure: string) => MeasuredRetriever['whole'], short = 0) => {
    for (const measure of BIAS_MEASURES)
      found.get(measure)!.push({ id, sample: here.get(measure)!, whole: there(measure), short })
  }

  let plain: { readonly here: Run; readonly there: Run | null } | null = null
  for (const member of input.bm25 ? PANEL : []) {
    const { id } = member
    throwIfAborted(work.signal)
    const here = await search(sample, member)
    const atHand = runs.find((run) => run.kind === 'bm25' && run.id === id)?.run
    const there = atHand ?? (nested === null ? await search(whole, member) : null)
    if (id === 'bm25') plain = { here, there }
    const hereValues = values(here)
    if (there !== null) {
      const thereValues = values(there)
      add(id, hereValues, (measure) => thereValues.get(measure)!)
      continue
    }
    const points = [pointsOf(sample.documents, hereValues)]
    for (const corpus of nested!) points.push(pointsOf(corpus.documents, values(await search(corpus, member))))
    add(id, hereValues, (measure) => points.map((point) => point.get(measure)!))
  }
  for (const { id, kind, run } of runs) {
    if (kind === 'bm25') continue
    const { run: here, short } = restrictRun(run, keep, depth)
    const thereValues = values(run)
    add(id, values(here), (measure) => thereValues.get(measure)!, short)
    if (kind !== 'dense' || plain?.there == null) continue
    const fused = [plain.there, restrictRun(run, null, depth).run] as const
    const fusedValues = values(fuse(fused, RRF(depth)))
    add(`rrf of bm25 and ${id}`, values(fuse([plain.here, here], RRF(depth))), (measure) => fusedValues.get(measure)!)
  }
  if (found.get(BIAS_MEASURES[0])!.length === 0) return null
  return sampleBias(found, asked.queries.length, whole.documents)
}

const RRF = (depth: number) => ({ method: 'rrf', k: 60, depth }) as const

async function searchBm25(corpus: Corpus, options: Bm25Options, asked: AskedSplit, depth: number, work: LongWork) {
  const index = await Bm25Index.build(corpus.read(), options, { ...work, total: corpus.documents })
  return index.searchAll(asked.queries, depth, work)
}

function valuesOf(qrels: Qrels, run: Run, removeSelf: boolean): Values {
  return evaluate(qrels, run, MEASURES, { removeSelf }).perQuery
}

function pointsOf(documents: number, values: Values): Map<string, SizePoint> {
  return new Map(
    [...values].map(([measure, perQuery]) => [measure, { documents, value: meanOf([...perQuery.values()]) }]),
  )
}
