/**
 * A study of BM25 on 10,000, 100,000 and 1,000,000 passages, as `fieldtrial run` does it: the collection read and checked, indexed,
 * searched, linted, the texts for the report gathered, all written. Each size in a process of its own, whose highest memory counts.
 *
 * node bench/streaming.ts [--sizes 10000,100000,1000000] [--json FILE]
 */
import { spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Workspace } from '../src/core/workspace.ts'
import { executePlan } from '../src/study/execute.ts'
import { writeResults, writeRuns } from '../src/study/output.ts'
import { studyFromInput } from '../src/study/parse.ts'
import { planStudy } from '../src/study/plan.ts'
import { ownPeakMB } from './lib/memory.ts'
import { havePassages, writePassages } from './lib/passages.ts'
import { type BenchRow, benchRow, flagValue, reportBench, type Skip } from './lib/report.ts'

interface Measured {
  /** Reading the collection with all its checks. */
  readonly load: number
  /** From the file to an index on the disk. */
  readonly index: number
  readonly search: number
  /** Everything else: measures, lint, texts for the report, files. */
  readonly rest: number
  readonly queries: number
  readonly peakMB: number
  readonly indexMB: number
  readonly score: number
  readonly findings: readonly string[]
}

const scratch = fileURLToPath(new URL('../.bench/streaming/', import.meta.url))
const self = fileURLToPath(import.meta.url)
/** 2 GiB. */
const MOST_MB = 2 ** 31 / 1e6
/** How much more than proportionally the seconds may grow from one size to the next. */
const SLACK = 1.5

const inner = flagValue('--folder')
if (inner !== undefined) console.log(JSON.stringify(await study(inner)))
else await bench()

async function bench(): Promise<void> {
  const rows: BenchRow[] = []
  const skips: Skip[] = []
  const notes = [
    'passages: the relevant ones of TREC DL 2019 and 2020, and recombined sentences of the pool; 1,000 queries, 1,000 documents each; BM25 with its defaults, one thread',
    'load reads the collection once with all its checks and hashes, index reads it again and writes the index, the rest is measures, lint, gathering texts for the report, and writing files',
  ]
  const sizes = (flagValue('--sizes') ?? '10000,100000,1000000').split(',').map(Number)
  if (!havePassages())
    skips.push({ name: 'passages', reason: 'the collection msmarco-trecdl19-20-pool is not in ../shared/data' })
  else
    try {
      let smaller: { readonly size: number; readonly found: Measured } | undefined
      for (const size of sizes) {
        const folder = join(scratch, String(size))
        await writePassages(join(folder, 'passages'), size)
        const found = await studyApart(folder)
        await rm(folder, { recursive: true })
        rows.push(...rowsOf(size, found, smaller))
        notes.push(
          `${count(size)} passages: nDCG@10 ${found.score.toFixed(4)}, index ${found.indexMB.toFixed(0)} MB on the disk, the rest ${found.rest.toFixed(1)} s; findings: ${found.findings.join(', ')}`,
        )
        smaller = { size, found }
      }
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
  await reportBench(rows, { title: 'Streaming: BM25 up to a million passages', skips, notes })
}

function rowsOf(
  size: number,
  found: Measured,
  smaller: { readonly size: number; readonly found: Measured } | undefined,
): BenchRow[] {
  const name = `${count(size)} passages`
  const seconds = (what: 'load' | 'index' | 'search') =>
    benchRow({ name: `${what} ${name}`, ours: found[what], unit: 's', better: 'lower' })
  const rate = (what: string, n: number, taken: number, unit: string) =>
    benchRow({ name: `${what} ${name}`, ours: n / taken, unit, better: 'higher' })
  const growth = (['load', 'index', 'search'] as const).flatMap((what) =>
    smaller === undefined
      ? []
      : [
          benchRow({
            name: `${what} ${name}, seconds over those of ${count(smaller.size)}`,
            ours: found[what] / smaller.found[what],
            unit: 'times',
            better: 'lower',
            target: { atMost: (SLACK * size) / smaller.size },
          }),
        ],
  )
  return [
    seconds('load'),
    rate('load', size, found.load, 'documents/s'),
    seconds('index'),
    rate('index', size, found.index, 'documents/s'),
    seconds('search'),
    rate('search', found.queries, found.search, 'queries/s'),
    benchRow({ name: `study of ${name}, all in all`, ours: total(found), unit: 's', better: 'lower' }),
    ...growth,
    benchRow({
      name: `study of ${name}, highest memory`,
      ours: found.peakMB,
      unit: 'MB',
      better: 'lower',
      target: { below: Math.round(MOST_MB) },
    }),
  ]
}

function total({ load, index, search, rest }: Measured): number {
  return load + index + search + rest
}

function count(n: number): string {
  return n.toLocaleString('en-US')
}

/** The study in a process of its own, so that its memory is its own. */
function studyApart(folder: string): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...process.execArgv, self, '--folder', folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
    })
    child.once('error', reject)
    child.once('close', (code) =>
      code === 0
        ? resolve(JSON.parse(text) as Measured)
        : reject(new Error(`the study of ${folder} ended with ${code}`)),
    )
  })
}

async function study(folder: string): Promise<Measured> {
  const seconds = async <T>(work: () => Promise<T>): Promise<readonly [T, number]> => {
    const started = performance.now()
    return [await work(), (performance.now() - started) / 1000]
  }
  const workspace = await Workspace.open(join(folder, 'workspace'))
  const given = studyFromInput(
    { collections: [join(folder, 'passages')], baselines: ['bm25'], output: { dir: join(folder, 'results') } },
    { folder, defaultName: 'streaming' },
  )
  const [plan, load] = await seconds(() => planStudy(given, workspace))
  const [results, work] = await seconds(async () => {
    const executed = await executePlan(plan, workspace)
    if (executed.failures.length > 0) throw executed.failures[0]
    await writeResults(given.outputFolder, executed.results, executed.evidence)
    await writeRuns(given.outputFolder, plan, executed)
    return executed.results
  })
  const { cost, mean } = results.trials[0]!
  return {
    load,
    index: cost.indexSeconds,
    search: cost.searchSeconds,
    rest: work - cost.indexSeconds - cost.searchSeconds,
    queries: results.collections[0]!.queries,
    peakMB: ownPeakMB(),
    indexMB: cost.indexBytes / 1e6,
    score: mean['nDCG@10']!,
    findings: results.collections[0]!.findings.map(({ code }) => code),
  }
}
