import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  DEFAULTS,
  distance,
  type Feeds,
  idsOf,
  layerOf,
  loadFolder,
  type Model,
  numbers,
  PYTHON_TIME,
  type References,
  run,
  transformersStates,
} from '../../../test/support/decoder-graphs.ts'
import { describeTransformers, runPython } from '../../../test/support/python.ts'
import { buildDecoder, cacheNames, decoderFacts } from './families/decoders/index.ts'
import * as ort from './runtime.ts'
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
/** Cosines of quantised weights on random ones, where rounding costs most. */
const NEAR = { int8: 0.999, int4: 0.9 }
const ATTENTIONS = ['causal', 'bidirectional'] as const

function expectClose(got: Float32Array, want: Float32Array, what: string): void {
  const { cosine, error } = distance(got, want)
  expect(cosine, `${what}: cosine`).toBeGreaterThan(0.999999)
  expect(error, `${what}: largest difference`).toBeLessThan(2e-5)
}

describeTransformers('decoder graphs against transformers', () => {
  let root: string
  const references = new Map<string, References>()

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'decoders-'))
    runPython('tiny_models.py', [root])
    const jobs = MODELS.flatMap((name) => ATTENTIONS.map((attention) => ({ name, attention })))
    const states = await transformersStates(
      jobs.map(({ name, attention }) => ({
        model: join(root, name),
        ids: TEXTS,
        attention,
        decode: attention === 'causal' ? STEPS : 0,
      })),
    )
    jobs.forEach(({ name, attention }, i) => {
      references.set(`${name} ${attention}`, states[i]!)
    })
  }, PYTHON_TIME)
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  describe.each(MODELS)('%s', (name) => {
    let model: Model
    beforeAll(async () => {
      model = await loadFolder(join(root, name))
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

    it('looks both ways when told to', () => {
      const first = (attention: string) =>
        layerOf(references.get(`${name} ${attention}`)!.get('0.states')!, 1).subarray(0, 64)
      expect(distance(first('causal'), first('bidirectional')).cosine).toBeLessThan(0.999)
    })

    it.each(['int8', 'int4'] as const)(
      'comes near with %s weights, the same from a folder and from memory',
      async (dtype) => {
        const layer = decoderFacts(model.config, model.checkpoint).layers
        const options = { layer, finalNorm: true, positions: 'last', logits: true, dtype } as const
        const feeds = [{ input_ids: idsOf([TEXTS[0]!]) }]
        const store = { folder: join(root, 'quantized'), key: name }
        const [fromMemory] = await run(model, options, feeds)
        const [written] = await run(model, options, feeds, store)
        const [reread] = await run(model, options, feeds, store)
        const want = layerOf(references.get(`${name} causal`)!.get('0.norm')!, layer)
        expect(distance(numbers(fromMemory!.states), want.subarray(want.length - 64)).cosine).toBeGreaterThan(
          NEAR[dtype],
        )
        for (const again of [written!, reread!]) {
          expect(numbers(again.states)).toEqual(numbers(fromMemory!.states))
          expect(numbers(again.logits)).toEqual(numbers(fromMemory!.logits))
        }
      },
    )

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
})
