/**
 * How much memory and time merging takes: makes a base and two siblings of random bfloat16 weights in the shapes of Qwen2.5-7B (embeddings and
 * head of 152,064 × 3,584 and as many layers as fit the size), merges them by every method, each in a process of its own, and prints the
 * largest resident memory of each.
 *
 *   node scripts/merge-memory.ts FOLDER [--gigabytes 3] [--methods linear,ties]
 *
 * FOLDER takes four times the size while it runs; it is removed at the end.
 */
import { execFileSync } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { bytesOf, CheckpointWriter, type TensorHead } from '../src/fusion/weights/checkpoint-writer.ts'
import { encodeNumbers } from '../src/fusion/weights/encode-numbers.ts'
import {
  MERGE_METHODS,
  type MergeMethod,
  type MergeSpec,
  needsBase,
  prepareMerge,
} from '../src/fusion/weights/index.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    gigabytes: { type: 'string', default: '3' },
    methods: { type: 'string', default: MERGE_METHODS.join(',') },
    merge: { type: 'string' },
  },
})
const folder = resolve(positionals[0] ?? '.merge-memory')
const [HIDDEN, INTERMEDIATE, KV, VOCABULARY] = [3584, 18_944, 512, 152_064]
const PIECE = 1 << 22

if (values.merge !== undefined) await mergeOnce(values.merge as MergeMethod)
else await main()

async function main(): Promise<void> {
  const heads = shapes(Number(values.gigabytes) * 1e9)
  const bytes = heads.reduce((sum, head) => sum + bytesOf(head), 0)
  await mkdir(folder, { recursive: true })
  for (const [i, name] of ['base', 'first', 'second'].entries()) await writeModel(name, heads, i)
  console.log(
    `Two siblings and a base of ${(bytes / 1e9).toFixed(2)} GB each (bfloat16); ${(totalmem() / 2 ** 30).toFixed(0)} GiB in the machine.`,
  )
  console.log('| method | seconds | GB/s written | largest resident memory |\n| --- | ---: | ---: | ---: |')
  for (const method of values.methods.split(',')) {
    const output = execFileSync(process.execPath, [fileURLToPath(import.meta.url), folder, '--merge', method], {
      encoding: 'utf8',
    })
    const { seconds, peak } = JSON.parse(output) as { seconds: number; peak: number }
    console.log(
      `| ${method} | ${seconds.toFixed(0)} | ${(bytes / 1e9 / seconds).toFixed(3)} | ${(peak / 2 ** 20).toFixed(0)} MiB |`,
    )
    await rm(join(folder, 'out'), { recursive: true, force: true })
  }
  await rm(folder, { recursive: true, force: true })
}

async function mergeOnce(method: MergeMethod): Promise<void> {
  const density = method.startsWith('dare') || method === 'ties' ? { density: 0.5 } : {}
  const models = (method === 'passthrough' ? ['first'] : ['first', 'second']).map((model) => ({ model, ...density }))
  const spec: MergeSpec = { method, models, ...(needsBase(method) ? { base: 'base' } : {}) }
  const find = async (ref: string) => join(folder, ref)
  const prepared = await prepareMerge(spec, { model: find, adapter: find })
  const { seconds } = await prepared.write(join(folder, 'out'))
  // Kilobytes, as the system counts them.
  console.log(JSON.stringify({ seconds, peak: process.resourceUsage().maxRSS * 1024 }))
}

function shapes(wanted: number): TensorHead[] {
  const head = (name: string, ...shape: number[]): TensorHead => ({ name, shape, type: 'BF16' })
  const heads = [head('model.embed_tokens.weight', VOCABULARY, HIDDEN)]
  const size = () => heads.reduce((sum, tensor) => sum + bytesOf(tensor), 0) + 2 * VOCABULARY * HIDDEN
  for (let layer = 0; layer === 0 || size() < wanted; layer++) {
    const at = `model.layers.${layer}.`
    heads.push(
      head(`${at}self_attn.q_proj.weight`, HIDDEN, HIDDEN),
      head(`${at}self_attn.k_proj.weight`, KV, HIDDEN),
      head(`${at}self_attn.v_proj.weight`, KV, HIDDEN),
      head(`${at}self_attn.o_proj.weight`, HIDDEN, HIDDEN),
      head(`${at}mlp.gate_proj.weight`, INTERMEDIATE, HIDDEN),
      head(`${at}mlp.up_proj.weight`, INTERMEDIATE, HIDDEN),
      head(`${at}mlp.down_proj.weight`, HIDDEN, INTERMEDIATE),
      head(`${at}input_layernorm.weight`, HIDDEN),
      head(`${at}post_attention_layernorm.weight`, HIDDEN),
    )
  }
  heads.push(head('model.norm.weight', HIDDEN), head('lm_head.weight', VOCABULARY, HIDDEN))
  return heads
}

async function writeModel(name: string, heads: readonly TensorHead[], sibling: number): Promise<void> {
  const target = join(folder, name)
  await mkdir(target, { recursive: true })
  const [layers] = heads.flatMap(({ name }) => /layers\.(\d+)\./.exec(name)?.[1] ?? []).slice(-1)
  const config = {
    model_type: 'qwen2',
    hidden_size: HIDDEN,
    intermediate_size: INTERMEDIATE,
    num_hidden_layers: Number(layers) + 1,
    vocab_size: VOCABULARY,
  }
  await writeFile(join(target, 'config.json'), JSON.stringify(config))
  await writeFile(join(target, 'tokenizer.json'), JSON.stringify({ model: { type: 'BPE', vocab: {}, merges: [] } }))
  const writer = new CheckpointWriter(target, heads)
  // The same millions of numbers again and again: neither memory nor time depends on what they are.
  const piece = encodeNumbers(numbers(sibling), 'BF16').bytes
  for (const head of heads) {
    await writer.next()
    for (let left = bytesOf(head); left > 0; left -= piece.length)
      await writer.bytes(piece.subarray(0, Math.min(left, piece.length)))
  }
  await writer.finish()
}

/** Of the base, or that and a tenth of other numbers. */
function numbers(sibling: number): Float32Array {
  const [common, own] = [random(1), random(100 + sibling)]
  return new Float32Array(PIECE).map(() => (common() + (sibling === 0 ? 0 : 0.1 * own())) / 2 ** 31)
}

/** Whole numbers from −2³¹ up to 2³¹ (xorshift). */
function random(seed: number): () => number {
  let state = seed * 2_654_435_761
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state
  }
}
