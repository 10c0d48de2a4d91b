import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { StudyResults } from '../src/study/results.ts'
import { runCli } from './support/cli.ts'
import { describePictures, pythonPath, runPython } from './support/python.ts'
import { describeShared, sharedPath } from './support/shared.ts'

const env = { FIELDTRIAL_PYTHON: pythonPath, OMP_NUM_THREADS: '1' }
const line = (record: object) => `${JSON.stringify(record)}\n`

describePictures('a study over images', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fieldtrial-images-'))
    runPython('vision_models.py', [folder])
    runPython('dual_encoders.py', ['make', folder])
    const collection = join(folder, 'coll')
    await mkdir(join(collection, 'images'), { recursive: true })
    await mkdir(join(collection, 'qrels'))
    const colours = ['red', 'green', 'blue', 'white', 'black', 'orange']
    for (const [i, colour] of colours.entries())
      await sharp({ create: { width: 30 + 9 * i, height: 60 - 7 * i, channels: 3, background: colour } })
        .jpeg()
        .toFile(join(collection, 'images', `${colour}.jpg`))
    await sharp({ create: { width: 40, height: 40, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 0.5 } } })
      .png()
      .toFile(join(collection, 'images', 'clear.png'))
    await writeFile(join(collection, 'images', 'broken.jpg'), '<html>not found</html>')
    await writeFile(join(collection, 'images', 'empty.jpg'), '')
    const shown = [...colours.map((name) => `${name}.jpg`), 'clear.png', 'broken.jpg', 'empty.jpg', 'gone.jpg']
    await writeFile(
      join(collection, 'corpus.jsonl'),
      shown
        .map((file, i) =>
          line({ _id: file.split('.')[0], text: i === 1 ? 'a green field' : '', image: `images/${file}` }),
        )
        .join('') + line({ _id: 'words', text: 'only words' }),
    )
    await writeFile(
      join(collection, 'queries.jsonl'),
      line({ _id: 'q1', text: 'a red car' }) +
        line({ _id: 'q2', text: 'words' }) +
        line({ _id: 'q3', text: '', image: 'images/blue.jpg' }),
    )
    await writeFile(join(collection, 'qrels', 'test.tsv'), 'q1\tred\t1\nq2\twords\t1\nq3\tblue\t1\n')
  }, 120_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const study = async (name: string, more: string, vision = '') => {
    await writeFile(
      join(folder, `${name}.yaml`),
      `name: ${name}
collections: [./coll]
baselines: [bm25]
models:
  - { id: clip, model: ./clip }
  - { id: vl, model: ./qwen2.5-vl, engine: torch, device: cpu, recipes: [{ recipe: vision-chat, maxLength: 80 }]${vision} }
measures: [nDCG@10, R@10]
${more}`,
    )
    const run = await runCli(['run', `${name}.yaml`, '-w', 'ws'], { cwd: folder, env })
    const file = join(folder, 'results', name, 'results.json')
    return { run, results: JSON.parse(await readFile(file, 'utf8')) as StudyResults }
  }

  it('names a broken picture before any work, and goes on with the others', { timeout: 120_000 }, async () => {
    const { run, results } = await study('stop', '')
    const status = Object.fromEntries(results.trials.map((trial) => [trial.retriever, trial.status]))
    expect(status).toEqual({ bm25: 'done', clip: 'failed', vl: 'failed' })
    expect(run.code).toBe(3)
    expect(run.stderr).toMatch(/The picture images\/broken\.jpg of "broken" cannot be decoded: it is no JPEG/)
    expect(run.stderr).toContain('2 other pictures of ./coll cannot be read either.')
    expect(run.stderr).toContain('images: { broken: skip }')
  })

  let before: StudyResults
  it('leaves it out and counts it where asked to', { timeout: 240_000 }, async () => {
    const { run, results } = await study('skip', 'images: { broken: skip }\n')
    before = results
    expect(run.code, run.stderr).toBe(0)
    for (const id of ['clip', 'vl']) {
      const trial = results.trials.find(({ retriever }) => retriever === id)!
      expect(trial.status).toBe('done')
      expect(trial.warnings.join('\n')).toMatch(
        /3 of 10 documents with images were left out.*"broken", "empty", "gone"/,
      )
      expect(trial.warnings.join('\n')).toMatch(/1 images of documents are transparent: they were laid on white/)
      const ranked = (await readFile(join(folder, 'results', 'skip', trial.runFile!), 'utf8')).trim().split('\n')
      // Eight documents for each of three queries, the one whose query is a picture included.
      expect(ranked).toHaveLength(24)
      expect(ranked.some((row) => /broken|empty|gone/.test(row))).toBe(false)
      expect(trial.mean['R@10']).toBe(1)
      // The same picture on both sides has the same vector under a dual encoder.
      if (id === 'clip')
        expect(ranked.find((row) => row.startsWith('q3'))).toMatch(/^q3\s+Q0\s+blue\s+1\s+(1|0\.99999)/)
    }
    const evidence = await readFile(join(folder, 'results', 'skip', 'evidence.json'), 'utf8')
    expect(evidence).toContain('[image images/green.jpg] a green field')
    const report = await readFile(join(folder, 'results', 'skip', 'report.html'), 'utf8')
    expect(report).toContain('were left out')
    // The pixel budget that the model's own files give.
    expect(report).toContain('3,136 to 15,680 pixels, bicubic, decoded by sharp')
    expect(report).toContain('32 × 32 pixels, the middle cut out')
  })

  it('takes the pixel budget for another model', { timeout: 120_000 }, async () => {
    const { run, results } = await study('small', 'images: { broken: skip }\n', ', minPixels: 784, maxPixels: 1568')
    expect(run.code, run.stderr).toBe(0)
    const of = (one: StudyResults, id: string) => one.trials.find(({ retriever }) => retriever === id)!
    expect(of(results, 'vl').fingerprint).not.toBe(of(before, 'vl').fingerprint)
    expect(of(results, 'vl').cost.documentTokens).toBeLessThan(of(before, 'vl').cost.documentTokens!)
    expect(of(results, 'clip')).toMatchObject({ fingerprint: of(before, 'clip').fingerprint, cost: { cached: true } })
  })

  it('refuses a pixel budget where it would be without effect', { timeout: 60_000 }, async () => {
    await writeFile(join(folder, 'wrong.yaml'), 'collections: [./coll]\nmodels: [{ model: ./clip, maxPixels: 5000 }]\n')
    const run = await runCli(['run', 'wrong.yaml', '-w', 'ws'], { cwd: folder, env })
    expect(run.code).toBe(2)
    expect(run.stderr).toContain('`maxPixels` is for engine: torch')
  })

  describeShared('photographs of Flickr8k', ['data/flickr8k-1k'], () => {
    it('are found by their captions about as often as chance has it, the models being random', {
      timeout: 240_000,
    }, async () => {
      const from = sharedPath('data/flickr8k-1k')
      const slice = join(folder, 'flickr')
      await mkdir(join(slice, 'images'), { recursive: true })
      await mkdir(join(slice, 'qrels'))
      const documents = (await readFile(join(from, 'corpus.jsonl'), 'utf8')).split('\n').slice(0, 40)
      await writeFile(join(slice, 'corpus.jsonl'), documents.join('\n'))
      const ids = new Set<string>()
      for (const record of documents.map((text) => JSON.parse(text) as { _id: string; image: string })) {
        ids.add(record._id)
        await copyFile(join(from, record.image), join(slice, record.image))
      }
      const judged = (await readFile(join(from, 'qrels', 'all.tsv'), 'utf8'))
        .split('\n')
        .filter((row) => ids.has(row.split('\t')[1] ?? ''))
      await writeFile(join(slice, 'qrels', 'test.tsv'), `query-id\tcorpus-id\tscore\n${judged.join('\n')}\n`)
      await copyFile(join(from, 'queries.jsonl.gz'), join(slice, 'queries.jsonl.gz'))
      await writeFile(
        join(folder, 'flickr.yaml'),
        `collections: [./flickr]
baselines: [bm25]
models:
  - { id: siglip, model: ./siglip }
  - { id: vl, model: ./qwen3-vl, engine: torch, device: cpu, recipes: [{ recipe: promptreps, output: [dense, hybrid], maxLength: 20 }] }
measures: [R@10]
output: { formats: [json, markdown] }
`,
      )
      const run = await runCli(['run', 'flickr.yaml', '-w', 'ws'], { cwd: folder, env })
      expect(run.stderr).toContain('None of the 40 documents of ./flickr has a title or a text: 40 of them are images.')
      const file = join(folder, 'results', 'flickr', 'results.json')
      const { trials } = JSON.parse(await readFile(file, 'utf8')) as StudyResults
      const recall = Object.fromEntries(trials.map(({ retriever, mean }) => [retriever, mean['R@10']]))
      expect(Object.keys(recall)).toEqual([
        'bm25',
        'siglip',
        'vl+promptreps-length_20',
        'vl+promptreps-length_20-hybrid',
      ])
      expect(recall.bm25).toBeUndefined()
      // Ten of forty by chance.
      for (const id of ['siglip', 'vl+promptreps-length_20']) {
        expect(recall[id]).toBeGreaterThan(0.1)
        expect(recall[id]).toBeLessThan(0.45)
      }
    })
  })
})
