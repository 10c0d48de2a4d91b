import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { beforeAll, describe, expect, it } from 'vitest'
import { describeTransformers, runPython } from '../../../test/support/python.ts'
import { buildDecoder, cacheNames, type DecoderOptions, decoderFacts, isDecoder } from './families/decoders/index.ts'
import { type Checkpoint, readCheckpoint, readSafetensors, readTensor } from './safetensors.ts'
import { openGraph } from './session.ts'

/*
 * Graphs of decoders against plain transformers (test/reference/hidden_states.py: one text at a time, float32), on tiny random models of
 * every family (test/reference/tiny_models.py).
 */

const MODELS = ['qwen2', 'qwen2-yarn', 'qwen3', 'llama', 'llama-linear', 'mistral', 'gemma3']
/** Texts: longer than every window, of several lengths, one of a single token. */
const TEXTS = [37, 37, 12, 1].map((length, text) =>
  Array.from({ length }, (_, i) => 20 + ((i * (41 + text) + 7 * text) % 600)),
)
const STEPS = 4
const ATTENTIONS = ['causal', 'bidirectional'] as const

interface Reference {
  readonly values: Float32Array
  readonly shape: readonly number[]
}
type References = ReadonlyMap<string, Reference>

let root = ''
const references = new Map<string, References>()

async function readReferences(file: string): Promise<References> {
  const read = new Map<string, Reference>()
  for (const [name, place] of (await readSafetensors(file))!)
    read.set(name, { values: await readTensor(name, place), shape: place.shape })
  return read
}

interface Model {
  readonly folder: string
  readonly config: Record<string, unknown>
  readonly checkpoint: Checkpoint
}

async function load(name: string): Promise<Model> {
  const folder = join(root, name)
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>
  return { folder, config, checkpoint: (await readCheckpoint(folder))! }
}

const DEFAULTS: DecoderOptions = {
  layer: 0,
  finalNorm: false,
  attention: 'causal',
  positions: 'all',
  logits: false,
  dtype: 'float32',
  maxPositions: 64,
  cache: false,
}

type Feeds = Record<string, ort.Tensor>

const idsOf = (texts: readonly (readonly number[])[]): ort.Tensor =>
  new ort.Tensor('int64', BigInt64Array.from(texts.flat(), BigInt), [texts.length, texts[0]!.length])

/** Opens the graph, runs it once for each of the feeds, and closes it. */
async function run(model: Model, options: Partial<DecoderOptions>, feeds: readonly Feeds[]) {
  const session = await openGraph(buildDecoder(model.config, model.checkpoint, { ...DEFAULTS, ...options }), {
    threads: 1,
  })
  try {
    const outputs = []
    for (const feed of feeds) outputs.push(await session.run(feed))
    return outputs
  } finally {
    await session.release()
  }
}

const numbers = (tensor: ort.Tensor | undefined): Float32Array => tensor!.data as Float32Array

/** Cosine and largest difference in relation to the largest number. */
function distance(got: Float32Array, want: Float32Array): { cosine: number; error: number } {
  expect(got.length).toBe(want.length)
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

function expectClose(got: Float32Array, want: Float32Array, what: string): void {
  const { cosine, error } = distance(got, want)
  expect(cosine, `${what}: cosine`).toBeGreaterThan(0.999999)
  expect(error, `${what}: largest difference`).toBeLessThan(2e-5)
}

/** States of one layer out of layers × length × hidden. */
function layerOf({ values, shape }: Reference, layer: number): Float32Array {
  const size = shape[1]! * shape[2]!
  return values.subarray(layer * size, (layer + 1) * size)
}

describeTransformers('decoder graphs against transformers', () => {
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'decoders-'))
    runPython('tiny_models.py', [root])
    const jobs = MODELS.flatMap((name) =>
      ATTENTIONS.map((attention) => ({
        model: join(root, name),
        ids: TEXTS,
        attention,
        decode: attention === 'causal' ? STEPS : 0,
        out: join(root, `${name} ${attention}`),
      })),
    )
    writeFileSync(join(root, 'request.json'), JSON.stringify(jobs))
    runPython('hidden_states.py', [join(root, 'request.json')])
    for (const { model, attention, out } of jobs)
      references.set(`${basename(model)} ${attention}`, await readReferences(out))
  })

  describe.each(MODELS)('%s', (name) => {
    let model: Model
    beforeAll(async () => {
      model = await load(name)
    })

    it.each(ATTENTIONS)('gives every layer, with and without the norm (%s)', async (attention) => {
      const reference = references.get(`${name} ${attention}`)!
      const { layers, hidden } = decoderFacts(model.config, model.checkpoint)
      for (let layer = 0; layer <= layers; layer++)
        for (const finalNorm of [false, true])
          for (const positions of ['all', 'last'] as const) {
            const outputs = await run(
              model,
              { layer, finalNorm, attention, positions },
              TEXTS.map((ids) => ({ input_ids: idsOf([ids]) })),
            )
            outputs.forEach(({ states }, text) => {
              const want = layerOf(reference.get(`${text}.${finalNorm ? 'norm' : 'states'}`)!, layer)
              const what = `layer ${layer}, norm ${finalNorm}, ${positions}, text ${text}`
              expectClose(numbers(states), positions === 'all' ? want : want.subarray(want.length - hidden), what)
              if (layer === layers && finalNorm && positions === 'all')
                expectClose(numbers(states), reference.get(`${text}.last`)!.values, `${what}, model's own output`)
            })
          }
    })

    it.each(ATTENTIONS)('gives logits beside a middle layer, text by text and in a batch (%s)', async (attention) => {
      const reference = references.get(`${name} ${attention}`)!
      const { hidden, vocabulary } = decoderFacts(model.config, model.checkpoint)
      const batches = [[TEXTS[0]!, TEXTS[1]!], [TEXTS[2]!]]
      const outputs = await run(
        model,
        { layer: 2, attention, positions: 'last', logits: true },
        batches.map((texts) => ({ input_ids: idsOf(texts) })),
      )
      const at: readonly (readonly [batch: number, row: number])[] = [
        [0, 0],
        [0, 1],
        [1, 0],
      ]
      at.forEach(([batch, row], text) => {
        const { states, logits } = outputs[batch]!
        const want = layerOf(reference.get(`${text}.states`)!, 2)
        expectClose(
          numbers(states).subarray(row * hidden, (row + 1) * hidden),
          want.subarray(want.length - hidden),
          `text ${text}`,
        )
        const scores = numbers(logits).subarray(row * vocabulary, (row + 1) * vocabulary)
        expectClose(scores, reference.get(`${text}.logits`)!.values, `logits of text ${text}`)
      })
    })

    it('decodes token by token from its cache', async () => {
      const reference = references.get(`${name} causal`)!
      const { layers, kvHeads, headSize } = decoderFacts(model.config, model.checkpoint)
      const options = {
        ...DEFAULTS,
        layer: layers,
        finalNorm: true,
        positions: 'last',
        logits: true,
        cache: true,
      } as const
      const session = await openGraph(buildDecoder(model.config, model.checkpoint, options), { threads: 1 })
      for (const [text, ids] of TEXTS.entries()) {
        const wanted = [...reference.get(`${text}.decoded`)!.values]
        const feeds: Feeds = { input_ids: idsOf([ids]) }
        for (let layer = 0; layer < layers; layer++) {
          const { pastKey, pastValue } = cacheNames(layer)
          for (const past of [pastKey, pastValue])
            feeds[past] = new ort.Tensor('float32', new Float32Array(), [1, kvHeads, 0, headSize])
        }
        for (let step = 0; step < STEPS; step++) {
          const out = await session.run(feeds)
          const { values, shape } = reference.get(`${text}.decoded_states`)!
          expectClose(numbers(out.states), values.subarray(step * shape[1]!, (step + 1) * shape[1]!), `step ${step}`)
          const scores = numbers(out.logits)
          const token = scores.indexOf(Math.max(...scores))
          expect(token, `step ${step}`).toBe(wanted[step])
          feeds.input_ids = idsOf([[token]])
          for (let layer = 0; layer < layers; layer++) {
            const { pastKey, pastValue, key, value } = cacheNames(layer)
            feeds[pastKey] = out[key]!
            feeds[pastValue] = out[value]!
          }
        }
      }
      await session.release()
    })
  })

  it('knows a decoder when it sees one', async () => {
    const { config, checkpoint } = await load('qwen2-yarn')
    expect(isDecoder(config)).toBe(true)
    expect(decoderFacts(config, checkpoint)).toEqual({
      layers: 3,
      hidden: 64,
      heads: 4,
      kvHeads: 2,
      headSize: 16,
      context: 256,
      vocabulary: 640,
      slidingWindow: 8,
      attention: 'causal',
      head: 'tied',
    })
  })
})
