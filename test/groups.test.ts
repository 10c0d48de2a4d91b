import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findDataset } from '../src/data/index.ts'
import { runCli } from './support/cli.ts'
import { SMALL_BEIR, temporaryFolder } from './support/files.ts'
import { TestHub } from './support/hub-server.ts'

test('a group of collections in a study: the plan, the run, and a second run without the network', async () => {
  const server = await TestHub.start()
  for (const id of ['beir/scifact', 'beir/scidocs']) {
    const { repo, revision, qrels } = findDataset(id)!.hub!
    const { 'qrels/test.tsv': test, ...main } = SMALL_BEIR
    server.push(`datasets/${repo}`, main, 'main', revision!)
    server.push(`datasets/${qrels!.repo}`, { 'test.tsv': test }, 'main', qrels!.revision!)
  }
  const folder = await temporaryFolder()
  const file = join(folder, 'study.yaml')
  await writeFile(file, "collections: ['beir/sci*', 'msmarco/*', './mine']\nbaselines: [bm25]\nmeasures: [nDCG@10]\n")
  const options = {
    cwd: folder,
    env: { HF_ENDPOINT: server.endpoint, HF_HOME: join(folder, 'hf'), FIELDTRIAL_WORKSPACE: join(folder, 'work') },
  }
  // A sound part of the study first: the second group and the folder are not to be had here.
  const plan = await runCli(['run', file, '--only', 'sci*', '--dry-run'], options)
  expect(plan.code, plan.stderr).toBe(0)
  expect(plan.stderr).toContain('beir/sci*: 2 collections (scidocs, scifact)')
  expect(plan.stderr).toContain('left out: msmarco/train, a training set')
  const run = await runCli(['run', file, '--only', 'sci*', '--json'], options)
  expect(run.code, run.stderr).toBe(0)
  const results = JSON.parse(run.stdout) as { trials: { collection: string; status: string }[] }
  expect(results.trials.map(({ collection, status }) => [collection, status])).toEqual([
    ['scidocs', 'done'],
    ['scifact', 'done'],
  ])
  server.stop()
  const again = await runCli(['run', file, '--only', 'sci*', '--dry-run', '--offline'], options)
  expect(again.code, again.stderr).toBe(0)
  expect(again.stderr).toContain('Nothing to do: 2 of 2 trials cached')

  await writeFile(file, "collections: ['bier/*']\nbaselines: [bm25]\n")
  const wrong = await runCli(['run', file], options)
  expect(wrong.code).toBe(2)
  expect(wrong.stderr).toContain('study.yaml:1:')
  expect(wrong.stderr).toContain('Did you mean beir/*?')
})

test('images without words are refused by retrievers that read text, with the reason', async () => {
  const folder = await temporaryFolder()
  const mine = join(folder, 'pictures')
  const { mkdir } = await import('node:fs/promises')
  await mkdir(join(mine, 'qrels'), { recursive: true })
  await writeFile(
    join(mine, 'corpus.jsonl'),
    '{"_id":"a","text":"","image":"a.png"}\n{"_id":"b","text":"","image":"a.png"}\n',
  )
  await writeFile(join(mine, 'a.png'), 'bytes')
  await writeFile(join(mine, 'queries.jsonl'), '{"_id":"q","text":"a bird"}\n')
  await writeFile(join(mine, 'qrels', 'test.tsv'), 'q\ta\t1\n')
  const run = await runCli(['run', '--collection', mine, '--retriever', 'bm25', '-w', join(folder, 'work')])
  expect(run.code).toBe(3)
  expect(run.stderr).toContain('None of the 2 documents of')
  expect(run.stderr).toContain('has a title or a text: 2 of them are images.')
})
