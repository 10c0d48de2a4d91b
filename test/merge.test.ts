import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCheckpoint } from '../src/engines/text/safetensors.ts'
import type { StudyResults } from '../src/study/results.ts'
import { gaussian, readWeights, type Tensor, writeSafetensors } from './support/checkpoints.ts'
import { runCli } from './support/cli.ts'
import { TINY, writeCollection } from './support/collections.ts'

const BERT = fileURLToPath(new URL('fixtures/models/bert', import.meta.url))
let folder: string

/** The fixture with every number moved a little. */
async function sibling(name: string, seed: number): Promise<void> {
  await cp(BERT, join(folder, name), { recursive: true })
  const places = (await readCheckpoint(BERT))!
  const tensors = Object.entries(await readWeights(BERT)).map(([tensor, values], i): [string, Tensor] => {
    const noise = gaussian(values.length, 100 * seed + i, 0.05)
    return [tensor, { shape: places.get(tensor)!.shape, values: values.map((x, at) => x + noise[at]!) }]
  })
  await writeSafetensors(join(folder, name, 'model.safetensors'), Object.fromEntries(tensors))
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-merge-study-'))
  await sibling('first', 1)
  await sibling('second', 2)
  await writeCollection(join(folder, 'tiny'), TINY)
  await writeFile(
    join(folder, 'tiny', 'qrels', 'dev.tsv'),
    'query-id\tcorpus-id\tscore\nq1\td3\t1\nq2\td7\t1\nq3\td11\t1\n',
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const cli = (...args: string[]) => runCli([...args, '-w', 'ws'], { cwd: folder })
const resultsOf = async (name: string) =>
  JSON.parse(await readFile(join(folder, 'results', name, 'results.json'), 'utf8')) as StudyResults

describe('a merged model', () => {
  it('is a model of a study like any other', { timeout: 120_000 }, async () => {
    const merged = await cli(
      'merge',
      '--method',
      'linear',
      '--model',
      'first',
      '--model',
      'second',
      '--weight',
      '1',
      '--weight',
      '3',
      '-o',
      'by-hand',
      '--json',
    )
    expect(merged.code, merged.stderr).toBe(0)
    expect(JSON.parse(merged.stdout)).toMatchObject({ output: 'model', warnings: [] })
    const [one, two, mean] = await Promise.all(
      ['first', 'second', 'by-hand'].map((name) => readWeights(join(folder, name))),
    )
    for (const [name, values] of Object.entries(mean!))
      values.forEach((x, i) => void expect(x).toBeCloseTo(0.25 * one![name]![i]! + 0.75 * two![name]![i]!, 5))
    await writeFile(
      join(folder, 'soup.yaml'),
      `
name: soup
collections: [./tiny]
models:
  - first
  - { id: by-hand, model: ./by-hand }
  - id: soup
    merge: { method: linear, models: [{ model: ./first }, { model: ./second, weight: 3 }] }
  - merge: { method: slerp, t: [0, 1], models: [{ model: ./first }, { model: ./second }] }
`,
    )
    const run = await cli('run', 'soup.yaml')
    expect(run.code, run.stderr).toBe(0)
    const results = await resultsOf('soup')
    expect(results.trials.map(({ retriever, status }) => [retriever, status])).toEqual([
      ['first', 'done'],
      ['by-hand', 'done'],
      ['soup', 'done'],
      ['slerp-first+second', 'done'],
    ])
    const [, hand, soup] = results.trials
    expect(soup!.perQuery).toEqual(hand!.perQuery)
    expect(soup!.fingerprint).toBe(hand!.fingerprint)
    const { resolved, summary } = results.retrievers.find(({ id }) => id === 'soup')!
    expect(summary).toMatch(/linear merge of first and second \(3\)/)
    expect(resolved).toMatchObject({
      model: { merge: { method: 'linear', models: [{ model: 'first' }, { model: 'second', weight: 3 }] } },
    })
    expect(JSON.stringify(results)).not.toContain(folder)

    const merges = await readdir(join(folder, 'ws', 'merges'))
    expect(merges).toHaveLength(2)
    const cleaned = await cli('clean')
    expect(cleaned.code, cleaned.stderr).toBe(0)
    expect(await readdir(join(folder, 'ws', 'merges'))).toEqual(merges)
    const again = await cli('run', 'soup.yaml', '--json')
    expect(again.code, again.stderr).toBe(0)
    expect((await resultsOf('soup')).trials.every(({ cost }) => cost.cached)).toBe(true)
    // Weights that somebody changed are made again.
    const weights = join(folder, 'ws', 'merges', merges[0]!, 'model.safetensors')
    const before = await readFile(weights)
    await writeFile(weights, before.subarray(0, before.length - 4))
    const mended = await cli('run', 'soup.yaml')
    expect(mended.code, mended.stderr).toBe(0)
    expect(mended.stderr).toMatch(/were changed/)
    expect(await readFile(weights)).toEqual(before)
  })

  it('is described in a file whose mistakes are told with their places', { timeout: 60_000 }, async () => {
    await writeFile(
      join(folder, 'bad.yaml'),
      'method: tie\nbase: ./first\nmodel:\n  - { model: ./second, wieght: 1 }\n',
    )
    const bad = await cli('merge', 'bad.yaml', '-o', 'none')
    expect(bad.code).toBe(2)
    expect(bad.stderr).toMatch(/bad\.yaml:1:9.*method.*must be one of/s)
    expect(bad.stderr).toMatch(/bad\.yaml:3:1.*Unknown field "model".*models/s)
    await writeFile(
      join(folder, 'bad-study.yaml'),
      'collections: [./tiny]\nmodels:\n  - id: x\n    engine: http\n    url: http://localhost:1\n    merge: { method: slerp, models: [{ model: ./first }] }\n',
    )
    const study = await cli('run', 'bad-study.yaml')
    expect(study.code).toBe(2)
    expect(study.stderr).toMatch(/bad-study\.yaml:6:12.*1 are named/s)
    expect(study.stderr).toMatch(/engine: http cannot run what is merged here/)
  })

  it('is not written over something, and not at all after an error', { timeout: 60_000 }, async () => {
    const over = await cli('merge', '--method', 'linear', '--model', 'first', '--model', 'second', '-o', 'first')
    expect(over.code).toBe(2)
    expect(over.stderr).toMatch(/first is not an empty folder/)
    await mkdir(join(folder, 'apart'))
    await cp(BERT, join(folder, 'apart'), { recursive: true })
    const places = (await readCheckpoint(BERT))!
    const tensors = [...places].map(([name, { shape }], i): [string, Tensor] => [
      name,
      {
        shape,
        values: gaussian(
          shape.reduce((a, b) => a * b, 1),
          900 + i,
        ),
      },
    ])
    await writeSafetensors(join(folder, 'apart', 'model.safetensors'), Object.fromEntries(tensors))
    const refused = await cli('merge', '--method', 'linear', '--model', 'first', '--model', 'apart', '-o', 'none')
    expect(refused.code).toBe(4)
    expect(refused.stderr).toMatch(/apart and .*first cannot be merged: their weights have nothing in common/)
    expect(await readdir(folder)).not.toContain('none')
  })

  it('has its weights searched on one split and reported on another', { timeout: 120_000 }, async () => {
    const search = [
      'merge',
      '--method',
      'linear',
      '--model',
      'first',
      '--model',
      'second',
      '--search',
      '--collection',
      './tiny',
      '--budget',
      '6',
    ]
    const found = await cli(...search, '--test-split', 'test', '-o', 'found', '--json')
    expect(found.code, found.stderr).toBe(0)
    const { search: result, spec } = JSON.parse(found.stdout)
    expect(result.tried).toHaveLength(6)
    expect(result.tried.slice(0, 3).map(({ point }: { point: { weights: number[] } }) => point.weights)).toEqual([
      [1, 0],
      [0, 1],
      [0.5, 0.5],
    ])
    const best = Math.max(...result.tried.map(({ value }: { value: number }) => value))
    expect(result.tried.find(({ value }: { value: number }) => value === best).point).toEqual(result.best)
    expect(spec.models.map(({ weight }: { weight: number }) => weight)).toEqual(result.best.weights)
    expect(result.test).toMatchObject({ split: 'test', queries: 3 })
    expect(result.test.values.map(({ name }: { name: string }) => name.split('/').at(-1))).toEqual([
      'first',
      'second',
      'equal parts',
      'chosen',
    ])
    expect(result.test.comparisons).toHaveLength(3)
    // Candidates leave nothing large behind, and their scores are remembered.
    expect(await readdir(join(folder, 'ws', 'vectors')).then((names) => names.length)).toBeLessThanOrEqual(8)
    const again = await cli(...search, '-o', 'again')
    expect(again.code, again.stderr).toBe(0)
    expect(again.stdout).toMatch(/too high: name a --test-split/)
    const same = await cli(...search, '--test-split', 'dev', '-o', 'same')
    expect(same.code).toBe(2)
    expect(same.stderr).toMatch(/chosen on dev, so they cannot be reported on it/)
  })
})
