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

/** One that takes turns. */
interface Side {
  readonly name: string
  readonly turns: Turn[]
  turn(): Promise<Turn>
  close(): Promise<void>
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
  // All are loaded and warm before the first turn (some 8 GiB for half a billion weights); then they take turns.
  const vectors = new Map<string, Float32Array>()
  const sides: Side[] = []
  try {
    for (const dtype of OURS) sides.push(await ours(dtype))
    for (const dtype of PEERS) await openOr(`transformers ${dtype}`, () => transformers(dtype))
    await openOr('http', server)
    for (let round = 0; round < rounds; round++) for (const side of sides) side.turns.push(await side.turn())
  } finally {
    for (const side of sides) await side.close()
  }
  report(tokens)

  /** A peer that cannot be had is a skipped row, not the end. */
  async function openOr(name: string, open: () => Promise<Side>): Promise<void> {
    try {
      sides.push(await open())
    } catch (error) {
      skips.push({ name, reason: (error as Error).message })
    }
  }

  async function ours(dtype: (typeof OURS)[number]): Promise<Side> {
    const encoder = await (await prepare(dtype)).open({ threads })
    return encoderSide(`onnx ${dtype}`, encoder, texts, () => Promise.resolve(0))
  }

  async function transformers(dtype: (typeof PEERS)[number]): Promise<Side> {
    const peer = await opened('encode_transformers.py', [folder, file, dtype])
    const out = join(scratch, 'decoder-vectors.f32')
    // Also its warm-up.
    await peer.ask<number>('vectors', { file: out })
    const bytes = await readFile(out)
    vectors.set(
      `transformers ${dtype}`,
      new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)),
    )
    return { name: `transformers ${dtype}`, turns: [], turn: () => peer.ask<Turn>('encode'), close: () => peer.close() }
  }

  /** Prompts go as text, which is what a server takes. Processor time is the server's and ours. */
  async function server(): Promise<Side> {
    const peer = await opened('serve_transformers.py', [folder, 'bfloat16'])
    const url = `http://127.0.0.1:${await peer.ask<number>('port')}/v1`
    const encoder = await (await prepareHttp({ url, model: 'bench', batchSize: 4 })).open({})
    const side = await encoderSide('http', encoder, prompts, () => peer.ask<number>('cpu'))
    return { ...side, close: () => side.close().then(() => peer.close()) }
  }

  async function encoderSide(
    name: string,
    encoder: Encoder,
    inputs: readonly string[],
    elsewhere: () => Promise<number>,
  ): Promise<Side> {
    await encoder.encode(inputs.slice(0, 1), 'document')
    const turn = async () => {
      const before = await elsewhere()
      const cpu = process.cpuUsage()
      const started = performance.now()
      const encoded = await encoder.encode(inputs, 'document')
      const seconds = (performance.now() - started) / 1000
      const used = process.cpuUsage(cpu)
      vectors.set(name, encoded.vectors)
      return { seconds, cpu: (used.user + used.system) / 1e6 + (await elsewhere()) - before }
    }
    return { name, turns: [], turn, close: () => encoder.close() }
  }

  function report(total: number): void {
    const turnsOf = (name: string) => sides.find((side) => side.name === name)?.turns
    const rate = (name: string, of: keyof Turn) => total / median(turnsOf(name)!.map((turn) => turn[of]))
    const reference = vectors.get('transformers float32')
    for (const dtype of OURS) {
      const { peer, ratio } = TARGETS[dtype]
      const there = turnsOf(`transformers ${peer}`) !== undefined
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
    if (turnsOf('http') && turnsOf('transformers bfloat16'))
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
      `${threads} threads; transformers one text at a time, without padding, timed inside Python; medians of ${rounds} turns, all sides loaded and warm; http: a server around transformers in bfloat16, both processes' time counted.`,
    )
  }
}

async function opened(script: string, args: readonly string[]): Promise<Peer> {
  const peer = await openPeer(script, args, { threads })
  if (!peer.ok) throw new Error(peer.reason)
  return peer.peer
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
