import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prepareLlama } from '../src/engines/llama/index.ts'
import { prepareTorch } from '../src/engines/torch/index.ts'
import { endIdle } from '../src/engines/torch/worker-pool.ts'
import type { Encoder, PreparedEncoder } from '../src/engines/types.ts'
import { RECIPES } from '../src/recipes/index.ts'
import { builtEngines } from './support/built.ts'
import { describeTransformers, pythonPath, runPython } from './support/python.ts'
import { check, type Found } from './support/recipe-check.ts'
import { JOBS, MODELS, REAL_JOBS, REAL_TEXTS, TASK, TEXTS } from './support/recipe-jobs.ts'
import { type Answers, type Job, referenceVectors } from './support/recipe-vectors.ts'
import { describeWith, qwenGgufPath, qwenPath } from './support/shared.ts'
import { cosine } from './support/torch.ts'

/*
 * Vectors of every recipe, by every engine that computes them here, against an independent implementation with plain transformers, one
 * text at a time, float32 (test/reference/recipe_vectors.py).
 */

const { prepareOnnx } = await builtEngines()

interface Engine {
  readonly name: string
  /** Models that it is tried on; the one with the most jobs alone where the rest would be the same code. */
  readonly models: readonly string[]
  prepare(folder: string, job: Job, hashCache: string): Promise<PreparedEncoder>
}

const torch =
  (packed: boolean) =>
  (folder: string, { recipe, parameters }: Job, hashCache: string) =>
    prepareTorch(folder, { recipe, parameters, hashCache, python: pythonPath, device: 'cpu', packed })

const ENGINES: readonly Engine[] = [
  {
    name: 'onnx',
    models: Object.keys(MODELS),
    prepare: (folder, { recipe, parameters }, hashCache) => prepareOnnx(folder, { recipe, parameters, hashCache }),
  },
  { name: 'torch, packed', models: Object.keys(MODELS), prepare: torch(true) },
  { name: 'torch, padded', models: ['gemma3'], prepare: torch(false) },
]

async function withEncoder<T>(prepared: PreparedEncoder, use: (encoder: Encoder) => Promise<T>): Promise<T> {
  const encoder = await prepared.open({ threads: 1 })
  try {
    return await use(encoder)
  } finally {
    await encoder.close()
  }
}

/** Of all weights that were compared, the share that may lie at an edge. */
const EDGES = 0.002

describe('the list of recipes', () => {
  // CLIP and SigLIP have models and a test of their own: test/dual-encoders.test.ts.
  it('leaves none out', () => {
    for (const jobs of [JOBS, REAL_JOBS])
      expect([...new Set(jobs.map(({ recipe }) => recipe)), 'dual-encoder'].sort()).toEqual(
        RECIPES.map(({ id }) => id).sort(),
      )
  })
})

describeTransformers('vectors of tiny models against transformers', () => {
  let root: string
  const references = new Map<string, Answers>()
  const found: Found[] = []
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'fieldtrial-vectors-'))
    runPython('tiny_models.py', [root])
    const models = Object.entries(MODELS)
    const requests = models.map(([name, jobs]) => ({ model: join(root, name), jobs, texts: TEXTS, task: TASK }))
    for (const [i, answers] of referenceVectors(requests, root).entries()) references.set(models[i]![0], answers)
  }, 240_000)
  afterAll(async () => {
    await endIdle()
    rmSync(root, { recursive: true, force: true })
  })

  describe.each(ENGINES)('$name', { timeout: 60_000 }, ({ models, prepare }) => {
    describe.each(models)('%s', (name) => {
      it.each(MODELS[name]!)('$key', async (job) => {
        const rows = references.get(name)![job.key]!
        const prepared = () => prepare(join(root, name), job, join(root, 'hashes.json'))
        // What cannot be followed with any text (a layout that ends with a token that the model does not have) is refused before it is loaded.
        if (Object.values(rows).every((side) => side.every((row) => 'refused' in row))) {
          await expect(prepared()).rejects.toMatchObject({ code: 'RECIPE_INVALID' })
          return
        }
        found.push(await withEncoder(await prepared(), (encoder) => check(encoder, TEXTS, rows, ['given', 'reversed'])))
      })
    })
  })

  it('round alike, but for a few that lie at an edge', () => {
    const sum = (of: (one: Found) => number) => found.reduce((total, one) => total + of(one), 0)
    expect(sum(({ weights }) => weights)).toBeGreaterThan(1000)
    expect(sum(({ edges }) => edges)).toBeLessThan(EDGES * sum(({ weights }) => weights))
  })
})

describeTransformers('vectors of a real model against transformers', () => {
  describeWith('Qwen2.5-Coder-0.5B-Instruct', [qwenPath], () => {
    let root: string
    let answers: Answers
    beforeAll(() => {
      root = mkdtempSync(join(tmpdir(), 'fieldtrial-vectors-'))
      answers = referenceVectors([{ model: qwenPath, jobs: REAL_JOBS, texts: REAL_TEXTS, task: TASK }], root)[0]!
    }, 240_000)
    afterAll(async () => {
      await endIdle()
      rmSync(root, { recursive: true, force: true })
    })

    // Padding is the same code whatever the model.
    describe.each(ENGINES.slice(0, 2))('$name', ({ prepare }) => {
      it.each(REAL_JOBS)('$key', { timeout: 120_000 }, async (job) => {
        const prepared = await prepare(qwenPath, job, join(root, 'hashes.json'))
        await withEncoder(prepared, (encoder) => check(encoder, REAL_TEXTS, answers[job.key]!, ['given']))
      })
    })

    // The checkpoint holds the file's weights as they are in 4 bits; llama.cpp rounds states beside. All recipes: scripts/gguf-cosines.ts.
    describeWith('llama, in 4 bits', [qwenGgufPath], () => {
      const served = ['promptreps', 'last-token', 'prompteol', 'instruct']
      it.each(REAL_JOBS.filter(({ key }) => served.includes(key)))('$key', { timeout: 120_000 }, async (job) => {
        const { sparse: _, ...parameters } = job.parameters
        const hashCache = join(root, 'hashes.json')
        const prepared = await prepareLlama(qwenGgufPath, { recipe: job.recipe, parameters, device: 'cpu', hashCache })
        await withEncoder(prepared, async (encoder) => {
          const { vectors, tokens } = await encoder.encode(REAL_TEXTS, 'query', { task: TASK })
          for (const [i, row] of answers[job.key]!.query.entries()) {
            if ('refused' in row) throw new Error(row.refused)
            const { length } = row.vector
            expect(tokens[i]).toBe(row.tokens)
            expect(cosine(vectors.subarray(i * length, (i + 1) * length), row.vector)).toBeGreaterThan(0.98)
          }
        })
      })
    })
  })
})
