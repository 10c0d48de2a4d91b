/**
 * What int8 weights cost in quality: nDCG@10 of all-MiniLM-L6-v2 on the whole of SciFact (5,183 documents, 300 test queries), float32
 * against int8, exact search. It encodes the collection twice, which takes minutes.
 *
 * node bench/int8.ts [--threads N] [--model FOLDER] [--json FILE]
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Ranking, Run } from '../src/data/types.ts'
import { prepareOnnx } from '../src/engines/index.ts'
import { evaluate, parseMeasures } from '../src/measure/index.ts'
import { type BenchCollection, benchCollection, benchQrels } from './lib/collections.ts'
import { type BenchRow, benchRow, flagValue, reportBench, type Skip } from './lib/report.ts'

const threads = Number(flagValue('--threads') ?? 2)
const folder = flagValue('--model') ?? fileURLToPath(new URL('../.models/all-MiniLM-L6-v2', import.meta.url))
const MEASURE = 'nDCG@10'
const DEPTH = 10
/** Texts handed over at a time: enough for batches of like length, few enough to tell how far it is. */
const STEP = 256

const rows: BenchRow[] = []
const skips: Skip[] = []
const notes: string[] = []

const collection = benchCollection('small')
if (!collection.ok) skips.push({ name: 'int8', reason: collection.reason })
else if (!existsSync(folder)) skips.push({ name: 'int8', reason: 'the model is not there (see --model)' })
else {
  const exact = await quality(collection.value, 'float32')
  const small = await quality(collection.value, 'int8')
  rows.push(
    benchRow({ name: `${MEASURE} on SciFact, float32`, unit: MEASURE, better: 'higher', ours: exact.mean }),
    benchRow({ name: `${MEASURE} on SciFact, int8`, unit: MEASURE, better: 'higher', ours: small.mean }),
    benchRow({
      name: `${MEASURE} lost by int8`,
      unit: MEASURE,
      better: 'lower',
      ours: exact.mean - small.mean,
      target: { atMost: 0.005 },
    }),
  )
  notes.push(
    `encoded in ${exact.seconds.toFixed(0)} s as float32 and ${small.seconds.toFixed(0)} s as int8 with ${threads} threads.`,
  )
}
await reportBench(rows, { title: 'Quality of int8 weights', skips, notes })

async function quality({ documents, queries }: BenchCollection, dtype: 'float32' | 'int8') {
  const encoder = await (await prepareOnnx(folder, dtype === 'int8' ? { dtype } : {})).open({ threads })
  try {
    const start = performance.now()
    const documentVectors: Float32Array[] = []
    for (let at = 0; at < documents.length; at += STEP) {
      const texts = documents.slice(at, at + STEP).map((document) => document.contents)
      documentVectors.push((await encoder.encode(texts, 'document')).vectors)
      console.error(`${dtype}: ${Math.min(documents.length, at + STEP)} of ${documents.length} documents`)
    }
    const encoded = await encoder.encode(
      queries.map((query) => query.text),
      'query',
    )
    const seconds = (performance.now() - start) / 1000
    const run: Run = new Map()
    for (const [i, { id }] of queries.entries())
      run.set(
        id,
        best(
          encoded.vectors.subarray(i * encoded.dimension, (i + 1) * encoded.dimension),
          documentVectors,
          documents.map((document) => document.id),
        ),
      )
    const { mean } = evaluate(benchQrels('scifact'), run, parseMeasures([MEASURE]))
    return { mean: mean.get(MEASURE)!, seconds }
  } finally {
    await encoder.close()
  }
}

/** The best documents by brute force: a check on quality should not lean on the search that other benches measure. */
function best(query: Float32Array, blocks: readonly Float32Array[], ids: readonly string[]): Ranking {
  const dimension = query.length
  const scores = blocks.flatMap((block) =>
    Array.from({ length: block.length / dimension }, (_, row) => {
      let dot = 0
      for (let i = 0; i < dimension; i++) dot += query[i]! * block[row * dimension + i]!
      return dot
    }),
  )
  const top = scores
    .map((_, row) => row)
    .sort((a, b) => scores[b]! - scores[a]!)
    .slice(0, DEPTH)
  return { ids: top.map((row) => ids[row]!), scores: Float64Array.from(top, (row) => scores[row]!) }
}
