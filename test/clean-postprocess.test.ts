import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runCli } from './support/cli.ts'
import { TINY, writeCollection } from './support/collections.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-clean-'))
  await writeCollection(join(folder, 'tiny'), TINY)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it('cleaning spares what a study with post-processing needs: it runs again, with the same numbers and no work', async () => {
  const model = fileURLToPath(new URL('fixtures/models/bert', import.meta.url))
  await writeFile(
    join(folder, 'study.yaml'),
    `name: post\ncollections: [./tiny]\nmodels: [${model}]\nrecipes: [{recipe: sentence-transformers, sweep: {postprocess: [[], [center], [center, binary]]}}]\n`,
  )
  const run = () => runCli(['run', join(folder, 'study.yaml'), '-w', join(folder, 'ws')], { cwd: folder })
  const results = async () => {
    const { trials, spaces } = JSON.parse(await readFile(join(folder, 'results/post/results.json'), 'utf8')) as {
      trials: { mean: object }[]
      spaces: object[]
    }
    return { means: trials.map(({ mean }) => mean), spaces }
  }
  expect((await run()).code).toBe(0)
  const before = await results()
  expect(before.spaces).toHaveLength(3)
  expect((await runCli(['clean', '-w', join(folder, 'ws')], { cwd: folder })).code).toBe(0)
  const again = await run()
  expect(again.code, again.stderr).toBe(0)
  expect(again.stderr).toMatch(/3 from the workspace/)
  expect(await results()).toEqual(before)
})
