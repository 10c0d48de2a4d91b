import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Workspace } from '../src/core/workspace.ts'
import { runConformance } from '../src/engines/conformance/index.ts'
import { prepareOnnx } from '../src/engines/onnx/index.ts'
import { prepareTorch } from '../src/engines/torch/index.ts'
import { endIdle } from '../src/engines/torch/worker-pool.ts'
import type { PreparedEncoder } from '../src/engines/types.ts'
import { planTraining } from '../src/train/job/plan.ts'
import { parseTraining } from '../src/train/parse.ts'
import { describePictures, pythonPath, runPython } from './support/python.ts'
import { cosine } from './support/torch.ts'
import { itemOfShown, type Shown } from './support/vision.ts'

/* CLIP and SigLIP, in process and in the worker, against transformers with its own image processors (test/reference/dual_encoders.py). */

const MODELS = ['clip', 'clip-odd', 'siglip', 'siglip2']

interface Row {
  readonly vector: readonly number[]
  readonly tokens: number
  readonly truncated: boolean
}

describePictures('dual encoders against transformers', () => {
  let root: string
  let items: Shown[]
  const references = new Map<string, Row[]>()
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'fieldtrial-dual-'))
    runPython('vision_models.py', ['pictures', root])
    runPython('dual_encoders.py', ['make', root])
    const picture = (name: string) => join(root, 'pictures', `${name}.png`)
    items = [
      { text: 'The quick brown fox jumps over the lazy dog.', image: null },
      { text: '', image: picture('wide') },
      { text: 'A zebrafish: "its HEART"!', image: picture('tall') },
      { text: '', image: null },
      {
        text: 'Use one word to represent the passage in a retrieval task, twice on Sundays and never in the rain. '.repeat(
          3,
        ),
        image: null,
      },
      { text: '', image: picture('large') },
      { text: 'the end <|endoftext|> of it', image: null },
      { text: ' ', image: picture('tiny') },
    ]
    const requests = MODELS.map((name) => ({ model: join(root, name), items, out: join(root, `${name}.json`) }))
    writeFileSync(join(root, 'request.json'), JSON.stringify(requests))
    runPython('dual_encoders.py', ['ask', join(root, 'request.json')])
    for (const [i, name] of MODELS.entries())
      references.set(name, JSON.parse(readFileSync(requests[i]!.out, 'utf8')) as Row[])
  }, 240_000)
  afterAll(async () => {
    await endIdle()
    rmSync(root, { recursive: true, force: true })
  })

  const engines: Readonly<Record<string, (folder: string) => Promise<PreparedEncoder>>> = {
    onnx: (folder) => prepareOnnx(folder),
    torch: (folder) => prepareTorch(folder, { python: pythonPath, device: 'cpu' }),
  }
  describe.each(Object.keys(engines))('engine %s', { timeout: 60_000 }, (engine) => {
    it.each(MODELS)('%s', async (name) => {
      const prepared = await engines[engine]!(join(root, name))
      expect(prepared.info.recipe.id).toBe('dual-encoder')
      expect(prepared.info.images!.tokens(640, 480)).toBe(name.startsWith('clip') ? 17 : 16)
      const encoder = await prepared.open({ threads: 1 })
      try {
        for (const order of ['given', 'reversed']) {
          const shown = order === 'given' ? items : items.toReversed()
          const rows = order === 'given' ? references.get(name)! : references.get(name)!.toReversed()
          const { vectors, dimension, truncated } = await encoder.encode(shown.map(itemOfShown), 'document')
          expect(dimension).toBe(prepared.info.dimension)
          for (const [i, row] of rows.entries()) {
            const own = vectors.subarray(i * dimension, (i + 1) * dimension)
            expect(cosine(own, row.vector), `${order} ${JSON.stringify(shown[i])}`).toBeGreaterThan(0.9999)
            expect(Math.hypot(...own)).toBeCloseTo(1, 5)
            expect(Boolean(truncated[i])).toBe(row.truncated)
          }
        }
      } finally {
        await encoder.close()
      }
    })
  })

  it.each(['clip', 'siglip'])('%s passes the conformance suite', { timeout: 60_000 }, async (name) => {
    const encoder = await (await prepareOnnx(join(root, name))).open({ threads: 1 })
    try {
      const checks = await runConformance(encoder)
      expect(checks.filter(({ ok }) => !ok)).toEqual([])
      expect(checks.length).toBeGreaterThan(10)
    } finally {
      await encoder.close()
    }
  })

  it('stream: memory does not grow with the number of pictures', { timeout: 120_000 }, () => {
    const script = fileURLToPath(new URL('../scripts/stream-images.ts', import.meta.url))
    const out = execFileSync(process.execPath, [script, join(root, 'clip'), '400', '160'], { encoding: 'utf8' })
    const [, megabytes] = /400 pictures of 160 pixels .* at most (\d+) MiB/.exec(out)!
    expect(Number(megabytes)).toBeLessThan(500)
  })

  it('are refused by name where they would be trained', async () => {
    const training = { model: './clip', recipe: 'dual-encoder', data: ['./none'], device: 'cpu' }
    vi.stubEnv('FIELDTRIAL_PYTHON', pythonPath)
    try {
      const parsed = parseTraining(JSON.stringify(training), join(root, 'train.yaml'))
      await expect(planTraining(parsed, await Workspace.open(join(root, 'ws')))).rejects.toMatchObject({
        code: 'RECIPE_INVALID',
        message: expect.stringMatching(/\.\/clip is a dual encoder \(CLIP, SigLIP\)/),
      })
    } finally {
      vi.unstubAllEnvs()
    }
  })

  it('take a prompt around texts, and no other recipe', async () => {
    const folder = join(root, 'clip')
    const prepared = await prepareOnnx(folder, { parameters: { prompts: { query: 'a photo of {text}.' } } })
    const encoder = await prepared.open({ threads: 1 })
    try {
      const [asked, bare] = [
        await encoder.encode(['a fox'], 'query'),
        await encoder.encode(['a photo of a fox.'], 'document'),
      ]
      expect(cosine(asked.vectors, bare.vectors)).toBeGreaterThan(0.99999)
    } finally {
      await encoder.close()
    }
    await expect(prepareOnnx(folder, { recipe: 'mean' })).rejects.toMatchObject({
      code: 'RECIPE_INVALID',
      message: expect.stringContaining('is a dual encoder; the recipe mean'),
    })
    await expect(
      prepareOnnx(folder, { recipe: 'sentence-transformers', parameters: { layer: 1 } }),
    ).rejects.toMatchObject({
      message: expect.stringContaining('takes no `layer`'),
    })
    await expect(prepareOnnx(folder, { dtype: 'int8' })).rejects.toMatchObject({ code: 'USAGE' })
  })
})
