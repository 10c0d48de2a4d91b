import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { StudyResults } from '../src/study/results.ts'
import { runCli } from './support/cli.ts'
import { writeSlice } from './support/collections.ts'
import { describeWith, minilmPath, qwenPath, sharedPath } from './support/shared.ts'

/*
 * The whole way from a Hugging Face checkpoint to a table without Python: a real language model under several recipes, with sweeps of system
 * turn, layer and post-processing, beside BM25 and a trained encoder, on slices of a text and of a code collection. Texts are cut short, so
 * that it takes seconds; the figures of the whole slices are in docs/language-models.md.
 */
const MINI = ['mini-cosqa', 'mini-scifact'] as const
const QUERIES = 4
const DOCUMENTS = 8

describeWith(
  'a study of a real language model',
  [qwenPath, minilmPath, ...MINI.map((name) => sharedPath(`data/${name}`))],
  () => {
    let folder: string
    let results: StudyResults
    let output = ''

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'fieldtrial-llm-'))
      for (const name of MINI)
        await writeSlice(sharedPath(`data/${name}`), join(folder, name), { queries: QUERIES, documents: DOCUMENTS })
      await writeFile(
        join(folder, 'study.yaml'),
        `
name: recipes
collections: [./mini-cosqa, {source: ./mini-scifact, task: "Given a scientific claim, find its evidence"}]
baselines: [bm25]
models:
  - {id: minilm, model: ${minilmPath}, recipes: [sentence-transformers]}
  - id: qwen
    model: ${qwenPath}
    maxLength: 24
    recipes:
      - {recipe: promptreps, output: [dense, sparse, hybrid]}
      - {recipe: promptreps, sweep: {postprocess: [[center], [center, {whiten: 0.5}], [center, binary]]}}
      - {recipe: promptreps, sweep: {system: [none], layer: [-1, -4]}}
      - prompteol
      - last-token
      - mean
      - {recipe: instruct, layout: qwen3}
  - {id: rounded, model: ${qwenPath}, dtype: int8, maxLength: 24, recipes: [promptreps]}
comparison: {baseline: bm25}
`,
      )
      const run = await runCli(['run', join(folder, 'study.yaml'), '-w', join(folder, 'ws')], { cwd: folder })
      output = run.stderr
      expect(run.code, run.stderr).toBe(0)
      results = JSON.parse(await readFile(join(folder, 'results', 'recipes', 'results.json'), 'utf8')) as StudyResults
    }, 600_000)
    afterAll(() => rm(folder, { recursive: true, force: true }))

    const of = (retriever: string, collection: string = MINI[0]) =>
      results.trials.find((trial) => trial.retriever === retriever && trial.collection === collection)!

    it('finishes every trial, each with a resolved recipe of its own', () => {
      expect(results.trials.filter((trial) => trial.status !== 'done')).toEqual([])
      expect(results.retrievers.map(({ id }) => id)).toEqual([
        'bm25',
        'minilm',
        'qwen+promptreps',
        'qwen+promptreps-sparse',
        'qwen+promptreps-hybrid',
        'qwen+promptreps-center',
        'qwen+promptreps-center+whiten_0.5',
        'qwen+promptreps-center+binary',
        'qwen+promptreps-system_none-layer_minus1',
        'qwen+promptreps-system_none-layer_minus4',
        'qwen+prompteol',
        'qwen+last-token',
        'qwen+mean',
        'qwen+instruct-qwen3',
        'rounded',
      ])
      const recipe = (id: string) =>
        (results.retrievers.find((retriever) => retriever.id === id)!.resolved as { recipe: { layer: number } }).recipe
      expect(recipe('qwen+promptreps-system_none-layer_minus4').layer).toBe(21)
      expect(recipe('qwen+promptreps')).toMatchObject({
        layer: 24,
        finalNorm: true,
        maxLength: { query: 24, document: 24 },
      })
    })

    it('ranks far better than chance, and other recipes otherwise', () => {
      const scores = new Set(results.trials.map((trial) => trial.mean['nDCG@10']))
      expect(scores.size).toBeGreaterThan(8)
      // Of 8 documents in random order, nDCG@10 would be about 0.5.
      expect(of('qwen+promptreps').mean['nDCG@10']).toBeGreaterThan(0.7)
      expect(of('minilm').mean['nDCG@10']).toBeGreaterThan(0.7)
    })

    it('says what was cut, how much memory it took, what int8 cost, and where the queries’ mean came from', () => {
      const { cost } = of('qwen+promptreps', 'mini-scifact')
      expect(cost.truncatedDocuments).toBeGreaterThan(0.5)
      expect(cost.documentTokens).toBeGreaterThan(DOCUMENTS * 24)
      expect(cost.peakBytes).toBeGreaterThan(1e9)
      expect(of('rounded').warnings.join()).toMatch(/int8 weights: cosine .* 0\.9\d+ on average/)
      expect(of('qwen+promptreps-center').warnings.join()).toMatch(
        /The queries' mean is that of \d+ (sentences|training)/,
      )
    })

    it('puts the task instruction of each collection into the prompts, and tells whose it is', () => {
      expect(of('qwen+instruct-qwen3').task).toMatchObject({ instruction: expect.stringContaining('web search query') })
      expect(of('qwen+instruct-qwen3', 'mini-scifact').task).toEqual({
        instruction: 'Given a scientific claim, find its evidence',
        source: 'the study file',
      })
      expect(of('qwen+promptreps').task).toBeNull()
    })

    it('explains the spaces: centring takes the common direction away, whitening spreads, layers are compared with the last', () => {
      const space = (retriever: string) =>
        results.spaces.find((one) => one.retriever === retriever && one.collection === MINI[0])!
      const raw = space('qwen+promptreps').diagnostics.documents
      const centred = space('qwen+promptreps-center').diagnostics.documents
      const whitened = space('qwen+promptreps-center+whiten_0.5').diagnostics.documents
      expect(raw.anisotropy!).toBeGreaterThan(0.3)
      expect(Math.abs(centred.anisotropy!)).toBeLessThan(0.15)
      expect(whitened.spectrum!.effectiveRank).toBeGreaterThan(raw.spectrum!.effectiveRank)
      expect(space('qwen+promptreps-system_none-layer_minus4').comparisons).toMatchObject([
        { against: 'qwen+promptreps', why: 'recipe', cka: expect.any(Number) },
      ])
    })

    it('does no work twice', async () => {
      expect(output).toMatch(/30 trials/)
      const again = await runCli(['run', join(folder, 'study.yaml'), '-w', join(folder, 'ws')], { cwd: folder })
      expect(again.code).toBe(0)
      expect(again.stderr).toMatch(/30 from the workspace/)
      const repeated = JSON.parse(
        await readFile(join(folder, 'results', 'recipes', 'results.json'), 'utf8'),
      ) as StudyResults
      expect(repeated.trials.map((trial) => trial.mean)).toEqual(results.trials.map((trial) => trial.mean))
      expect(repeated.spaces).toEqual(results.spaces)
    }, 60_000)
  },
)
