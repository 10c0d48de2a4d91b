import { describe, expect, it } from 'vitest'
import type { Recipe } from '../../recipes/types.ts'
import type { ComparisonResult, ComparisonSettings, TrialResult } from '../results.ts'
import type { DenseSpec } from '../study.ts'
import type { StudyEncoder, TrainedModel } from '../trained.ts'
import { contentLabel } from './content.ts'
import { specialisedPairs } from './pairs.ts'
import { placeGroups } from './places.ts'
import { compareSpecialised } from './specialisation.ts'
import { resampledMeans, spreadChange } from './spread.ts'

interface Given {
  readonly id?: string
  readonly model?: string
  readonly recipe?: string
  readonly resolved?: Partial<Recipe>
  readonly trained?: Partial<TrainedModel>
  readonly spec?: Partial<DenseSpec>
  readonly dtype?: string
}

function retriever(name: string, given: Given = {}): { spec: DenseSpec; encoder: StudyEncoder } {
  const { recipe = 'mean', dtype = 'float32', trained } = given
  const resolved = {
    id: recipe,
    prompts: { query: [], document: [] },
    pooling: ['mean'],
    span: 'all',
    contents: 'as-is',
    layer: null,
    attention: 'model',
    maxLength: { query: 512, document: 512 },
    normalize: true,
    similarity: 'cosine',
    ...given.resolved,
  } as unknown as Recipe
  const model = given.model ?? name
  return {
    spec: {
      kind: 'dense',
      id: given.id ?? name,
      model: { engine: 'onnx', model, given: model, dtype: 'float32', device: 'cpu' },
      recipe: { recipe, parameters: {} },
      output: 'dense',
      alpha: 0.5,
      postprocess: [],
      queryMean: 'auto',
      ...given.spec,
    },
    encoder: {
      info: { engine: 'onnx', identity: { dtype }, recipe: resolved, warnings: [] },
      ...(trained === undefined
        ? {}
        : { trained: { kind: 'adapter', data: ['pairs'], recipe: { recipe }, resolved, ...trained } }),
    } as unknown as StudyEncoder,
  }
}

const FAMILY = ['base', 'instruct', 'coder', 'coder-instruct', 'math', 'math-instruct', 'reasoning', 'vision'].map(
  (name) => `nano-${name}`,
)
const short = (text: string) => text.replaceAll('nano-', '')
const told = (given: readonly { spec: DenseSpec; encoder: StudyEncoder }[]) =>
  placeGroups(given)
    .flatMap(specialisedPairs)
    .map(({ model, againstModel, relation, asks }) => short(`${model}<${againstModel} ${relation} ${asks.join()}`))

describe('pairs of siblings', () => {
  it('are a model and its ancestors, and what the family has beside it', () => {
    expect(told(FAMILY.map((name) => retriever(name)))).toEqual([
      'instruct<base ancestor instruct',
      'coder<base ancestor code',
      'coder-instruct<coder ancestor instruct',
      'coder-instruct<base base ',
      'coder-instruct<instruct counterpart code',
      'math<base ancestor math',
      'math-instruct<math ancestor instruct',
      'math-instruct<base base ',
      'math-instruct<instruct counterpart math',
      'reasoning<math ancestor reasoning',
      'reasoning<base base reasoning',
      'vision<base ancestor vision',
    ])
  })

  it('pass over an ancestor that is missing, and have none without any', () => {
    expect(told(['nano-base', 'nano-reasoning', 'nano-math-instruct'].map((name) => retriever(name)))).toEqual([
      'reasoning<base ancestor reasoning',
      'math-instruct<base ancestor math',
    ])
    expect(told(['nano-reasoning', 'nano-coder'].map((name) => retriever(name)))).toEqual([])
  })

  it('hold a vision model that was tuned on instructions against base and instruct', () => {
    const names = ['qwen2.5-7b', 'qwen2.5-7b-instruct', 'qwen2.5-vl-7b-instruct']
    expect(told(names.map((name) => retriever(name))).slice(1)).toEqual([
      'qwen2.5-vl-7b-instruct<qwen2.5-7b ancestor vision',
      'qwen2.5-vl-7b-instruct<qwen2.5-7b-instruct counterpart vision',
    ])
  })

  it('are of named models only, under one recipe, output and training', () => {
    const base = retriever('nano-base')
    const math = (given: Given) => retriever('nano-math', given)
    expect(told([base, math({})])).toHaveLength(1)
    expect(told([base, math({ model: '/models/nano-math' })])).toEqual([])
    expect(told([base, math({ recipe: 'prompteol' })])).toEqual([])
    expect(told([base, math({ resolved: { pooling: ['lasttoken'] } })])).toEqual([])
    expect(told([base, math({ spec: { output: 'sparse' } })])).toEqual([])
    const lora = (name: string, trained: Partial<TrainedModel> = {}) =>
      retriever(`${name}-lora`, { model: '/trained', trained: { base: name, ...trained } })
    expect(told([base, lora('nano-math')])).toEqual([])
    expect(told([lora('nano-base'), lora('nano-math')])).toEqual(['math<base ancestor math'])
    expect(told([lora('nano-base'), lora('nano-math', { data: ['other'] })])).toEqual([])
    expect(told([lora('nano-base'), lora('nano-math', { baseFolder: '../nano-math' })])).toEqual([])
    const named = ['qwen2.5-7b-msmarco-lora', 'qwen2.5-math-7b-msmarco-lora'].map((name) => retriever(name))
    expect(told(named)).toEqual(['qwen2.5-math-7b<qwen2.5-7b ancestor math'])
  })

  it('say what else is not the same, and take the partner that is most like', () => {
    const prompt = { parts: [{ kind: 'literal', text: 'Reason step by step.' }], join: 'text' }
    const groups = placeGroups([
      retriever('nano-base'),
      retriever('nano-base-int8', { model: 'nano-base', dtype: 'int8' }),
      retriever('nano-math-int8', {
        model: 'nano-math',
        dtype: 'int8',
        resolved: { prompts: { query: [prompt], document: [prompt] } as never, layer: 3 },
      }),
      retriever('nano-coder-4', { model: 'nano-coder', dtype: 'int4' }),
    ])
    expect(groups).toHaveLength(1)
    expect(specialisedPairs(groups[0]!).map(({ against, differs }) => [against, ...differs])).toEqual([
      ['nano-base-int8', 'prompts', 'layer'],
      ['nano-base', 'dtype'],
    ])
  })
})

const QUERIES = 60
const values = (shift: number) =>
  Array.from({ length: QUERIES }, (_, i) => 0.3 + (i % 7) / 20 + shift * (1 + (i % 3) / 5))

function trial(id: string, numbers: readonly number[], collection = 'c'): TrialResult {
  return {
    retriever: id,
    collection,
    status: 'done',
    mean: { m: numbers.reduce((a, b) => a + b, 0) / numbers.length },
    perQuery: { m: Object.fromEntries(numbers.map((value, i) => [`q${i}`, value])) },
  } as unknown as TrialResult
}

const comparison = {
  baseline: 'bm25',
  test: 'randomisation',
  correction: 'holm',
  alpha: 0.05,
  resamples: 2000,
  seed: 1,
} as const

const compare = (
  retrievers: readonly { spec: DenseSpec; encoder: StudyEncoder }[],
  trials: readonly TrialResult[],
  comparisons: readonly ComparisonResult[] = [],
) =>
  compareSpecialised(placeGroups(retrievers), {
    trials,
    measures: ['m'],
    comparison,
    comparisons,
    retrievers: [
      { id: 'bm25', kind: 'bm25' },
      ...retrievers.map(({ spec }) => ({ id: spec.id, kind: 'dense' as const })),
    ],
    contents: new Map([['c', 'code']]),
  })

describe('what specialisation did', () => {
  const recipes = ['mean', 'prompteol', 'echo']
  const retrievers = recipes.flatMap((recipe) =>
    ['nano-base', 'nano-math', 'nano-coder'].map((model) =>
      retriever(model, { id: `${model}+${recipe}`, model, recipe }),
    ),
  )
  // Mathematics hurts under two recipes and does nothing under the third; code helps under one.
  const trials = retrievers.map(({ spec }) => {
    const hurt = spec.id.startsWith('nano-math') && !spec.id.endsWith('echo') ? -0.1 : 0
    const help = spec.id === 'nano-coder+mean' ? 0.05 : 0
    return trial(spec.id, values(hurt + help))
  })

  it('is told recipe by recipe, corrected over all pairs of a collection and measure', () => {
    const { rows, answers, contents, spreads } = compare(retrievers, trials)!
    expect(rows).toHaveLength(6)
    expect(contents).toEqual({ c: 'code' })
    expect(spreads).toEqual([])
    const math = rows.filter(({ model }) => model === 'nano-math')
    expect(math.map(({ recipe, significant }) => [recipe, significant])).toEqual([
      ['mean', true],
      ['prompteol', true],
      ['echo', false],
    ])
    expect(math[0]!.difference).toBeCloseTo(math[0]!.after! - math[0]!.before!, 12)
    expect(math[0]!.pAdjusted).toBeGreaterThan(math[0]!.p)
    expect(answers.map(({ question, better, worse, open }) => [question, better, worse, open])).toEqual([
      ['math', 0, 2, 1],
      ['code', 1, 0, 2],
    ])
  })

  it('takes BM25 from the study’s own comparisons', () => {
    const against = (id: string, difference: number) =>
      ({ collection: 'c', measure: 'm', baseline: 'bm25', retriever: id, difference, significant: true }) as never
    const answers = compare(retrievers, trials, [
      against('nano-base+mean', -0.1),
      against('nano-coder+mean', 0.1),
      against('stranger', 0.1),
    ])!.answers
    expect(answers.at(-1)).toMatchObject({ question: 'bm25', trained: false, better: 1, worse: 1, open: 0 })
  })

  it('is nothing where no two siblings have results', () => {
    expect(compare([retriever('my-model')], [trial('my-model', values(0))])).toBeUndefined()
    expect(compare(retrievers, trials.slice(0, 1))).toBeUndefined()
  })

  it('holds trained models against trained ones, and tells how far siblings lie apart', () => {
    const names = ['nano-base', 'nano-math', 'nano-reasoning']
    const plain = names.map((name) => retriever(name))
    const trained = names.map((name) => retriever(`${name}+`, { model: '/t', trained: { base: name } }))
    const shifts = [0, -0.1, -0.2]
    const { rows, answers, spreads } = compare(
      [...plain, ...trained],
      [
        ...names.map((name, i) => trial(name, values(shifts[i]!))),
        ...names.map((name) => trial(`${name}+`, values(0.2))),
      ],
    )!
    expect(rows.filter(({ training }) => training === 'adapter, on pairs')).toHaveLength(3)
    expect(rows.every(({ training, significant }) => significant === (training === null))).toBe(true)
    expect(answers).toContainEqual(
      expect.objectContaining({ question: 'reasoning', trained: true, better: 0, worse: 0, open: 2 }),
    )
    const [spread, ...none] = spreads
    expect(none).toEqual([])
    expect(spread).toMatchObject({ base: 'nano-base', models: names, queries: QUERIES })
    expect(spread!.range.before).toBeCloseTo(0.24, 10)
    expect(spread!.range.after).toBeCloseTo(0, 10)
    expect(spread!.deviation.before).toBeCloseTo(0.12, 10)
    expect(spread!.range.interval[1]).toBeLessThan(-0.2)
    expect(spread!.range.interval[0]).toBeGreaterThan(-0.28)
  })

  const names = ['nano-base', 'nano-math', 'nano-coder']
  /** As models are, and trained with `mean` by default. */
  const family = (recipes: readonly string[], trainedWith: string, dtypes: readonly string[] = ['float32']) =>
    dtypes.flatMap((dtype) =>
      names.flatMap((model) => [
        ...recipes.map((recipe) => retriever(model, { id: `${model}+${recipe}+${dtype}`, model, recipe, dtype })),
        retriever(model, {
          id: `${model}+trained+${dtype}`,
          model: '/t',
          recipe: trainedWith,
          dtype,
          trained: { base: model },
        }),
      ]),
    )
  const spreadsAmong = (given: ReturnType<typeof family>, shiftOf: (id: string) => number = () => 0) =>
    compare(
      given,
      given.map(({ spec }) => trial(spec.id, values(shiftOf(spec.id)))),
    )!.spreads

  it('holds a training against the recipe that it trained, and against each only where that was not measured', () => {
    const told = (given: ReturnType<typeof family>) =>
      spreadsAmong(given).map(({ recipe, trainedRecipe }) => `${recipe} ${trainedRecipe}`)
    expect(told(family(['prompteol', 'mean', 'echo'], 'mean'))).toEqual(['mean mean'])
    expect(told(family(['prompteol', 'echo'], 'mean'))).toEqual(['prompteol mean', 'echo mean'])
    // Of the same recipe one model alone was measured, which makes no spread.
    const alone = family(['mean', 'echo'], 'mean').filter(({ spec }) => !/(math|coder)\+mean/.test(spec.id))
    expect(told(alone)).toEqual(['echo mean'])
  })

  it('mixes no engines or dtypes in a spread: it takes those of most siblings', () => {
    const all = family(['mean'], 'mean', ['int8', 'float32'])
    const shiftOf = (id: string) => (id.endsWith('int8') ? -0.2 : 0)
    expect(spreadsAmong(all, shiftOf)).toMatchObject([{ engine: 'onnx', dtype: 'int8', models: names }])
    // Rounded, the mathematical model was not measured.
    const some = all.filter(({ spec }) => !/math.*int8/.test(spec.id))
    const [spread, ...others] = spreadsAmong(some, shiftOf)
    expect(others).toEqual([])
    expect(spread).toMatchObject({ dtype: 'float32', models: names })
    expect(spread!.range.before).toBeCloseTo(0, 10)
    // Trained ones run elsewhere, as adapters do: each side keeps to one engine.
    const elsewhere = all.filter(({ spec }) => (/trained/.test(spec.id) ? /float32/ : /int8/).test(spec.id))
    expect(spreadsAmong(elsewhere, shiftOf)).toMatchObject([{ dtype: 'int8', trainedDtype: 'float32', models: names }])
    // One sibling alone under each.
    const apart = all.filter(({ spec }) => /base.*int8|math.*float32/.test(spec.id))
    expect(spreadsAmong(apart, shiftOf)).toEqual([])
  })
})

describe('spreads of siblings', () => {
  const noisy = (seed: number) =>
    Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`q${i}`, ((i * seed) % 17) / 17]))

  it('have seeded intervals, and no change where there is none to see', () => {
    const changeBy = (settings: ComparisonSettings) => {
      const [before, after] = [0, 6].map((more) =>
        resampledMeans(
          [3, 5, 7].map((seed) => noisy(seed + more)),
          settings,
        ),
      )
      return spreadChange(
        before!.map((means, i) => ({ before: means, after: after![i]! })),
        settings.alpha,
      )
    }
    const change = changeBy(comparison)
    expect(changeBy(comparison)).toEqual(change)
    expect(changeBy({ ...comparison, seed: 2 })).not.toEqual(change)
    const [low, high] = change.range.interval
    expect(low).toBeLessThan(0)
    expect(high).toBeGreaterThan(0)
  })

  it('need the same queries for all', () => {
    const { q0: _, ...fewer } = noisy(3)
    expect(() => resampledMeans([noisy(3), noisy(3), noisy(3), fewer], comparison)).toThrow(
      /q0 was measured for some only/,
    )
  })
})

it('a collection’s content is told by the registry, or by its images', () => {
  const modalities = (image: number) => ({
    documents: { text: 5, image, both: 0, empty: 0 },
    queries: { text: 1, image: 0, both: 0, empty: 0 },
  })
  const known = (dataset: string) => ({ dataset, by: 'name', content: 'same' }) as const
  expect(contentLabel(known('beir/scifact'), modalities(0))).toBe('text')
  expect(contentLabel(known('coir/cosqa'), modalities(0))).toBe('code')
  expect(contentLabel(null, modalities(3))).toBe('image')
  expect(contentLabel(null, modalities(0))).toBeNull()
})
