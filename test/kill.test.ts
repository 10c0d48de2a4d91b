import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { StudyResults } from '../src/study/results.ts'
import { runCli } from './support/cli.ts'
import { hashScores, killAndResume } from './support/kill.ts'
import { describeWith, minilmPath, sharedPath } from './support/shared.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-kill-'))
})
afterAll(() => rm(folder, { recursive: true }))

describeWith('a study that is killed', [sharedPath('data/nfcorpus'), sharedPath('data/mini-cosqa'), minilmPath], () => {
  it('gives, once resumed, the very bytes of an undisturbed run', async () => {
    const study = join(folder, 'study.yaml')
    await writeFile(
      study,
      `collections: [${JSON.stringify(sharedPath('data/nfcorpus'))}, ${JSON.stringify(sharedPath('data/mini-cosqa'))}]
baselines: [bm25, 'bm25:analyzer=unicode']
models: [{ id: minilm, model: ${JSON.stringify(minilmPath)}, maxLength: 16 }]
fusion: ['rrf:bm25,minilm']
measures: [nDCG@10, R@100]
depth: 100
`,
    )
    const whole = join(folder, 'whole')
    const undisturbed = await runCli(['run', study, '-w', join(folder, 'w-whole'), '-o', whole, '--quiet'])
    expect(undisturbed.stderr).toBe('')
    expect(undisturbed.code).toBe(0)
    const { hashes, killed } = await killAndResume({
      args: ['run', study],
      workspace: join(folder, 'w-killed'),
      output: join(folder, 'killed'),
      kills: 5,
      within: [300, 4000],
      seed: 20,
    })
    expect(killed).toBeGreaterThanOrEqual(3)
    expect(hashes).toEqual(await hashScores(whole))
    const doctor = await runCli(['doctor', '-w', join(folder, 'w-killed')])
    expect(doctor.stdout).not.toContain('damaged')
  }, 300_000)

  it('can be run by two processes at once on one workspace', async () => {
    const args = ['run', join(folder, 'study.yaml'), '-w', join(folder, 'w-both'), '--json']
    const [a, b] = await Promise.all([
      runCli([...args, '-o', join(folder, 'both-a')]),
      runCli([...args, '-o', join(folder, 'both-b')]),
    ])
    expect([a.code, b.code]).toEqual([0, 0])
    const scores = (text: string) => (JSON.parse(text) as StudyResults).trials.map((t) => t.perQuery)
    expect(scores(a.stdout)).toEqual(scores(b.stdout))
    expect(await hashScores(join(folder, 'both-a'))).toEqual(await hashScores(join(folder, 'whole')))
    expect(`${a.stderr}${b.stderr}`).toContain('waiting for it')
  }, 300_000)

  it('stops in good order on Ctrl-C, and goes on', async () => {
    const args = ['run', join(folder, 'study.yaml'), '-w', join(folder, 'w-int'), '-o', join(folder, 'int')]
    const stopped = await runCli(args, {
      onStart: (child) => {
        // The fourth trial is the last one without the encoder: shortly after it, documents are being encoded.
        const watch = (text: string) => {
          if (!text.includes('[4/8]')) return
          child.stderr?.off('data', watch)
          setTimeout(() => child.kill('SIGINT'), 300)
        }
        child.stderr?.on('data', watch)
      },
    })
    expect(stopped.code).toBe(130)
    expect(stopped.stderr).toContain('finished work is kept')
    expect((await runCli([...args, '--quiet'])).code).toBe(0)
    expect(await hashScores(join(folder, 'int'))).toEqual(await hashScores(join(folder, 'whole')))
  }, 300_000)
})
