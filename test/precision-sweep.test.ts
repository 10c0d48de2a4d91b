import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runCli } from './support/cli.ts'
import { TINY, writeCollection } from './support/collections.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-precision-'))
  await writeCollection(join(folder, 'tiny'), TINY)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it('a sweep over precision encodes once per precision and tells what the rounding cost', async () => {
  const model = fileURLToPath(new URL('fixtures/models/bert', import.meta.url))
  await writeFile(
    join(folder, 'study.yaml'),
    `name: precision\ncollections: [./tiny]\nmodels: [{id: bert, model: ${model}, recipes: [{recipe: sentence-transformers, sweep: {dtype: [float32, int8]}}]}]\n`,
  )
  const { code, stderr } = await runCli(['run', join(folder, 'study.yaml'), '-w', join(folder, 'ws')], { cwd: folder })
  expect(code, stderr).toBe(0)
  const { retrievers, trials } = JSON.parse(await readFile(join(folder, 'results/precision/results.json'), 'utf8')) as {
    retrievers: { id: string; summary: string }[]
    trials: { status: string; warnings: string[] }[]
  }
  expect(retrievers.map(({ id, summary }) => [id, summary.includes('int8')])).toEqual([
    ['bert+sentence-transformers-float32', false],
    ['bert+sentence-transformers-int8', true],
  ])
  expect(trials.map(({ status }) => status)).toEqual(['done', 'done'])
  expect(trials[0]!.warnings).toEqual([])
  expect(trials[1]!.warnings.join()).toMatch(/int8 weights: cosine to the vectors of float32 weights 0\.99/)
})
