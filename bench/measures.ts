/**
 * Reading a TREC run and qrels and measuring nDCG@10, AP, R@1000, RR and P@10, beside pytrec_eval and ranx: 1,000 queries ×
 * 1,000 documents, scores at full precision, the same two files for all. The means must agree, or the bench fails.
 *
 * node bench/measures.ts [--queries N] [--depth N] [--json FILE]
 */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readQrels, readRun, writeRunFile } from '../src/data/trec.ts'
import type { Run } from '../src/data/types.ts'
import { evaluate, parseMeasures } from '../src/measure/index.ts'
import { randomWords } from '../src/measure/significance/random.ts'
import { openPeer, type Peer } from './lib/python.ts'
import { type BenchRow, benchRow, flagValue, reportBench, type Skip } from './lib/report.ts'
import { interleave } from './lib/timing.ts'

const QUERIES = Number(flagValue('--queries') ?? 1000)
const DEPTH = Number(flagValue('--depth') ?? 1000)
const DOCUMENTS = Math.max(200_000, 2 * DEPTH)
const MEASURES = ['nDCG@10', 'AP', 'R@1000', 'RR', 'P@10']
const PEERS = { pytrec_eval: 'measures_pytrec_eval.py', ranx: 'measures_ranx.py' } as const

interface Answer {
  readonly read: number
  readonly measure: number
  readonly means: Readonly<Record<string, number>>
}

/** A run of random scores, and judgments of about 50 documents a query, half of them retrieved. */
async function makeFiles(folder: string): Promise<{ qrelsFile: string; runFile: string }> {
  const random = randomWords(42)
  const uniform = () => (random.next() >>> 0) / 2 ** 32
  const run: Run = new Map()
  let qrels = ''
  for (let q = 0; q < QUERIES; q++) {
    const ids = new Set<string>()
    while (ids.size < DEPTH) ids.add(`doc${Math.floor(uniform() * DOCUMENTS)}`)
    run.set(`q${q}`, { ids: [...ids], scores: Float64Array.from(ids, () => uniform() * 30) })
    const judged = new Set([...ids].filter((_, i) => i % Math.ceil(DEPTH / 25) === 0))
    while (judged.size < 50) judged.add(`doc${Math.floor(uniform() * DOCUMENTS)}`)
    for (const id of judged) qrels += `q${q} 0 ${id} ${Math.floor(uniform() * 3)}\n`
  }
  const qrelsFile = join(folder, 'qrels.trec')
  const runFile = join(folder, 'run.trec')
  await writeFile(qrelsFile, qrels)
  await writeRunFile(runFile, run, 'bench')
  return { qrelsFile, runFile }
}

async function measureOurs(qrelsFile: string, runFile: string): Promise<Answer> {
  const start = performance.now()
  const qrels = await readQrels(qrelsFile)
  const { run } = await readRun(runFile)
  const read = performance.now()
  const { mean } = evaluate(qrels, run, parseMeasures(MEASURES))
  const end = performance.now()
  const means = Object.fromEntries(MEASURES.map((name) => [name, mean.get(name)!]))
  return { read: (read - start) / 1000, measure: (end - read) / 1000, means }
}

/** ranx holds scores as doubles: the few that are equal as 32-bit floats, which trec_eval takes for ties, move its AP a little. */
const TOLERANCE = { pytrec_eval: 1e-12, ranx: 1e-6 } as const

function requireAgreement(name: keyof typeof PEERS, theirs: Answer, ours: Answer): number {
  const worst = Math.max(...MEASURES.map((m) => Math.abs(theirs.means[m]! - ours.means[m]!)))
  if (!(worst < TOLERANCE[name]))
    throw new Error(`${name} measures ${JSON.stringify(theirs.means)}, we ${JSON.stringify(ours.means)}`)
  return worst
}

const rows: BenchRow[] = []
const skips: Skip[] = []
const notes: string[] = []
const peers: Partial<Record<keyof typeof PEERS, Peer>> = {}
const folder = await mkdtemp(join(tmpdir(), 'fieldtrial-bench-'))
try {
  const { qrelsFile, runFile } = await makeFiles(folder)
  const size = `${QUERIES.toLocaleString('en-US')} queries × ${DEPTH.toLocaleString('en-US')}`
  notes.push(`the run file has ${((await stat(runFile)).size / 1e6).toFixed(0)} MB`)
  const ours = await measureOurs(qrelsFile, runFile)
  for (const [name, script] of Object.entries(PEERS) as [keyof typeof PEERS, string][]) {
    const opened = await openPeer(script, [qrelsFile, runFile], { threads: 1 })
    if (!opened.ok) {
      skips.push({ name, reason: opened.reason })
      continue
    }
    peers[name] = opened.peer
    // The first call also compiles ranx, and shows that all measure the same.
    const difference = requireAgreement(name, await opened.peer.ask<Answer>('measure'), ours)
    notes.push(`${name}: all five means agree within ${difference.toExponential(1)}`)
  }
  const shares = new Map<string, Answer[]>()
  const side = (name: string, work: () => Promise<Answer>) => async () => {
    const answer = await work()
    shares.set(name, [...(shares.get(name) ?? []), answer])
    return answer.read + answer.measure
  }
  const times = await interleave<string>({
    fieldtrial: side('fieldtrial', () => measureOurs(qrelsFile, runFile)),
    ...Object.fromEntries(
      Object.entries(peers).map(([name, peer]) => [name, side(name, () => peer.ask<Answer>('measure'))]),
    ),
  })
  if (Object.keys(peers).length === 0)
    rows.push(
      benchRow({ name: `read and measure, ${size}`, unit: 's', better: 'lower', ours: times.fieldtrial!.median }),
    )
  for (const name of Object.keys(peers))
    rows.push(
      benchRow({
        name: `read and measure, ${size}`,
        unit: 's',
        better: 'lower',
        ours: times.fieldtrial!.median,
        peer: times[name]!.median,
        peerName: name,
        target: { ratio: 1 },
      }),
    )
  for (const [name, answers] of shares) {
    const reading = answers.map((answer) => answer.read / (answer.read + answer.measure)).sort((a, b) => a - b)
    notes.push(`${name}: ${Math.round(100 * reading[reading.length >> 1]!)} % of the time is reading`)
  }
} finally {
  for (const peer of Object.values(peers)) await peer.close()
  await rm(folder, { recursive: true, force: true })
}
await reportBench(rows, {
  title: 'Measures',
  skips,
  notes,
  packages: ['pytrec-eval-terrier', 'ranx', 'numba', 'numpy'],
})
