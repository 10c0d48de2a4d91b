import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { executePlan, parseStudy, planStudy, Workspace } from '../src/index.ts'
import { TINY, writeCollection } from './support/collections.ts'
import { startEmbeddingServer } from './support/embedding-server.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-changed-'))
  await writeCollection(join(folder, 'tiny'), TINY)
})
afterAll(() => rm(folder, { recursive: true }))

it('documents that change between plan and work give no numbers, now or later', async () => {
  const server = await startEmbeddingServer()
  try {
    const workspace = await Workspace.open(join(folder, 'w'))
    const text = `collections: [./tiny]\nbaselines: [bm25]\nmodels: [{ id: m, model: m, url: ${JSON.stringify(server.v1)} }]\nmeasures: [AP]\n`
    const study = parseStudy(text, join(folder, 'study.yaml'))
    const plan = await planStudy(study, workspace)
    const corpus = join(folder, 'tiny', 'corpus.jsonl')
    const before = await readFile(corpus, 'utf8')
    await writeFile(corpus, before.replaceAll('molten rock', 'sliced bread'))
    const { results, failures } = await executePlan(plan, workspace)
    expect(results.trials.map((t) => [t.status, t.error?.code])).toEqual([
      ['failed', 'DATA_INVALID'],
      ['failed', 'DATA_INVALID'],
    ])
    expect(failures[0]!.message).toContain('changed while')

    // With the old content back, nothing of the other content may be found under its fingerprint.
    await writeFile(corpus, before)
    const scores = async (where: Workspace) =>
      (await executePlan(await planStudy(study, where), where)).results.trials.map((t) => t.perQuery)
    const fresh = await Workspace.open(join(folder, 'fresh'))
    expect(await scores(workspace)).toEqual(await scores(fresh))
    expect(await readdir(workspace.path('bm25'))).toHaveLength(1)
  } finally {
    await server.close()
  }
})
