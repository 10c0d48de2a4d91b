import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  gaussian,
  readWeights,
  type Tensor,
  tinyWeights,
  writeAdapterFolder,
  writeModelFolder,
  writeSafetensors,
} from '../../../test/support/checkpoints.ts'
import { pythonPath } from '../../../test/support/python.ts'
import { describeWith } from '../../../test/support/shared.ts'
import { readSafetensors, readTensor } from '../../engines/text/safetensors.ts'
import { CheckpointWriter } from './checkpoint-writer.ts'
import { type MergeSpec, prepareMerge } from './index.ts'
import { largestMagnitudes, Trim } from './magnitude.ts'
import { DropMask } from './random.ts'
import { settingAt } from './setting.ts'

let root: string
const base = tinyWeights(1)
const first = tinyWeights(2, base)
const second = tinyWeights(3, base)
const at = (name: string) => join(root, name)
const folders = { model: async (ref: string) => at(ref), adapter: async (ref: string) => at(ref) }

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fieldtrial-merge-'))
  await writeModelFolder(at('base'), base)
  await writeModelFolder(at('first'), first)
  await writeModelFolder(at('second'), second)
  await writeModelFolder(at('stranger'), tinyWeights(9))
  await writeAdapterFolder(at('lora-a'), { base: 'base', rank: 2, alpha: 4, seed: 100 })
  await writeAdapterFolder(at('lora-b'), { base: 'base', rank: 3, alpha: 3, seed: 200 })
})
afterAll(() => rm(root, { recursive: true, force: true }))

async function merge(spec: MergeSpec, out: string) {
  const prepared = await prepareMerge(spec, folders)
  const report = await prepared.write(at(out))
  return { report, weights: prepared.output === 'model' ? await readWeights(at(out)) : {} }
}

const two = [{ model: 'first' }, { model: 'second' }]

function farthest(one: ArrayLike<number>, other: ArrayLike<number>): number {
  expect(one.length).toBe(other.length)
  return Array.from(one).reduce((most, x, i) => Math.max(most, Math.abs(x - other[i]!)), 0)
}

describe('settingAt', () => {
  const spot = (depth: number, name = 'layers.0.mlp.up_proj.weight') => ({ depth, name })
  it('is a number, a gradient over the depth, or the first rule that fits', () => {
    expect(settingAt(0.3, spot(0.5))).toBe(0.3)
    expect([0, 0.25, 0.5, 1].map((depth) => settingAt([0, 1, 0], spot(depth)))).toEqual([0, 0.5, 1, 0])
    const rules = [{ filter: 'mlp', value: [0, 2] }, { value: 7 }]
    expect(settingAt(rules, spot(0.5))).toBe(1)
    expect(settingAt(rules, spot(0.5, 'norm.weight'))).toBe(7)
    expect(settingAt([{ filter: 'mlp', value: 1 }], spot(0.5, 'norm.weight'))).toBeUndefined()
  })
})

describe('largestMagnitudes', () => {
  it('keeps exactly as many as asked, of equal ones the first, however the tensor is cut', async () => {
    const numbers = Float32Array.from([0.5, -3, 0, 3, 1e-40, -3, 2, -0, 3, 1])
    for (const size of [1, 3, 10])
      for (let keep = 1; keep < numbers.length; keep++) {
        const pieces = () =>
          Array.from({ length: Math.ceil(10 / size) }, (_, i) => numbers.slice(i * size, (i + 1) * size))
        const cut = await largestMagnitudes(async function* () {
          yield* pieces()
        }, keep)
        const trim = new Trim(cut)
        const kept = pieces().flatMap((piece) => {
          trim.apply(piece)
          return [...piece]
        })
        const order = [...numbers.keys()]
          .sort((a, b) => Math.abs(numbers[b]!) - Math.abs(numbers[a]!) || a - b)
          .slice(0, keep)
        expect(kept.map((x) => x + 0)).toEqual(Array.from(numbers, (x, i) => (order.includes(i) ? x : 0) + 0))
      }
  })
})

describe('DropMask', () => {
  it('keeps the share asked for, scaled up; the same in pieces; another for another seed, tensor or model', () => {
    const ones = (...[seed, tensor, source]: [number, string, number]) => {
      const numbers = new Float32Array(20_000).fill(1)
      new DropMask(seed, tensor, source, 0.3).apply(numbers)
      return numbers
    }
    const kept = ones(1, 'a', 0)
    expect(new Set(kept)).toEqual(new Set([0, Math.fround(1 / 0.3)]))
    expect(kept.filter((x) => x > 0).length / kept.length).toBeCloseTo(0.3, 1)
    const mask = new DropMask(1, 'a', 0, 0.3)
    const pieces = [0, 7, 5000].map((start, i, all) => new Float32Array((all[i + 1] ?? 20_000) - start).fill(1))
    for (const piece of pieces) mask.apply(piece)
    expect(pieces.flatMap((piece) => [...piece])).toEqual([...kept])
    for (const other of [ones(2, 'a', 0), ones(1, 'b', 0), ones(1, 'a', 1)]) expect(other).not.toEqual(kept)
  })
})

describeWith('merging full siblings', [pythonPath], () => {
  const DEFAULTS = { base: null, weights: [1, 1], densities: [1, 1], normalize: false, lambda: 1, t: 0.5, masks: [] }
  const jobs: (readonly [MergeSpec, Record<string, unknown>])[] = [
    [
      {
        method: 'linear',
        models: [
          { model: 'first', weight: 0.3 },
          { model: 'second', weight: 0.9 },
        ],
      },
      { weights: [0.3, 0.9], normalize: true },
    ],
    [
      {
        method: 'linear',
        normalize: false,
        models: [
          { model: 'first', weight: 2 },
          { model: 'second', weight: -1 },
        ],
      },
      { weights: [2, -1] },
    ],
    [{ method: 'slerp', t: 0.3, models: two }, { t: 0.3 }],
    [
      {
        method: 'task_arithmetic',
        base: 'base',
        lambda: 0.7,
        models: [{ model: 'first', weight: 0.5 }, { model: 'second' }],
      },
      { base: 'base', lambda: 0.7, weights: [0.5, 1] },
    ],
    [
      {
        method: 'ties',
        base: 'base',
        models: [
          { model: 'first', density: 0.4 },
          { model: 'second', weight: 2, density: 0.2 },
        ],
      },
      { base: 'base', weights: [1, 2], densities: [0.4, 0.2], normalize: true },
    ],
    [
      { method: 'ties', base: 'base', normalize: false, lambda: 1.5, models: two },
      { base: 'base', lambda: 1.5 },
    ],
    [
      { method: 'dare_linear', base: 'base', seed: 7, models: two.map((m) => ({ ...m, density: 0.5 })) },
      { base: 'base', masks: 7 },
    ],
    [
      { method: 'dare_ties', base: 'base', seed: 8, models: two.map((m) => ({ ...m, density: 0.5, weight: 0.6 })) },
      { base: 'base', weights: [0.6, 0.6], masks: 8 },
    ],
  ]

  beforeAll(async () => {
    const inputs = []
    for (const [i, [, job]] of jobs.entries()) {
      const masks: string[] = []
      if (typeof job.masks === 'number')
        for (const source of [0, 1]) {
          const tensors = Object.entries(base).map(([name, { shape, values }]): [string, Tensor] => {
            const ones = new Float32Array(values.length).fill(1)
            new DropMask(job.masks as number, name, source, 0.5).apply(ones)
            return [name, { shape, values: ones }]
          })
          masks.push(`masks-${i}-${source}.safetensors`)
          await writeSafetensors(at(masks.at(-1)!), Object.fromEntries(tensors))
        }
      const file = (name: unknown) => (name === null ? null : `${name}/model.safetensors`)
      inputs.push({
        ...DEFAULTS,
        ...job,
        method: jobs[i]![0].method,
        base: file(job.base ?? null),
        models: [file('first'), file('second')],
        masks,
        out: `expected-${i}.safetensors`,
      })
    }
    const script = fileURLToPath(new URL('../../../test/reference/merge.py', import.meta.url))
    execFileSync(pythonPath, [script, root], { input: JSON.stringify(inputs) })
  }, 60_000)

  it.each(jobs.map(([spec], i) => [`${spec.method} ${i}`, spec, i] as const))('%s equals numpy', async (_, spec, i) => {
    const { weights, report } = await merge(spec, `out-${i}`)
    const expected = (await readSafetensors(at(`expected-${i}.safetensors`)))!
    expect(Object.keys(weights)).toEqual(Object.keys(base))
    for (const [name, place] of expected)
      expect(farthest(weights[name]!, await readTensor(name, place))).toBeLessThan(2e-6)
    expect(report).toMatchObject({ output: 'model', tensors: Object.keys(base).length, warnings: [] })
    // Merged weights are neither sibling's.
    expect(farthest(weights['model.norm.weight']!, first['model.norm.weight']!.values)).toBeGreaterThan(1e-3)
  })
})

describe('CheckpointWriter', () => {
  it('cuts a large checkpoint into shards with an index', async () => {
    await mkdir(at('shards'))
    const heads = Object.entries(first).map(([name, { shape }]) => ({ name, shape, type: 'F32' }))
    const writer = new CheckpointWriter(at('shards'), heads, 'model.safetensors', 5000)
    for (const { values } of Object.values(first)) {
      await writer.next()
      for (let i = 0; i < values.length; i += 100) await writer.numbers(values.subarray(i, i + 100))
    }
    await writer.finish()
    const index = JSON.parse(await readFile(join(at('shards'), 'model.safetensors.index.json'), 'utf8'))
    expect(new Set(Object.values(index.weight_map)).size).toBe(5)
    expect(Object.values(index.weight_map)[0]).toBe('model-00001-of-00005.safetensors')
    const weights = await readWeights(at('shards'))
    for (const [name, { values }] of Object.entries(first)) expect(weights[name]).toEqual(values)
  })
})

describe('a merge by layers', () => {
  it('takes weights per depth and per kind of tensor', async () => {
    const weight = [{ filter: 'mlp', value: 1 }, { filter: 'layers', value: [0, 1] }, { value: 0 }]
    const { weights } = await merge(
      { method: 'task_arithmetic', base: 'base', models: [{ model: 'first', weight }] },
      'by-layer',
    )
    const share = (name: string) =>
      (weights[name]![3]! - base[name]!.values[3]!) / (first[name]!.values[3]! - base[name]!.values[3]!)
    const q = [0, 1, 2, 3].map((layer) => share(`model.layers.${layer}.self_attn.q_proj.weight`))
    for (const [layer, value] of q.entries()) expect(value).toBeCloseTo(layer / 3, 3)
    expect(share('model.layers.0.mlp.up_proj.weight')).toBeCloseTo(1, 3)
    expect(share('model.embed_tokens.weight')).toBeCloseTo(0, 3)
  })

  it('stacks layers of several models, and says so in the config', async () => {
    const slices = [
      { sources: [{ model: 'first', layers: [0, 3] as const }] },
      { sources: [{ model: 'second', layers: [1, 4] as const }] },
    ]
    const { weights } = await merge({ method: 'passthrough', slices }, 'stacked')
    const from = (layer: number) => weights[`model.layers.${layer}.mlp.up_proj.weight`]
    const source = (model: typeof first, layer: number) => model[`model.layers.${layer}.mlp.up_proj.weight`]!.values
    for (const layer of [0, 1, 2]) expect(from(layer)).toEqual(source(first, layer))
    for (const layer of [1, 2, 3]) expect(from(layer + 2)).toEqual(source(second, layer))
    expect(from(6)).toBeUndefined()
    expect(weights['model.embed_tokens.weight']).toEqual(first['model.embed_tokens.weight']!.values)
    expect(weights['lm_head.weight']).toEqual(second['lm_head.weight']!.values)
    expect(JSON.parse(await readFile(join(at('stacked'), 'config.json'), 'utf8'))).toMatchObject({
      num_hidden_layers: 6,
    })
  })

  it('merges layer ranges with settings of their own', async () => {
    const range = (layers: readonly [number, number], t: number) => ({
      t,
      sources: two.map((source) => ({ ...source, layers })),
    })
    const { weights } = await merge({ method: 'slerp', slices: [range([0, 2], 0), range([2, 4], 1)] }, 'ranges')
    const bias = (layer: number) => weights[`model.layers.${layer}.self_attn.q_proj.bias`]!
    expect(farthest(bias(1), first['model.layers.1.self_attn.q_proj.bias']!.values)).toBeLessThan(1e-6)
    expect(farthest(bias(2), second['model.layers.2.self_attn.q_proj.bias']!.values)).toBeLessThan(1e-6)
  })

  it('writes bfloat16 rounded to the nearest', async () => {
    const { weights } = await merge({ method: 'linear', dtype: 'bfloat16', models: two }, 'half')
    const exact = (await merge({ method: 'linear', models: two }, 'full')).weights
    for (const [name, values] of Object.entries(weights))
      values.forEach(
        (value, i) =>
          void expect(Math.abs(value - exact[name]![i]!)).toBeLessThanOrEqual(Math.abs(exact[name]![i]!) * 2 ** -8),
      )
    expect(JSON.parse(await readFile(join(at('half'), 'config.json'), 'utf8')).torch_dtype).toBe('bfloat16')
    expect((await readSafetensors(join(at('half'), 'model.safetensors')))!.get('lm_head.weight')!.type).toBe('BF16')
  })
})

describe('adapters', () => {
  /** W + scale·B·A for all query projections. */
  async function delta(folder: string): Promise<Record<string, Float32Array>> {
    const config = JSON.parse(await readFile(join(at(folder), 'adapter_config.json'), 'utf8'))
    const tensors = (await readSafetensors(join(at(folder), 'adapter_model.safetensors')))!
    const all: Record<string, Float32Array> = {}
    for (const layer of [0, 1, 2, 3]) {
      const path = `base_model.model.model.layers.${layer}.self_attn.q_proj`
      const a = await readTensor('a', tensors.get(`${path}.lora_A.weight`)!)
      const b = await readTensor('b', tensors.get(`${path}.lora_B.weight`)!)
      const rank = a.length / 16
      expect(rank).toBe(config.r)
      all[layer] = Float32Array.from({ length: 256 }, (_, i) => {
        let sum = 0
        for (let k = 0; k < rank; k++) sum += b[Math.floor(i / 16) * rank + k]! * a[k * 16 + (i % 16)]!
        return (config.lora_alpha / rank) * sum
      })
    }
    return all
  }
  const both = [
    { model: 'base', adapter: 'lora-a', weight: 1 },
    { model: 'base', adapter: 'lora-b', weight: 3 },
  ]

  it('become one adapter whose difference is exactly the weighted mean of theirs', async () => {
    const { report } = await merge({ method: 'linear', models: both }, 'lora-sum')
    expect(report).toMatchObject({ output: 'adapter', kept: 1 })
    const [a, b, sum] = [await delta('lora-a'), await delta('lora-b'), await delta('lora-sum')]
    for (const layer of Object.keys(sum))
      expect(
        farthest(
          sum[layer]!,
          a[layer]!.map((x, i) => 0.25 * x + 0.75 * b[layer]![i]!),
        ),
      ).toBeLessThan(1e-6)
  })

  it('are cut to a rank with the least error', async () => {
    const { report } = await merge({ method: 'linear', rank: 2, models: both }, 'lora-cut')
    const [whole, cut] = [await delta('lora-sum'), await delta('lora-cut')]
    let [squares, errors] = [0, 0]
    for (const layer of Object.keys(whole))
      whole[layer]!.forEach((x, i) => {
        squares += x * x
        errors += (x - cut[layer]![i]!) ** 2
      })
    expect(report.kept).toBeLessThan(1)
    expect(1 - errors / squares).toBeCloseTo(report.kept!, 5)
    // No product of rank 2 is nearer: the larger adapter's own two strongest directions are one such product.
    const alone = (
      await merge({ method: 'task_arithmetic', rank: 2, models: [{ ...both[1]!, weight: 0.75 }] }, 'lora-alone')
    ).report
    expect(alone.kept).toBeLessThan(1)
    const other = await delta('lora-alone')
    const otherErrors = Object.keys(whole).reduce(
      (sum, layer) => sum + whole[layer]!.reduce((s, x, i) => s + (x - other[layer]![i]!) ** 2, 0),
      0,
    )
    expect(errors).toBeLessThanOrEqual(otherErrors)
  })

  it('become a full model by any method', async () => {
    const spec: MergeSpec = {
      method: 'ties',
      base: 'base',
      output: 'model',
      models: both.map(({ weight: _, ...source }) => source),
    }
    const { weights } = await merge(spec, 'lora-ties')
    const [a, b] = [await delta('lora-a'), await delta('lora-b')]
    const name = 'model.layers.2.self_attn.q_proj.weight'
    const expected = base[name]!.values.map((x, i) => {
      const [p, q] = [a[2]![i]!, b[2]![i]!]
      const agree = [p, q].filter((d) => Math.sign(d) === (p + q >= 0 ? 1 : -1))
      return x + agree.reduce((s, d) => s + d, 0) / Math.max(1, agree.length)
    })
    expect(farthest(weights[name]!, expected)).toBeLessThan(2e-6)
    expect(weights['lm_head.weight']).toEqual(base['lm_head.weight']!.values)
  })

  it.each([
    ['another base', { base: 'elsewhere' }, {}, /lora-x was made for elsewhere, not for base/],
    ['DoRA', { base: 'base' }, { use_dora: true }, /lora-x is DoRA/],
  ])('of %s are refused by name', async (_, given, change, message) => {
    await writeAdapterFolder(at('lora-x'), { rank: 2, alpha: 2, seed: 5, ...given })
    const file = join(at('lora-x'), 'adapter_config.json')
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...change }))
    for (const output of ['adapter', 'model'] as const)
      await expect(
        merge({ method: 'linear', output, models: [...both, { model: 'base', adapter: 'lora-x' }] }, 'none'),
      ).rejects.toMatchObject({
        code: 'MODEL_INVALID',
        message: expect.stringMatching(message),
      })
  })
})

describe('wrong ancestry is refused by name', () => {
  const refused = async (other: string, message: RegExp) =>
    expect(merge({ method: 'linear', models: [{ model: 'first' }, { model: other }] }, 'none')).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(message),
    })

  it('weights that were trained apart', async () => {
    await refused('stranger', /stranger and first cannot be merged: their weights have nothing in common/)
  })
  it('known families', async () => {
    await writeModelFolder(at('qwen'), first, { _name_or_path: 'Qwen/Qwen2.5-Coder-7B' })
    await writeModelFolder(at('llama'), second, { _name_or_path: 'meta-llama/Llama-2-7b-hf' })
    await expect(merge({ method: 'linear', models: [{ model: 'qwen' }, { model: 'llama' }] }, 'none')).rejects.toThrow(
      /llama and qwen cannot be merged: one descends from qwen2\.5-7b, the other from llama-2-7b/,
    )
    await writeModelFolder(at('math'), second, { _name_or_path: 'Qwen/Qwen2.5-Math-7B' })
    await expect(merge({ method: 'ties', base: 'qwen', models: [{ model: 'math' }] }, 'none')).rejects.toThrow(
      /math does not descend from the base qwen/,
    )
  })
  it('sizes, heads and shapes', async () => {
    await writeModelFolder(at('heads'), second, { num_attention_heads: 4 })
    await refused('heads', /num_attention_heads is 2 in one and 4 in the other/)
    await writeModelFolder(at('tied'), second, { tie_word_embeddings: true })
    await refused('tied', /tie_word_embeddings/)
    await writeModelFolder(at('wide'), {
      ...second,
      'lm_head.weight': { shape: [65, 16], values: gaussian(65 * 16, 1) },
    })
    await refused('wide', /lm_head\.weight is 64 × 16 in one and 65 × 16 in the other/)
    const { 'model.layers.3.mlp.up_proj.weight': _, ...less } = second
    await writeModelFolder(at('less'), less)
    await refused('less', /layers\.3\.mlp\.up_proj\.weight is in one of them only/)
    await writeModelFolder(at('more'), {
      ...second,
      'model.layers.0.mlp.up_proj.bias': { shape: [24], values: gaussian(24, 1) },
    })
    await refused('more', /layers\.0\.mlp\.up_proj\.bias is in one of them only/)
  })
  it('vocabularies; other added tokens are told', async () => {
    await writeModelFolder(at('tongue'), second)
    const file = join(at('tongue'), 'tokenizer.json')
    const tokenizer = JSON.parse(await readFile(file, 'utf8'))
    tokenizer.added_tokens[0].content = '<|other|>'
    await writeFile(file, JSON.stringify(tokenizer))
    const { warnings } = await prepareMerge(
      { method: 'linear', models: [{ model: 'first' }, { model: 'tongue' }] },
      folders,
    )
    expect(warnings.join()).toMatch(/tongue has other added tokens than first/)
    const [a, b] = Object.keys(tokenizer.model.vocab)
    const { [a!]: one, [b!]: other } = tokenizer.model.vocab
    Object.assign(tokenizer.model.vocab, { [a!]: other, [b!]: one })
    await writeFile(file, JSON.stringify(tokenizer))
    await refused('tongue', /their tokenizers differ/)
  })
  it('but not a model without a head, which the result then lacks too', async () => {
    const { 'lm_head.weight': _, ...headless } = second
    await writeModelFolder(at('headless'), headless)
    for (const models of [
      [{ model: 'first' }, { model: 'headless' }],
      [{ model: 'headless' }, { model: 'first' }],
    ]) {
      const { weights } = await merge({ method: 'linear', models }, `headless-${models[0]!.model}`)
      expect(Object.keys(weights).sort()).toEqual(Object.keys(headless).sort())
    }
    const { warnings } = await prepareMerge(
      { method: 'linear', models: [{ model: 'first' }, { model: 'headless' }] },
      folders,
    )
    expect(warnings.join()).toMatch(/headless has no lm_head: the result has none either/)
  })
  it('what a reader must know: other rotary frequencies', async () => {
    await writeModelFolder(at('slow'), second, { rope_theta: 10000 })
    const { warnings } = await prepareMerge(
      { method: 'linear', models: [{ model: 'first' }, { model: 'slow' }] },
      folders,
    )
    expect(warnings.join()).toMatch(/rope_theta is null in first and 10000 in slow/)
  })
})

describe('a merge that cannot be', () => {
  it.each<[MergeSpec, RegExp]>([
    [{ method: 'ties', models: two }, /needs? .*base|from a base/],
    [{ method: 'slerp', models: [...two, { model: 'base' }] }, /3 are named/],
    [{ method: 'linear' }, /either `models` or `slices`/],
    [{ method: 'linear', base: 'base', models: two }, /linear takes no base/],
    [{ method: 'ties', base: 'base', models: [{ model: 'first', density: 0 }] }, /density of first/],
    [{ method: 'passthrough', models: two }, /one model at a time/],
    [{ method: 'linear', rank: 2, models: two }, /Only a merged adapter/],
    [{ method: 'slerp', t: 2, models: two }, /t must be from 0 to 1/],
    [
      {
        method: 'linear',
        models: [
          { model: 'first', weight: 1 },
          { model: 'second', weight: -1 },
        ],
      },
      /sum up to 0/,
    ],
    [{ method: 'passthrough', slices: [{ sources: [{ model: 'first', layers: [2, 9] }] }] }, /has no layer 4/],
  ])('%j', async (spec, message) => {
    await expect(merge(spec, 'none')).rejects.toMatchObject({ code: 'USAGE', message: expect.stringMatching(message) })
  })

  it('writes no number that its type cannot hold', async () => {
    await mkdir(at('big'), { recursive: true })
    const big = { ...first, 'model.norm.weight': { shape: [16], values: gaussian(16, 3, 1e6) } }
    await writeModelFolder(at('big'), big)
    await expect(merge({ method: 'linear', dtype: 'float16', models: [{ model: 'big' }] }, 'none')).rejects.toThrow(
      /model\.norm\.weight would hold/,
    )
  })
})
