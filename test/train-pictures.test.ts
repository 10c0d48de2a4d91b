import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { FieldtrialError } from '../src/core/errors.ts'
import { Workspace } from '../src/core/workspace.ts'
import { readCheckpoint, readTensor } from '../src/engines/text/safetensors.ts'
import type { StudyResults } from '../src/study/results.ts'
import { readTrained } from '../src/study/trained.ts'
import { planTraining } from '../src/train/job/plan.ts'
import type { TrainingRecord } from '../src/train/job/record.ts'
import { parseTraining } from '../src/train/parse.ts'
import { runCli } from './support/cli.ts'
import { describePictures, pythonPath, runPython } from './support/python.ts'
import { describeShared, sharedPath } from './support/shared.ts'

/*
 * Training with pictures: gradients against plain transformers, then `fieldtrial train` on photographs and a study of what came of it.
 */

interface Case {
  readonly case: string
  readonly loss: number
  readonly plain: number
  readonly difference: number
  readonly missing: string[]
  readonly tensors: number
  readonly tower: number
  readonly layers: string[]
}

const env = { FIELDTRIAL_PYTHON: pythonPath, OMP_NUM_THREADS: '1' }
const jsonLine = (record: object) => `${JSON.stringify(record)}\n`

describePictures('training with pictures', () => {
  let folder: string
  let found: (Case | { readonly case: string; readonly [key: string]: unknown })[]
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fieldtrial-train-pictures-'))
    found = runPython('training_pictures.py', [folder])
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Case)
  }, 300_000)
  beforeAll(() => vi.stubEnv('FIELDTRIAL_PYTHON', pythonPath))
  afterAll(() => {
    vi.unstubAllEnvs()
    return rm(folder, { recursive: true, force: true })
  })

  it('has the loss and gradients of plain transformers, the tower frozen or not', () => {
    const cases = found.filter((one): one is Case => 'plain' in one)
    expect(cases.map((one) => [one.case, one.tensors, one.tower])).toEqual([
      ['LoRA, frozen', 56, 0],
      ['all weights, frozen, padded', 50, 0],
      ['all weights, trained, GradCache', 80, 30],
      ['LoRA on part, trained, GradCache, second layer, checkpointing', 20, 12],
      ['Qwen2-VL, LoRA, trained', 76, 20],
      ['Qwen3-VL, DoRA, trained', 138, 54],
    ])
    for (const one of cases) {
      expect(one, one.case).toMatchObject({ missing: [] })
      expect(Math.abs(one.loss - one.plain) / one.plain, one.case).toBeLessThan(1e-5)
      expect(one.difference, one.case).toBeLessThan(1e-4)
    }
    expect(cases.find((one) => one.case.includes('second layer'))!.layers).toEqual(['0', '1'])
  })

  it('sees the pictures: without them the loss is another one', () => {
    expect(found.find((one) => one.case === 'blind')).toMatchObject({ differs: true })
  })

  it('looks at each picture once where states are kept, with the same gradients and vectors', () => {
    const row = found.find((one) => one.case === 'kept') as unknown as Record<
      string,
      { pictures: number; looks: [number, number, number]; difference: number; same: boolean }
    >
    for (const model of ['qwen2.5-vl', 'qwen3-vl']) {
      const { pictures, looks, difference, same } = row[model]!
      const [without, all, some] = looks
      expect(all, model).toBe(pictures)
      expect(without, model).toBeGreaterThan(5 * pictures)
      expect(some).toBeGreaterThan(all)
      expect(some).toBeLessThan(without)
      expect(difference, model).toBeLessThan(1e-4)
      // What is kept changes nothing: each picture is looked at alone.
      expect(same, model).toBe(true)
    }
  })

  it('goes on from a checkpoint to the same weights, and saves whole models that transformers reads', () => {
    expect(found.find((one) => one.case === 'resumed')).toMatchObject({ lora: true, whole: true })
    expect(found.find((one) => one.case === 'saved')).toMatchObject({ names: true, changed: true })
  })

  const plan = async (fields: Record<string, unknown>) => {
    const training = {
      data: ['./coll'],
      recipe: { recipe: 'vision-chat', maxLength: 100 },
      batch: { queries: 2 },
      device: 'cpu',
      ...fields,
    }
    const parsed = parseTraining(JSON.stringify(training), join(folder, 'file.yaml'))
    return planTraining(parsed, await Workspace.open(join(folder, 'ws-refused')), { offline: true })
  }

  describeShared('photographs of Flickr8k', ['data/flickr8k-1k'], () => {
    beforeAll(() => writeSlice(sharedPath('data/flickr8k-1k'), join(folder, 'coll')))

    it('are trained on, and the study that uses what came of it has the figures of the training', {
      timeout: 240_000,
    }, async () => {
      await writeFile(
        join(folder, 'seen.yaml'),
        JSON.stringify({
          name: 'seen',
          model: './qwen2.5-vl',
          recipe: { recipe: 'vision-chat', maxLength: 100 },
          data: [{ source: './coll', negatives: 'random' }],
          negatives: 2,
          batch: { queries: 6, chunk: 5 },
          optimizer: { lr: 0.02 },
          adapter: { r: 4, dropout: 0 },
          vision: 'trained',
          minPixels: 784,
          maxPixels: 3136,
          budget: { steps: 6 },
          evaluation: { collection: './coll', every: 3, patience: 0 },
          output: { merged: true },
          device: 'cpu',
        }),
      )
      const trained = await runCli(['train', 'seen.yaml', '-w', 'ws', '--threads', '1'], { cwd: folder, env })
      expect(trained.code, trained.stderr).toBe(0)
      const model = join(folder, 'trained', 'seen', 'model')
      expect(await readTrained(model)).toMatchObject({ kind: 'adapter', pixels: { minPixels: 784, maxPixels: 3136 } })
      const record = JSON.parse(
        await readFile(join(folder, 'trained', 'seen', 'training.json'), 'utf8'),
      ) as TrainingRecord
      // Random negatives show all there are; one is that of two documents and a query.
      expect(record.data.counts.pictures).toBe(38)
      expect(record.job.vision).toMatchObject({ trained: true, settings: { maxPixels: 3136 } })
      const { score, loss } = record.result!
      expect(loss!.last).toBeLessThan(loss!.first)
      expect(await readFile(join(model, 'README.md'), 'utf8')).toContain('784 to 3136')
      const config = JSON.parse(await readFile(join(model, 'adapter_config.json'), 'utf8')) as {
        target_modules: string[]
      }
      expect(config.target_modules.some((name) => name.includes('visual'))).toBe(true)
      // The tower of the merged weights is another one, too: all its matrices, and nothing else of it.
      const [base, merged] = await Promise.all(
        ['qwen2.5-vl', 'trained/seen/merged'].map(async (name) => (await readCheckpoint(join(folder, name)))!),
      )
      const changed: string[] = []
      for (const [name, place] of base!)
        if (
          name.includes('visual') &&
          !isDeepStrictEqual(await readTensor(name, place), await readTensor(name, merged!.get(name)!))
        )
          changed.push(name)
      expect(changed).toHaveLength(12)

      await writeFile(
        join(folder, 'study.yaml'),
        `
name: seen
collections: [{ source: ./coll, split: dev }]
models:
  - { id: adapter, model: ./trained/seen/model, device: cpu }
`,
      )
      const run = await runCli(['run', 'study.yaml', '-w', 'ws'], { cwd: folder, env })
      expect(run.code, run.stderr).toBe(0)
      expect(run.stderr).not.toMatch(/was trained with/)
      const results = JSON.parse(
        await readFile(join(folder, 'results', 'seen', 'results.json'), 'utf8'),
      ) as StudyResults
      const mean = (id: string) => results.trials.find(({ retriever }) => retriever === id)!.mean['nDCG@10']!
      // Vectors of the training's worker and of encoding are the same: the recipe, pixels and weights did not drift apart.
      expect(score!.after).not.toBe(score!.before)
      expect(mean('adapter')).toBeCloseTo(score!.after, 6)
    })

    it('are refused where they would not be learned from', { timeout: 120_000 }, async () => {
      const rejected = (fields: Record<string, unknown>) =>
        plan(fields).then(
          () => '',
          (error: FieldtrialError) => [error, ...(error.problems ?? [])].map(({ message }) => message).join(' '),
        )
      expect(await rejected({ model: './qwen2.5-vl', recipe: 'mean' })).toMatch(
        /The picture images\/\S+\.jpg of "\S+" is an image; the model with the recipe mean reads text only/,
      )
      expect(await rejected({ model: './qwen2.5-vl', recipe: 'mean', vision: 'trained' })).toMatch(
        /with the recipe mean takes no pictures/,
      )
      expect(
        await rejected({ model: './qwen2.5-vl', vision: 'trained', adapter: { targets: ['q_proj', 'k_proj'] } }),
      ).toMatch(/No target of the adapter matches a matrix of the image tower/)
      expect(await rejected({ model: './qwen2.5-vl', vision: 'trained', strategy: 'fsdp' })).toMatch(
        /shares no image tower out/,
      )
      expect(await rejected({ model: './qwen2.5-vl', recipe: { recipe: 'promptreps', sparse: true } })).toMatch(
        /has no words, of which the sparse half/,
      )
      const pairs = 'pairs.jsonl'
      await writeFile(
        join(folder, pairs),
        ['one', 'two', 'three'].map((text) => jsonLine({ query: text, positive: `${text} more` })).join(''),
      )
      expect(await rejected({ model: './qwen2.5-vl', vision: 'trained', data: [`./${pairs}`] })).toMatch(
        /no example has a picture/,
      )
    })
  })
})

/** A slice of captions and photographs; beside these a document that is text, one with text and picture, and a query that is a picture. */
async function writeSlice(from: string, to: string): Promise<void> {
  await mkdir(join(to, 'images'), { recursive: true })
  await mkdir(join(to, 'qrels'))
  const texts = new Map(
    gunzipSync(await readFile(join(from, 'queries.jsonl.gz')))
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { _id: string; text: string })
      .map(({ _id, text }) => [_id, text]),
  )
  const images = new Set<string>()
  const queries: object[] = []
  for (const [split, count] of [
    ['train', 24],
    ['dev', 10],
    ['test', 4],
  ] as const) {
    const rows = (await readFile(join(from, 'qrels', `${split}.tsv`), 'utf8')).trim().split('\n').slice(1)
    const kept = rows.filter((row) => row.split('\t')[0]!.endsWith('#0')).slice(0, count)
    for (const [query, image] of kept.map((row) => row.split('\t'))) {
      queries.push({ _id: query, text: texts.get(query!) })
      images.add(image!)
    }
    const more = split === 'train' ? ['shown\tmixed\t1', 'words\ttext\t1'] : []
    await writeFile(
      join(to, 'qrels', `${split}.tsv`),
      `${['query-id\tcorpus-id\tscore', ...kept, ...more].join('\n')}\n`,
    )
  }
  for (const image of images) await copyFile(join(from, 'images', image), join(to, 'images', image))
  const [first] = images
  queries.push({ _id: 'shown', text: '', image: `images/${first}` }, { _id: 'words', text: 'a poem about stairs' })
  const documents = [
    ...[...images].map((image) => ({ _id: image, title: '', text: '', image: `images/${image}` })),
    { _id: 'mixed', title: '', text: 'a child on the stairs', image: `images/${first}` },
    { _id: 'text', title: '', text: 'Up and up and up we go.' },
  ]
  await writeFile(join(to, 'corpus.jsonl'), documents.map(jsonLine).join(''))
  await writeFile(join(to, 'queries.jsonl'), queries.map(jsonLine).join(''))
}
