/**
 * Lint on 10,000, 100,000 and 1,000,000 documents of recombined real sentences, and on 100,000 documents of which 90,000 are one text but
 * for a number: seconds, documents a second, peak memory, each size in a process of its own. Lint must not grow faster than the
 * collection.
 *
 * node bench/lint.ts [--sizes 10000,100000,1000000] [--json FILE]
 */
import { spawn } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openCollection } from '../src/data/index.ts'
import { lintCollection } from '../src/data/lint/index.ts'
import { ownPeakMB } from './lib/memory.ts'
import { canRecombine, recombine } from './lib/recombine.ts'
import { type BenchRow, benchRow, flagValue, reportBench, type Skip } from './lib/report.ts'

interface Measured {
  readonly seconds: number
  readonly peakMB: number
  readonly copies: number
  readonly near: number
}

const scratch = fileURLToPath(new URL('../.bench/lint/', import.meta.url))
const self = fileURLToPath(import.meta.url)
/** Seconds of 60,000 documents are to stay "seconds": this many documents a second at least. */
const LEAST_RATE = 3000

const inner = flagValue('--folder')
if (inner !== undefined) console.log(JSON.stringify(await lintFolder(inner)))
else await bench()

async function bench(): Promise<void> {
  const rows: BenchRow[] = []
  const skips: Skip[] = []
  const notes: string[] = [
    'lint alone, without BM25, models and reading the collection for its hashes; two passes over the file, JSON parsing included; one thread',
  ]
  const sizes = (flagValue('--sizes') ?? '10000,100000,1000000').split(',').map(Number)
  if (!canRecombine()) skips.push({ name: 'recombined documents', reason: 'the collections are not in ../shared/data' })
  else
    try {
      let smaller: { readonly size: number; readonly seconds: number } | undefined
      for (const size of sizes) {
        const folder = join(scratch, String(size))
        const planted = await recombine(folder, size)
        const found = await lintApart(folder)
        const name = `${size.toLocaleString('en-US')} documents`
        rows.push(...rowsOf(name, size, found))
        if (smaller)
          rows.push(
            benchRow({
              name: `seconds of ${name} over those of ${smaller.size.toLocaleString('en-US')}`,
              ours: found.seconds / smaller.seconds,
              unit: 'times',
              better: 'lower',
              target: { atMost: (1.5 * size) / smaller.size },
            }),
          )
        smaller = { size, seconds: found.seconds }
        notes.push(
          `${name}: ${planted.copies} copies planted, ${found.copies} documents found that are copies; ${planted.near} near copies planted, ${found.near} texts found in groups of near-duplicates`,
        )
        await rm(folder, { recursive: true })
      }
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
  const folder = join(scratch, 'alike')
  await writeAlike(folder, 100_000)
  const alike = await lintApart(folder)
  rows.push(...rowsOf('100,000 documents, 90,000 nearly the same', 100_000, alike))
  await rm(scratch, { recursive: true, force: true })
  await reportBench(rows, { title: 'Lint', skips, notes })
}

function rowsOf(name: string, size: number, { seconds, peakMB }: Measured): BenchRow[] {
  return [
    benchRow({ name: `lint ${name}`, ours: seconds, unit: 's', better: 'lower' }),
    benchRow({
      name: `lint ${name}`,
      ours: size / seconds,
      unit: 'documents/s',
      better: 'higher',
      target: { atLeast: LEAST_RATE },
    }),
    benchRow({ name: `lint ${name}, peak memory`, ours: peakMB, unit: 'MB', better: 'lower', target: { below: 2147 } }),
  ]
}

/** Lints in a process of its own, so that its peak memory is its own. */
function lintApart(folder: string): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...process.execArgv, self, '--folder', folder], {
      stdio: ['ignore', 'pipe', 2],
    })
    let out = ''
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(out) as Measured)
      else reject(new Error(`lint of ${folder} ended with ${code}`))
    })
  })
}

async function lintFolder(folder: string): Promise<Measured> {
  const collection = await openCollection({ source: folder }, { cacheDir: join(scratch, 'cache') })
  const started = performance.now()
  const { lint } = await lintCollection(collection, new Map())
  return {
    seconds: (performance.now() - started) / 1000,
    peakMB: ownPeakMB(),
    copies: lint.same.documents,
    near: lint.near.texts,
  }
}

/** One text again and again but for its last word, among others: what a corpus of generated pages looks like. */
async function writeAlike(folder: string, documents: number): Promise<void> {
  const words = (count: number, salt: number) =>
    Array.from({ length: count }, (_, i) => `w${(i * 7919 + salt * 104729) % 50021}`).join(' ')
  const same = words(80, 1)
  const lines: string[] = []
  for (let i = 0; i < documents; i++) {
    const text = i % 10 === 0 ? words(80, i + 2) : `${same} number ${i}`
    lines.push(JSON.stringify({ _id: `d${i}`, text }))
  }
  await mkdir(join(folder, 'qrels'), { recursive: true })
  await writeFile(join(folder, 'corpus.jsonl'), `${lines.join('\n')}\n`)
  await writeFile(join(folder, 'queries.jsonl'), `${JSON.stringify({ _id: 'q', text: 'which text has a number' })}\n`)
  await writeFile(join(folder, 'qrels', 'test.tsv'), 'query-id\tcorpus-id\tscore\nq\td0\t1\n')
}
