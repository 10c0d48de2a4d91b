import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { findDataset } from '../src/data/index.ts'
import { modelByName, modelGroups } from '../src/data/models/index.ts'
import { readStudy } from '../src/study/parse.ts'
import type { DenseSpec } from '../src/study/study.ts'
import { readTrainingFile } from '../src/train/parse.ts'
import { readRef } from '../src/train/study.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'studies')
const trainings = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
  /(^|\/)train[/-].*\.yaml$/.test(name),
)

describe('the ready trainings', () => {
  test('are these', () => {
    expect(trainings.toSorted()).toEqual([
      'small/train-codetrans.yaml',
      'small/train-nfcorpus.yaml',
      'small/train-pystdlib.yaml',
      'train/miniature-pictures.yaml',
      'train/miniature.yaml',
      'train/msmarco-paper.yaml',
      'train/msmarco-pilot.yaml',
      'train/own-data.yaml',
    ])
  })

  test.each(trainings)(
    '%s is sound, and names a model and data that are known, or a place for one’s own',
    async (name) => {
      const { given, folder: output, data } = await readTrainingFile(join(folder, name))
      expect(modelByName(given)).toBeDefined()
      // Outside what git keeps.
      expect(output.startsWith(join(root, 'trained'))).toBe(true)
      for (const { given: source } of data)
        expect(findDataset(source) !== undefined || /data\/|\/miniature\//.test(source), source).toBe(true)
    },
  )

  test('the paper’s has its settings', async () => {
    expect(await readTrainingFile(join(folder, 'train/msmarco-paper.yaml'))).toMatchObject({
      recipe: {
        recipe: 'last-token',
        parameters: {
          prompts: { query: 'Query:{text}', document: 'Passage:{text}' },
          maxLength: { query: 32, document: 156 },
        },
      },
      negatives: 15,
      loss: { temperature: 0.01, inBatch: true, crossDevice: true, maskDuplicates: false },
      batch: { queries: 128, accumulate: 4 },
      optimizer: { lr: 1e-4, warmup: 100, schedule: 'linear', weightDecay: 0, clip: 1 },
      adapter: {
        kind: 'lora',
        r: 32,
        alpha: 64,
        dropout: 0.1,
        targets: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
      },
      precision: 'bfloat16',
      budget: { epochs: 1 },
    })
  })

  test('the supervised study holds each of the eight against itself, trained as the paper does', async () => {
    const study = await readStudy(join(folder, 'specialized-llms-supervised.yaml'))
    const models = modelGroups['specialized-llms']!
    expect(study.retrievers.map(({ id }) => id)).toEqual(['bm25', ...models, ...models.map((id) => `${id}-supervised`)])
    const folders = new Set<string>()
    for (const [i, name] of models.entries()) {
      const { model } = study.retrievers[1 + models.length + i] as DenseSpec
      const training = await readRef(model.training!)
      expect(training).toMatchObject({ name: `${name}-msmarco-paper`, model: name })
      folders.add(training.folder)
    }
    expect(folders.size).toBe(8)
  })
})
