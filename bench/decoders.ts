/**
 * A language model in process beside transformers: the same model, prompts and threads, turn by turn; tokens per second, tokens per
 * processor-second, and how near the vectors are to transformers' in float32. The engine `http` goes to a server around transformers.
 *
 * node bench/decoders.ts [--quick] [--texts N] [--rounds N] [--threads N] [--model FOLDER] [--json FILE]
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Encoder, prepareHttp, prepareOnnx } from '../src/engines/index.ts'
import { benchCollection } from './lib/collections.ts'
import { openPeer, type Peer } from './lib/python.ts'
import { type BenchRow, benchRow, flagValue, reportBench, type Skip } from './lib/report.ts'
import { median } from './lib/timing.ts'

const scratch = fileURLToPath(new URL('../.bench/', import.meta.url))
const quick = process.argv.includes('--quick')
const threads = Number(flagValue('--threads') ?? 2)
const count = Number(flagValue('--texts') ?? (quick ? 6 : 8))
const rounds = Number(flagValue('--rounds') ?? (quick ? 1 : 3))
const folder = flagValue('--model') ?? fileURLToPath(new URL('../.models/qwen2.5-coder-0.5b-instruct', import.meta.url))

/** What each precision is held against: the peer's precision, and the least ratio. */
const TARGETS = {
  float32: { peer: 'float32', ratio: 1.2 },
  int8: { peer: 'bfloat16', ratio: 1 },
  int4: { peer: 'bfloat16', ratio: null },
} as const
const OURS = ['float32', 'int8', 'int4'] as const
const PEERS = ['float32', 'bfloat16'] as const

const RATES = [
  ['seconds', 'tokens/s'],
  ['cpu', 'tokens per processor-second'],
] as const

interface Turn {
  readonly seconds: number
  readonly cpu: number
}

const rows: BenchRow[] = []
const skips: Skip[] = []
const notes: string[] = []
const collection = benchCollection('small')
if (!collection.ok) skips.push({ name: 'decoders', reason: collection.reason })
else if (!existsSync(folder)) skips.push({ name: 'decoders', reason: 'the model is not there (see --model)' })
else {
  const { documents } = collection.value
  const step = Math.floor(documents.length / count)
  const texts = documents
    .filter((_, i) => i % step === 0)
    .slice(0, count)
    .map((document) => document.contents)
  await compare(texts)
}
await reportBench(rows, {
  title: `Language models in process: Qwen2.5-Coder-0.5B-Instruct, PromptReps${quick ? ' (quick size)' : ''}`,
  skips,
  notes,
  packages: ['torch', 'transformers'],
})

async function compare(texts: readonly string[]): Promise<void> {
  await mkdir(scratch, { recursive: true })
  const prepare = (dtype: (typeof OURS)[number]) =>
    prepareOnnx(folder, { recipe: 'promptreps', dtype, quantizedCache: join(scratch, 'quantized') })
  const { preview, info } = await prepare('float32')
  const prompts = texts.map((text) =>
    info.recipe.prompts.document[0]!.parts.map((part) =>
      part.kind === 'literal' ? part.text : part.kind === 'contents' ? text.trim() : '',
    ).join(''),
  )
  const ids = await Promise.all(
    texts.map(async (text) => (await preview!(text, 'document', ''))[0]!.tokens.map((token) => token.id)),
  )
  const tokens = ids.reduce((sum, list) => sum + list.length, 0)
  const file = join(scratch, 'decoder-ids.json')
  await writeFile(file, JSON.stringify(ids))
  // One model in memory at a time, all of them in every round: five would not fit everywhere.
  const turns = new Map<string, Turn[]>()
  const vectors = new Map<string, Float32Array>()
  for (let round = 0; round < rounds; round++) {
    for (const dtype of OURS) await ourTurn(dtype, await (await prepare(dtype)).open({ threads }), texts)
    for (const dtype of PEERS) await peerTurn(dtype, file)
    await serverTurn()
  }
  report(tokens)

  async function ourTurn(dtype: string, encoder: Encoder, all: readonly string[]): Promise<void> {
    try {
      await encoder.encode(all.slice(0, 1), 'document')
      const cpu = process.cpuUsage()
      const started = performance.now()
      const encoded = await encoder.encode(all, 'document')
      const seconds = (performance.now() - started) / 1000
      const used = process.cpuUsage(cpu)
      note(`onnx ${dtype}`, { seconds, cpu: (used.user + used.system) / 1e6 })
      vectors.set(`onnx ${dtype}`, encoded.vectors)
    } finally {
      await encoder.close()
    }
  }

  async function peerTurn(dtype: string, idsFile: string): Promise<void> {
    const opened = await openPeer('encode_transformers.py', [folder, idsFile, dtype], { threads })
    if (!opened.ok) {
      skips.push({ name: `transformers ${dtype}`, reason: opened.reason })
      return
    }
    try {
      await peerVectors(opened.peer, dtype)
      note(`transformers ${dtype}`, await opened.peer.ask<Turn>('encode'))
    } finally {
      await opened.peer.close()
    }
  }

  /** Prompts as text: what a server is sent. Its processor time is the server's and ours. */
  async function serverTurn(): Promise<void> {
    const opened = await openPeer('serve_transformers.py', [folder, 'bfloat16'], { threads })
    if (!opened.ok) {
      skips.push({ name: 'http', reason: opened.reason })
      return
    }
    const { peer } = opened
    try {
      const url = `http://127.0.0.1:${await peer.ask<number>('port')}/v1`
      const encoder = await (await prepareHttp({ url, model: 'bench', batchSize: 4 })).open({})
      await encoder.encode(prompts.slice(0, 1), 'document')
      const theirs = await peer.ask<number>('cpu')
      const cpu = process.cpuUsage()
      const started = performance.now()
      const encoded = await encoder.encode(prompts, 'document')
      const seconds = (performance.now() - started) / 1000
      const used = process.cpuUsage(cpu)
      note('http', { seconds, cpu: (used.user + used.system) / 1e6 + (await peer.ask<number>('cpu')) - theirs })
      vectors.set('http (transformers bfloat16)', encoded.vectors)
      await encoder.close()
    } finally {
      await peer.close()
    }
  }

  /** Also the peer's warm-up. */
  async function peerVectors(peer: Peer, dtype: string): Promise<void> {
    const out = join(scratch, 'decoder-vectors.f32')
    await peer.ask<number>('vectors', { file: out })
    const bytes = await readFile(out)
    vectors.set(
      `transformers ${dtype}`,
      new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)),
    )
  }

  function note(name: string, turn: Turn): void {
    turns.set(name, [...(turns.get(name) ?? []), turn])
  }

  function report(total: number): void {
    const rate = (name: string, of: keyof Turn) => total / median(turns.get(name)!.map((turn) => turn[of]))
    const reference = vectors.get('transformers float32')
    for (const dtype of OURS) {
      const { peer, ratio } = TARGETS[dtype]
      const there = turns.has(`transformers ${peer}`)
      for (const [of, unit] of RATES)
        rows.push(
          benchRow({
            name: `${dtype}, ${texts.length} documents, ${total} tokens`,
            unit,
            better: 'higher',
            ours: rate(`onnx ${dtype}`, of),
            ...(there ? { peer: rate(`transformers ${peer}`, of), peerName: `transformers (${peer})` } : {}),
            target: of === 'seconds' && ratio !== null ? { ratio } : null,
          }),
        )
    }
    if (turns.has('http'))
      for (const [of, unit] of RATES)
        rows.push(
          benchRow({
            name: `http, ${texts.length} documents, ${total} tokens`,
            unit,
            better: 'higher',
            ours: rate('http', of),
            peer: rate('transformers bfloat16', of),
            peerName: 'transformers (bfloat16), without the server',
          }),
        )
    if (reference)
      for (const [name, found] of vectors) {
        if (name === 'transformers float32') continue
        const { min, mean } = cosines(found, reference, texts.length)
        notes.push(
          `${name}: cosine to transformers in float32 ${min.toFixed(5)} at the lowest, ${mean.toFixed(5)} in the mean.`,
        )
      }
    notes.push(
      `${threads} threads; transformers one text at a time, without padding, timed inside Python; medians of ${rounds} turns, each with the model loaded anew and warm; http: a server around transformers in bfloat16, both processes' time counted.`,
    )
  }
}

/** Both sides' vectors have length 1. */
function cosines(a: Float32Array, b: Float32Array, texts: number): { min: number; mean: number } {
  const dimension = a.length / texts
  let [min, sum] = [1, 0]
  for (let i = 0; i < texts; i++) {
    let dot = 0
    for (let d = i * dimension; d < (i + 1) * dimension; d++) dot += a[d]! * b[d]!
    min = Math.min(min, dot)
    sum += dot
  }
  return { min, mean: sum / texts }
}
