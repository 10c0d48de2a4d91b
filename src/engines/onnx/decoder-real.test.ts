import { beforeAll, expect, it } from 'vitest'
import {
  distance,
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
import { pythonPath } from '../../../test/support/python.ts'
import { describeWith, qwenPath } from '../../../test/support/shared.ts'
import type * as ort from './runtime.ts'

describeWith('decoder graphs of Qwen2.5-Coder-0.5B-Instruct', [qwenPath, pythonPath], () => {
  const texts = [60, 60, 200].map((length, text) =>
    Array.from({ length }, (_, i) => 100 + ((i * (7919 + 13 * text)) % 20_000)),
  )
  let model: Model
  let reference: References

  beforeAll(async () => {
    const [states] = await transformersStates([{ model: qwenPath, ids: texts, attention: 'causal', decode: 0 }])
    reference = states!
    model = await loadFolder(qwenPath)
  }, PYTHON_TIME)

  const last = (name: string, layer: number) => {
    const states = layerOf(reference.get(name)!, layer)
    return states.subarray(states.length - 896)
  }

  it('gives the last token and its logits, and a middle layer, as transformers does', async () => {
    const feeds = [{ input_ids: idsOf(texts.slice(0, 2)) }, { input_ids: idsOf(texts.slice(2)) }]
    const final = await run(
      model,
      { layer: 24, finalNorm: true, positions: 'last', logits: true, maxPositions: 256 },
      feeds,
    )
    const middle = await run(model, { layer: 12, positions: 'last', maxPositions: 256 }, feeds)
    texts.forEach((_, text) => {
      const [batch, row] = text < 2 ? [0, text] : [1, 0]
      const rowOf = (tensor: ort.Tensor | undefined) => {
        const width = tensor!.dims[1]!
        return numbers(tensor).subarray(row * width, (row + 1) * width)
      }
      for (const [what, got, want] of [
        ['last layer', final[batch]!.states, last(`${text}.norm`, 24)],
        ['logits', final[batch]!.logits, reference.get(`${text}.logits`)!.values],
        ['layer 12', middle[batch]!.states, last(`${text}.states`, 12)],
      ] as const) {
        const { cosine, error } = distance(rowOf(got), want)
        expect(cosine, `${what} of text ${text}`).toBeGreaterThan(0.99999)
        expect(error, `${what} of text ${text}`).toBeLessThan(1e-4)
      }
    })
  })

  // Random tokens lose more than text does (0.9996 and 0.987 on abstracts of SciFact).
  it.each([
    ['int8', 0.998],
    ['int4', 0.93],
  ] as const)('loses little with %s weights', async (dtype, near) => {
    const feeds = texts.map((ids) => ({ input_ids: idsOf([ids]) }))
    const outputs = await run(model, { layer: 24, finalNorm: true, positions: 'last', dtype, maxPositions: 256 }, feeds)
    outputs.forEach(({ states }, text) => {
      const { cosine } = distance(numbers(states), last(`${text}.norm`, 24))
      expect(cosine, `text ${text}`).toBeGreaterThan(near)
    })
  })
})
