import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FieldtrialError } from '../core/errors.ts'
import { parseStudy } from './parse.ts'

function problemsOf(text: string): { place: string; message: string; hint: string }[] {
  try {
    parseStudy(text, 'study.yaml')
  } catch (error) {
    if (!(error instanceof FieldtrialError)) throw error
    expect(error.code).toBe('STUDY_INVALID')
    expect(error.exitCode).toBe(2)
    return error.problems.map((p) => ({
      place: `${p.where?.line}:${p.where?.column}`,
      message: p.message,
      hint: p.hint ?? '',
    }))
  }
  throw new Error('the study was accepted')
}

describe('parseStudy', () => {
  it('fills in every default', () => {
    const study = parseStudy('collections: [./data/scifact]\nbaselines: [bm25]\n', join('/somewhere', 'first.yaml'))
    expect(study).toMatchObject({
      name: 'first',
      collections: [{ source: '/somewhere/data/scifact', name: 'scifact' }],
      depth: 1000,
      vectorDtype: 'float32',
      comparison: {
        baseline: 'bm25',
        test: 'randomisation',
        correction: 'holm',
        alpha: 0.05,
        resamples: 10_000,
        seed: 42,
      },
      outputFolder: '/somewhere/results/first',
    })
    expect(study.measures.map((m) => m.name)).toEqual(['nDCG@10', 'R@100', 'MRR@10', 'AP'])
    expect(study.formats).toContain('latex')
  })

  it('crosses models with recipes, reads shorthands, and keeps fusions after their members', () => {
    const study = parseStudy(
      `
collections: [hf:BeIR/scifact, {source: ./x.zip, split: dev}]
baselines: [bm25, 'bm25:analyzer=code,k1=1.2', {type: bm25, id: mf, multifield: true}]
models: [./minilm, {id: server, model: e5, url: 'http://localhost:8080/v1', recipes: [sentence-transformers]}]
recipes: [sentence-transformers, {id: cls, recipe: sentence-transformers, pooling: cls, maxLength: 64}]
fusion: ['rrf:bm25,minilm+cls', {id: both, method: wsum, normalisation: min-max, weights: [0.3, 0.7], of: [bm25, rrf-bm25+minilm+cls]}]
measures: [ndcg_cut_10, P(rel=2)@10]
comparison: {baseline: mf, correction: none}
`,
      'study.yaml',
    )
    expect(study.collections.map((c) => [c.name, c.split])).toEqual([
      ['scifact', undefined],
      ['x', 'dev'],
    ])
    expect(study.retrievers.map((r) => r.id)).toEqual([
      'bm25',
      'bm25-code-k1_1.2',
      'mf',
      'minilm+sentence-transformers',
      'minilm+cls',
      'server',
      'rrf-bm25+minilm+cls',
      'both',
    ])
    expect(study.retrievers[1]).toMatchObject({ options: { analyzer: 'code', k1: 1.2 } })
    expect(study.retrievers[4]).toMatchObject({ recipe: { parameters: { pooling: 'cls', maxLength: 64 } } })
    expect(study.retrievers[5]).toMatchObject({
      model: { engine: 'http', model: 'e5', url: 'http://localhost:8080/v1' },
    })
    expect(study.comparison.baseline).toBe('mf')
  })

  it('accepts JSON', () => {
    expect(parseStudy('{"collections": ["./c"], "baselines": ["bm25"]}', 'study.json').retrievers).toHaveLength(1)
  })

  it('reports all problems at once, each with its line and column and a near miss', () => {
    const problems = problemsOf(`collection: [./a]
collections: [./a]
baselines: ['bm25:analyser=code', bm52]
models:
  - model: ./m
    dtyp: int8
measures: [nDGC@10]
comparison: {test: randomization, alpha: 2}
`)
    expect(problems).toEqual([
      { place: '1:1', message: 'Unknown field "collection".', hint: 'Did you mean collections?' },
      { place: '6:5', message: 'Unknown field "dtyp".', hint: 'Did you mean dtype?' },
      { place: '7:12', message: 'There is no measure nDGC@10.', hint: 'Did you mean nDCG@10?' },
      {
        place: '8:20',
        message: 'test: must be one of randomisation, t-test, bootstrap.',
        hint: 'Did you mean randomisation?',
      },
      expect.objectContaining({ place: '8:42', message: expect.stringContaining('alpha') }),
    ])
  })

  it('checks names that refer to each other, and the grammar of measures, all at once', () => {
    const problems = problemsOf(`collections: [./a, ./b/a]
baselines: ['bm25:analyser=code', bm25]
fusion: ['rrf:bm25,minilm']
measures: [nDGC@10]
comparison: {baseline: bm26}
`)
    expect(problems.map((p) => p.place)).toEqual(['1:20', '2:13', '3:10', '4:12', '5:24'])
    expect(problems[0]!.message).toContain('Two collections are called "a"')
    expect(problems[1]!.hint).toBe('Did you mean analyzer?')
    expect(problems[2]!.message).toContain('"minilm"')
    expect(problems[3]!.hint).toContain('nDCG')
    expect(problems[4]!.hint).toBe('Did you mean bm25?')
  })

  it('refuses tabs, duplicate keys, alias bombs, and files that are no study', () => {
    expect(problemsOf('collections:\n\t- ./a\n')[0]).toMatchObject({
      place: '2:1',
      hint: expect.stringContaining('spaces'),
    })
    expect(problemsOf('collections: [a]\ncollections: [b]\n')[0]!.message).toMatch(/unique/i)
    const bomb = [
      'a0: &a0 [x, x, x, x, x, x, x, x, x]',
      ...Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`),
    ].join('\n')
    expect(problemsOf(bomb)[0]!.message).toContain('aliases')
    expect(problemsOf('just text')[0]!.message).toContain('must hold fields')
    expect(problemsOf('')[0]!.message).toContain('must hold fields')
    expect(problemsOf('baselines: [bm25]')[0]).toMatchObject({ message: 'collections is missing.' })
    expect(problemsOf('collections: [./a]')[0]!.message).toContain('names no retriever')
    expect(problemsOf('collections: [./a]\nbaselines: 3\n')[0]).toMatchObject({
      place: '2:12',
      message: 'baselines: expected array.',
    })
  })

  it('makes every combination of a sweep a retriever, and lets equal ones share an encoding', () => {
    const study = parseStudy(
      `
collections: [./a]
models:
  - id: m
    model: ./m
    recipes:
      - recipe: promptreps
        output: [dense, sparse, hybrid]
      - recipe: promptreps
        sweep: {system: [none, "You are a librarian."], layer: [-1, 0.94], postprocess: [[], [center, {whiten: 0.5}]]}
      - {id: own, recipe: mean, layer: 2}
`,
      'study.yaml',
    )
    expect(study.retrievers.map((r) => r.id)).toEqual([
      'm+promptreps',
      'm+promptreps-sparse',
      'm+promptreps-hybrid',
      'm+promptreps-system_none-layer_minus1',
      'm+promptreps-system_none-layer_minus1-center+whiten_0.5',
      'm+promptreps-system_none-layer_0.94',
      'm+promptreps-system_none-layer_0.94-center+whiten_0.5',
      expect.stringMatching(/^m\+promptreps-system_you_are_a_librar_[0-9a-f]{6}-layer_minus1$/),
      expect.stringMatching(/-layer_minus1-center\+whiten_0\.5$/),
      expect.stringMatching(/^m\+promptreps-system_you_are_a_librar_[0-9a-f]{6}-layer_0\.94$/),
      expect.stringMatching(/-layer_0\.94-center\+whiten_0\.5$/),
      'm+own',
    ])
    const [dense, sparse] = study.retrievers
    // The three halves share one encoding, which then makes the sparse half.
    expect(dense).toMatchObject({ output: 'dense', recipe: { parameters: { sparse: true } } })
    expect(sparse).toMatchObject({ output: 'sparse', recipe: { parameters: { sparse: true } } })
    expect(study.retrievers[3]).toMatchObject({
      recipe: { parameters: { system: 'none', layer: -1 } },
      postprocess: [],
    })
    expect(study.retrievers[4]).toMatchObject({ postprocess: [{ kind: 'center' }, { kind: 'whiten', power: 0.5 }] })
  })

  it('never drops a retriever that only shares its name with another, and sweeps no sparse half over post-processing', () => {
    const models = (recipes: string) => `collections: [./a]\nmodels: [{id: m, model: ./m, recipes: ${recipes}}]\n`
    const [problem] = problemsOf(
      models(
        '[{recipe: promptreps, id: p, postprocess: [center]}, {recipe: promptreps, id: p, queryMean: sentences, postprocess: [center]}]',
      ),
    )
    expect(problem!.message).toBe('Two retrievers are called "m+p".')
    const { retrievers } = parseStudy(
      models('[{recipe: promptreps, output: [dense, sparse], sweep: {postprocess: [[], [center]]}}]'),
      'study.yaml',
    )
    expect(retrievers.map(({ id }) => id)).toEqual(['m+promptreps', 'm+promptreps-sparse', 'm+promptreps-center'])
  })

  it('sweeps over precision, weight of the halves and source of the mean, each only where it changes something', () => {
    const study = (recipes: string) =>
      parseStudy(
        `collections: [./a]\nmodels: [{id: m, model: ./m, dtype: int8, recipes: ${recipes}}]\n`,
        'study.yaml',
      ).retrievers.filter((retriever) => retriever.kind === 'dense')
    const precisions = study('[{recipe: mean, sweep: {dtype: [float32, int8, int4]}}, {recipe: echo}]')
    expect(precisions.map(({ id, model }) => [id, model.dtype])).toEqual([
      ['m+mean-float32', 'float32'],
      ['m+mean-int8', 'int8'],
      ['m+mean-int4', 'int4'],
      ['m+echo', 'int8'],
    ])
    const halves = study('[{recipe: promptreps, output: [dense, sparse, hybrid], sweep: {alpha: [0, 0.25, 0.5]}}]')
    expect(halves.map(({ id, alpha }) => [id, alpha])).toEqual([
      ['m+promptreps', 0.5],
      ['m+promptreps-sparse', 0.5],
      ['m+promptreps-hybrid-alpha_0', 0],
      ['m+promptreps-hybrid-alpha_0.25', 0.25],
      ['m+promptreps-hybrid-alpha_0.5', 0.5],
    ])
    const means = study(
      '[{recipe: promptreps, sweep: {postprocess: [[], [center]], queryMean: [train, sentences]}}, {recipe: mean, id: own, dtype: int4}]',
    )
    expect(means.map(({ id, queryMean }) => [id, queryMean])).toEqual([
      ['m+promptreps', 'auto'],
      ['m+promptreps-center-mean_train', 'train'],
      ['m+promptreps-center-mean_sentences', 'sentences'],
      ['m+own', 'auto'],
    ])
    expect(means[3]!.model.dtype).toBe('int4')
  })

  it('refuses what a server cannot do', () => {
    const [problem] = problemsOf(
      "collections: [./a]\nmodels: [{model: m, url: 'http://x/v1', recipes: [{recipe: promptreps}]}]\n",
    )
    expect(problem!.message).toMatch(/server .* promptreps cannot be followed there/)
  })

  it('refuses options of the wrong engine', () => {
    expect(
      problemsOf(
        "collections: [./a]\nmodels: [{model: m, url: 'http://x/v1', dtype: int8}, {model: n, engine: http}, {model: o, batchSize: 3}]\n",
      ).map((p) => p.message),
    ).toEqual([
      expect.stringContaining('precision'),
      expect.stringContaining('needs the `url`'),
      expect.stringContaining('`batchSize` is for engine: http'),
    ])
  })
})
