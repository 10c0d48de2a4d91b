import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prepareTorch } from '../src/engines/torch/index.ts'
import { endIdle } from '../src/engines/torch/worker-pool.ts'
import type { RecipeParameters } from '../src/recipes/index.ts'
import { describePictures, pythonPath, runPython } from './support/python.ts'
import { check } from './support/recipe-check.ts'
import { TASK } from './support/recipe-jobs.ts'
import type { Answers, Job } from './support/recipe-vectors.ts'
import { itemOfShown, referenceVision, type Shown } from './support/vision.ts'

/*
 * Vision-language models as retrievers of texts, images and images with text, against plain transformers with its own image processor, one
 * item at a time, float32 (test/reference/vision_vectors.py).
 */

const job = (key: string, parameters: RecipeParameters = {}): Job => ({ key, recipe: key.split(',')[0]!, parameters })

/** Each recipe once, for texts. */
const TEXT_JOBS: readonly Job[] = [
  job('promptreps', { maxLength: 60, sparse: true }),
  job('last-token'),
  job('mean'),
  job('weighted-mean', { layer: 2 }),
  job('prompteol'),
  job('metaeol'),
  job('echo'),
  job('instruct', { layout: 'gte' }),
  job('llm2vec'),
  job('sentence-transformers'),
]
/** For texts, images, and both. */
const IMAGE_JOBS: readonly Job[] = [
  job('e5v', { maxLength: 90 }),
  job('vision-chat', { maxLength: 120 }),
  job('vision-chat, dse', { layout: 'dse', maxLength: 120 }),
  job('vision-chat, qwen3-vl, every token', { layout: 'qwen3-vl', maxLength: 120, pooling: ['mean'] as never }),
  job('promptreps, with words', { maxLength: 40, sparse: true }),
  job('promptreps, three tokens', { maxLength: 24, system: 'none', generateTokens: 3 }),
  job('promptreps, second layer', { maxLength: 40, layer: 2, sparse: true }),
  job('e5v, both directions', { maxLength: 90, attention: 'bidirectional', finalNorm: false }),
]
const TEXTS = [
  'How do I sort a dict by its values?',
  'Zebrafish regenerate their heart muscle after an injury; mammals do not. '.repeat(6),
  '',
]
const MODELS = ['qwen2-vl', 'qwen2.5-vl', 'qwen3-vl']
/** Recipes for images on a second and third model: the parts that differ from model to model are the tower, places and positions. */
const FEW = ['e5v', 'vision-chat', 'vision-chat, qwen3-vl, every token', 'promptreps, three tokens']
/** Packed and padded: last token, every token, scores of words with decoded tokens. */
const PADDED = ['vision-chat', 'vision-chat, qwen3-vl, every token', 'promptreps, three tokens']
/** Prompts are the same code for all: texts in full on one model, images in full and padded on that which adds their states to several layers. */
const textJobs = (name: string) =>
  name === 'qwen2.5-vl' ? TEXT_JOBS : TEXT_JOBS.filter(({ recipe }) => ['promptreps', 'weighted-mean'].includes(recipe))
const imageJobs = (name: string) =>
  name === 'qwen3-vl' ? IMAGE_JOBS : IMAGE_JOBS.filter(({ key }) => FEW.includes(key))
const packedAndPadded = (name: string) => [
  ...imageJobs(name).map((one) => ({ ...one, packed: true })),
  ...(name === 'qwen3-vl' ? IMAGE_JOBS : []).flatMap((one) =>
    PADDED.includes(one.key) ? [{ ...one, packed: false }] : [],
  ),
]

describePictures('vision-language models against transformers', () => {
  let root: string
  let items: Shown[]
  const references = new Map<string, { texts: Answers; items: Answers }>()
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'fieldtrial-vision-'))
    runPython('vision_models.py', [root])
    const picture = (name: string) => join(root, 'pictures', `${name}.png`)
    items = [
      { text: '', image: picture('wide') },
      { text: TEXTS[0]!, image: null },
      { text: TEXTS[0]!, image: picture('tall') },
      { text: '', image: picture('large') },
      { text: TEXTS[1]!, image: picture('tiny') },
      { text: '', image: picture('square') },
      { text: TEXTS[1]!, image: null },
    ]
    const texts = TEXTS.map((text) => ({ text, image: null }))
    const requests = MODELS.flatMap((name) => [
      { model: join(root, name), jobs: textJobs(name), items: texts, task: TASK },
      { model: join(root, name), jobs: imageJobs(name), items, task: TASK },
    ])
    const answers = referenceVision(requests, root)
    for (const [i, name] of MODELS.entries())
      references.set(name, { texts: answers[2 * i]!, items: answers[2 * i + 1]! })
  }, 240_000)
  afterAll(async () => {
    await endIdle()
    rmSync(root, { recursive: true, force: true })
  })

  const open = async (name: string, { recipe, parameters }: Job, packed: boolean) => {
    const options = {
      recipe,
      parameters,
      packed,
      python: pythonPath,
      device: 'cpu',
      hashCache: join(root, 'hashes.json'),
    }
    return (await prepareTorch(join(root, name), options)).open({ threads: 1 })
  }

  describe.each(MODELS)('%s', { timeout: 60_000 }, (name) => {
    it.each(textJobs(name))('texts: $key', async (one) => {
      const encoder = await open(name, one, true)
      try {
        await check(encoder, TEXTS, references.get(name)!.texts[one.key]!, ['given'])
      } finally {
        await encoder.close()
      }
    })

    it('counts the tokens of an image without the model', async () => {
      const { recipe, parameters, key } = IMAGE_JOBS[0]!
      const { preview, info } = await prepareTorch(join(root, name), {
        recipe,
        parameters,
        python: pythonPath,
        device: 'cpu',
      })
      for (const [i, shown] of items.entries()) {
        const [prompt] = await preview!(itemOfShown(shown), 'document', TASK)
        const row = references.get(name)!.items[key]!.document[i]!
        expect(prompt!.tokens.length).toBe('refused' in row ? 0 : row.tokens)
        expect(prompt!.tokens.filter((token) => token.pooled)).toEqual([prompt!.tokens.at(-1)])
      }
      expect(info.images!.tokens(84, 84)).toBe(9)
    })

    it.each(packedAndPadded(name))('images, texts, and both: $key, packed $packed', async ({ packed, ...one }) => {
      const encoder = await open(name, one, packed)
      try {
        const rows = references.get(name)!.items[one.key]!
        await check(encoder, items.map(itemOfShown), rows, one.key === FEW[0] ? ['given', 'reversed'] : ['given'])
      } finally {
        await encoder.close()
      }
    })
  })
})
