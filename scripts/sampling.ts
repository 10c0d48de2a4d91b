/**
 * What samples do to the order of retrievers, on collections whose whole is known: with the hard distractors of BM25, with those of BM25
 * and an encoder, and with random documents alone. Prints the tables of docs/sampling.md.
 *
 *   node scripts/sampling.ts [--data ../shared/data] [--model .models/all-MiniLM-L6-v2] [--estimates]
 *
 * `--estimates` prints instead how far estimates of the whole are off; it needs no model.
 */
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { encoderSpec } from '../src/cli/encoder-flags.ts'
import { Workspace } from '../src/core/workspace.ts'
import type { MeasureBias } from '../src/data/sample-card.ts'
import { judgedDocuments } from '../src/study/sample/asked.ts'
import { gatherHard, type WholeRun } from '../src/study/sample/gather-hard.ts'
import { HardPool } from '../src/study/sample/hard-pool.ts'
import { makeSample } from '../src/study/sample/make.ts'
import { measureBias } from '../src/study/sample/measure-bias.ts'
import { resolveSize, type SampleOptions } from '../src/study/sample/options.ts'
import { selectDocuments } from '../src/study/sample/select.ts'
import { openSource, type SampleSource } from '../src/study/sample/source.ts'

type Case = readonly [name: string, share: number, queries?: number]

/** All queries, and so few that there is room for some ten results of each retriever. NFCorpus judges hundreds of documents for a query. */
const ORDERS: readonly Case[] = [
  ['nfcorpus', 0.5, 40],
  ['scifact', 0.25],
  ['scifact', 0.25, 50],
  ['cosqa-coclr', 0.25],
  ['cosqa-coclr', 0.25, 60],
  ['codetrans-java-csharp', 0.25],
  ['codetrans-java-csharp', 0.25, 120],
  ['pystdlib-docstring', 0.25],
  ['pystdlib-docstring', 0.25, 40],
]
const ESTIMATES: readonly Case[] = [
  ['scifact', 0.06, 60],
  ['cosqa-coclr', 0.06, 60],
  ['codetrans-java-csharp', 0.06, 120],
  ['pystdlib-docstring', 0.08, 60],
  ['msmarco-trecdl19-20-pool', 0.1, 10],
]
const SEED = 1

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data' },
    model: { type: 'string', default: '.models/all-MiniLM-L6-v2' },
    estimates: { type: 'boolean', default: false },
  },
})
const workspace = await Workspace.open('.bench/sampling')
await (values.estimates ? printEstimates() : printOrders())

async function printOrders(): Promise<void> {
  const model = { ...(await encoderSpec(resolve(values.model), {})), id: basename(values.model) }
  const order = ['tau', 'swapped', 'largest', 'significant', 'bias']
  printRow(
    'collection',
    'queries',
    'documents',
    'distractors',
    'judged + hard + random',
    ...order,
    'tau R@100',
    'bias R@100',
  )
  printRow(...Array<string>(12).fill('---'))
  for (const [name, share, queries] of ORDERS) {
    const size = resolveSize({ share, ...(queries === undefined ? {} : { queries }), seed: SEED })
    const source = await openSource(specOf(name), size, [], workspace, {})
    const { runs } = await gatherHard(source, size.hard, [model], [], workspace, {})
    const kinds: readonly (readonly [string, readonly WholeRun[]])[] = [
      ['random alone', []],
      ['BM25', runs.filter(({ kind }) => kind === 'bm25')],
      [`BM25, ${model.id}`, runs],
    ]
    for (const [label, donors] of kinds) {
      const { parts, ndcg, recall } = await sampled(source, donors, runs, size.hard)
      printRow(
        name,
        String(source.splits[0]!.queries.length),
        `${source.size} of ${source.summary.documents}`,
        label,
        parts,
        ...orderWords(ndcg),
        biasWords(ndcg),
        orderWords(recall)[0]!,
        biasWords(recall),
      )
    }
  }
}

/** A sample with the first results of some retrievers, measured by all. */
async function sampled(source: SampleSource, donors: readonly WholeRun[], runs: readonly WholeRun[], hard: number) {
  const { whole, summary, splits, size } = source
  const pool = new HardPool()
  for (const { id, run } of donors) pool.add(id, run, hard, whole.removeSelf)
  const work = { subject: whole.name, total: summary.documents }
  const selected = await selectDocuments(whole.documents(), judgedDocuments(splits), pool, size, SEED, work)
  const keep = new Set(selected.order.slice(0, size))
  const bias = await measureBias(
    {
      asked: splits[0]!,
      removeSelf: whole.removeSelf,
      whole: { documents: summary.documents, read: () => whole.documents() },
      sample: {
        documents: keep.size,
        async *read() {
          for await (const document of whole.documents()) if (keep.has(document.id)) yield document
        },
      },
      keep,
      runs,
      nested: null,
      bm25: true,
    },
    {},
  )
  const taken = Math.min(selected.hard, keep.size - selected.judged)
  return {
    parts: `${selected.judged} + ${taken} + ${keep.size - selected.judged - taken}`,
    ndcg: bias!.measures['nDCG@10']!,
    recall: bias!.measures['R@100']!,
  }
}

function orderWords({ ranking }: MeasureBias): string[] {
  const { tau, pairs, swapped, largest, significant } = ranking
  return [
    tau === null ? '–' : tau.toFixed(2),
    `${swapped} of ${pairs}`,
    largest === null ? '–' : `${largest.whole.toFixed(3)} (${largest.better}, ${largest.worse})`,
    significant === null ? '–' : `${significant.kept} of ${significant.pairs}`,
  ]
}

function biasWords({ retrievers }: MeasureBias): string {
  const all = retrievers.map(({ bias }) => bias)
  return `${signed(Math.min(...all))} to ${signed(Math.max(...all))}`
}

async function printEstimates(): Promise<void> {
  printRow(
    'collection',
    'documents',
    'queries',
    'measure',
    'sample is off by',
    '4 × the sample is off by',
    'estimate is off by',
  )
  printRow(...Array<string>(7).fill('---'))
  const folder = join(workspace.cache, 'estimated')
  for (const [name, share, queries] of ESTIMATES) {
    const drawn = (bias: SampleOptions['bias'] & string) =>
      makeSample(specOf(name), { share, queries: queries!, seed: SEED, bias }, folder, workspace)
    const [whole, estimate] = [await drawn('whole'), await drawn('estimate')]
    for (const [measure, { retrievers }] of Object.entries(estimate.bias!.measures)) {
      const known = whole.bias!.measures[measure]!.retrievers
      const errors = retrievers.flatMap((one, i) =>
        one.how === 'estimated'
          ? [[one.sample, one.points!.at(-1)!.value, one.whole].map((value) => Math.abs(value - known[i]!.whole))]
          : [],
      )
      const mean = (column: number) =>
        `${(errors.reduce((sum, row) => sum + row[column]!, 0) / errors.length).toFixed(3)} (at most ${Math.max(...errors.map((row) => row[column]!)).toFixed(3)})`
      const { documents, source } = estimate
      printRow(name, `${documents.total} of ${source.documents}`, String(queries), measure, mean(0), mean(1), mean(2))
    }
  }
}

function specOf(name: string) {
  return { source: join(values.data, name), name, given: name }
}

function printRow(...cells: string[]): void {
  console.log(`| ${cells.join(' | ')} |`)
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`
}
