/**
 * Encoding beside sentence-transformers: the same texts (SciFact, title and text), the same threads, turn by turn; speed, and how near the
 * vectors are.
 *
 * node bench/encode.ts [--quick] [--texts N] [--rounds N] [--threads N] [--model FOLDER] [--json FILE]
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Encoded, type Encoder, prepareOnnx } from '../src/engines/index.ts'
import { benchCollection } from './lib/collections.ts'
import { openPeer, type Peer } from './lib/python.ts'
import { type BenchRow, benchRow, flagValue, reportBench, type Skip } from './lib/report.ts'
import { interleave } from './lib/timing.ts'

const scratch = fileURLToPath(new URL('../.bench/', import.meta.url))
const quick = process.argv.includes('--quick')
const threads = Number(flagValue('--threads') ?? 2)
const count = Number(flagValue('--texts') ?? (quick ? 64 : 400))
const rounds = Number(flagValue('--rounds') ?? 3)
const folder = flagValue('--model') ?? fileURLToPath(new URL('../.models/all-MiniLM-L6-v2', import.meta.url))
/** sentence-transformers' own default. */
const PEER_BATCH = 32
const TARGETS = { float32: { ratio: 1.1, cosine: 0.9999 }, int8: { ratio: 1.5, cosine: null } } as const
type Dtype = keyof typeof TARGETS

const rows: BenchRow[] = []
const skips: Skip[] = []
const notes: string[] = []

const collection = benchCollection('small')
if (!collection.ok) skips.push({ name: 'encoding', reason: collection.reason })
else if (!existsSync(folder)) skips.push({ name: 'encoding', reason: 'the model is not there (see --model)' })
else {
  // Every so many, since the collection's order is not random.
  const { documents } = collection.value
  const step = Math.max(1, Math.floor(documents.length / count))
  const texts = documents
    .filter((_, i) => i % step === 0)
    .slice(0, count)
    .map((document) => document.contents)
  await mkdir(scratch, { recursive: true })
  const textFile = join(scratch, 'encode-texts.json')
  await writeFile(textFile, JSON.stringify(texts))
  const opened = await openPeer('encode_st.py', [folder, textFile, String(PEER_BATCH)], { threads })
  if (!opened.ok) skips.push({ name: 'sentence-transformers', reason: opened.reason })
  const encoders = {
    float32: await (await prepareOnnx(folder)).open({ threads }),
    int8: await (await prepareOnnx(folder, { dtype: 'int8' })).open({ threads }),
  }
  try {
    await compare(encoders, opened.ok ? opened.peer : null, texts)
  } finally {
    await Promise.all([encoders.float32.close(), encoders.int8.close()])
    if (opened.ok) await opened.peer.close()
  }
}
notes.push(
  `${threads} threads; sentence-transformers in float32 with batches of ${PEER_BATCH}, timed inside Python; medians of turns.`,
)
const title = `Encoding with all-MiniLM-L6-v2${quick ? ' (quick size)' : ''}`
await reportBench(rows, { title, skips, notes, packages: ['torch', 'sentence-transformers', 'transformers'] })

async function compare(encoders: Record<Dtype, Encoder>, peer: Peer | null, texts: readonly string[]): Promise<void> {
  const encode = (dtype: Dtype) => async () => void (await encoders[dtype].encode(texts, 'document'))
  const times = await interleave(
    {
      float32: encode('float32'),
      ...(peer ? { peer: () => peer.ask<number>('encode', { start: 0, end: texts.length }) } : {}),
      int8: encode('int8'),
    } as Record<Dtype | 'peer', () => Promise<number | undefined>>,
    { rounds },
  )
  const reference = peer ? await peerVectors(peer, texts.length) : null
  for (const dtype of ['float32', 'int8'] as const) {
    const encoded = await encoders[dtype].encode(texts, 'document')
    const spec = { name: `${dtype}, ${texts.length} documents`, unit: 'documents/s', better: 'higher' } as const
    const speed = { ...spec, ours: texts.length / times[dtype].median }
    if (!peer || !reference) {
      rows.push(benchRow({ ...speed, target: { ratio: TARGETS[dtype].ratio } }))
      continue
    }
    const theirs = { peer: texts.length / times.peer.median, peerName: 'sentence-transformers (float32)' }
    rows.push(benchRow({ ...speed, ...theirs, target: { ratio: TARGETS[dtype].ratio } }))
    const { min, mean } = cosines(encoded, reference)
    const least = TARGETS[dtype].cosine
    rows.push(
      benchRow({
        name: `${dtype}, lowest cosine to sentence-transformers`,
        unit: 'cosine',
        better: 'higher',
        ours: min,
        target: least === null ? null : { atLeast: least },
      }),
    )
    notes.push(
      `${dtype}: cosine to sentence-transformers ${min.toFixed(6)} at the lowest, ${mean.toFixed(6)} in the mean.`,
    )
    if (dtype === 'float32') {
      const tokens = encoded.tokens.reduce((a, b) => a + b, 0)
      notes.push(
        `${tokens} tokens in ${texts.length} texts, ${encoded.truncated.reduce((a, b) => a + b, 0)} of them cut.`,
      )
    }
  }
}

async function peerVectors(peer: Peer, texts: number): Promise<Encoded['vectors']> {
  const file = join(scratch, 'encode-vectors.f32')
  await peer.ask<number>('vectors', { file, start: 0, end: texts })
  const bytes = await readFile(file)
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}

/** Both sides' vectors have length 1. */
function cosines({ vectors, dimension }: Encoded, reference: Float32Array): { min: number; mean: number } {
  let [min, sum] = [1, 0]
  const texts = vectors.length / dimension
  for (let i = 0; i < texts; i++) {
    let dot = 0
    for (let d = i * dimension; d < (i + 1) * dimension; d++) dot += vectors[d]! * reference[d]!
    min = Math.min(min, dot)
    sum += dot
  }
  return { min, mean: sum / texts }
}
