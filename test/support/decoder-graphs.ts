import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildDecoder, type DecoderOptions } from '../../src/engines/onnx/families/decoders/index.ts'
import type { QuantizedStore } from '../../src/engines/onnx/quantized-file.ts'
import * as ort from '../../src/engines/onnx/runtime.ts'
import { openGraph } from '../../src/engines/onnx/session.ts'
import { type Checkpoint, readCheckpoint, readSafetensors, readTensor } from '../../src/engines/text/safetensors.ts'
import { runPython } from './python.ts'

/** Milliseconds for a hook that runs Python; importing transformers alone takes long on a busy machine. */
export const PYTHON_TIME = 300_000

/** One tensor of a reference. */
export interface Reference {
  readonly values: Float32Array
  readonly shape: readonly number[]
}
export type References = ReadonlyMap<string, Reference>

export interface ReferenceJob {
  readonly model: string
  readonly ids: readonly (readonly number[])[]
  readonly attention: 'causal' | 'bidirectional'
  /** Tokens to decode greedily. */
  readonly decode: number
}

/** What plain transformers computes for each of the jobs (test/reference/hidden_states.py tells the names), in one process. */
export async function transformersStates(jobs: readonly ReferenceJob[]): Promise<References[]> {
  const folder = mkdtempSync(join(tmpdir(), 'references-'))
  try {
    const request = join(folder, 'request.json')
    const outs = jobs.map((_, i) => join(folder, `${i}.safetensors`))
    writeFileSync(request, JSON.stringify(jobs.map((job, i) => ({ ...job, out: outs[i] }))))
    runPython('hidden_states.py', [request])
    return await Promise.all(outs.map(readReferences))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function readReferences(file: string): Promise<References> {
  const read = new Map<string, Reference>()
  for (const [name, place] of (await readSafetensors(file))!)
    read.set(name, { values: await readTensor(name, place), shape: place.shape })
  return read
}

export interface Model {
  readonly folder: string
  readonly config: Record<string, unknown>
  readonly checkpoint: Checkpoint
}

export async function loadFolder(folder: string): Promise<Model> {
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>
  return { folder, config, checkpoint: (await readCheckpoint(folder))! }
}

export const DEFAULTS: DecoderOptions = {
  layer: 0,
  finalNorm: false,
  attention: 'causal',
  positions: 'all',
  logits: false,
  dtype: 'float32',
  maxPositions: 64,
  cache: false,
}

export type Feeds = Record<string, ort.Tensor>

export const idsOf = (texts: readonly (readonly number[])[]): ort.Tensor =>
  new ort.Tensor('int64', BigInt64Array.from(texts.flat(), BigInt), [texts.length, texts[0]!.length])

/** Opens the graph, runs it once for each of the feeds, and closes it. */
export async function run(
  model: Model,
  options: Partial<DecoderOptions>,
  feeds: readonly Feeds[],
  quantized: QuantizedStore | null = null,
) {
  const built = buildDecoder(model.config, model.checkpoint, { ...DEFAULTS, ...options })
  const session = await openGraph(built, { threads: 1, quantized })
  try {
    const outputs = []
    for (const feed of feeds) outputs.push(await session.run(feed))
    return outputs
  } finally {
    await session.release()
  }
}

export const numbers = (tensor: ort.Tensor | undefined): Float32Array => tensor!.data as Float32Array

/** Cosine and largest difference in relation to the largest number. */
export function distance(got: Float32Array, want: Float32Array): { cosine: number; error: number } {
  if (got.length !== want.length) throw new Error(`${got.length} numbers, not ${want.length}`)
  let [ab, aa, bb, far, largest] = [0, 0, 0, 0, 0]
  for (let i = 0; i < got.length; i++) {
    ab += got[i]! * want[i]!
    aa += got[i]! ** 2
    bb += want[i]! ** 2
    far = Math.max(far, Math.abs(got[i]! - want[i]!))
    largest = Math.max(largest, Math.abs(want[i]!))
  }
  return { cosine: ab / Math.sqrt(aa * bb), error: far / largest }
}

/** States of one layer out of layers × length × hidden. */
export function layerOf({ values, shape }: Reference, layer: number): Float32Array {
  const size = shape[1]! * shape[2]!
  return values.subarray(layer * size, (layer + 1) * size)
}
