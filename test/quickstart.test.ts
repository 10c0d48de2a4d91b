import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StudyResults } from '../src/study/results.ts'
import { runCli } from './support/cli.ts'
import { TestHub } from './support/hub-server.ts'
import { describeWith, minilmPath } from './support/shared.ts'

const SUBJECTS = [
  'Volcanic eruptions',
  'Sourdough starters',
  'Comet tails',
  'Glacier movement',
  'Violin strings',
  'Harbour pilots',
]

let folder: string
let docs: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-quickstart-'))
  docs = join(folder, 'docs')
  for (const [i, subject] of SUBJECTS.entries()) {
    await mkdir(join(docs, `project-${i}`), { recursive: true })
    const body = (part: string) => `${part} of ${subject.toLowerCase()} are told here at some length, `.repeat(6)
    await writeFile(
      join(docs, `project-${i}`, 'README.md'),
      `# project ${i}\n\n## ${subject} explained\n\n${body('The causes')}\n\n## Measuring ${subject.toLowerCase()}\n\n${body('The instruments')}\n`,
    )
  }
})
afterAll(() => rm(folder, { recursive: true }))

describe('quickstart', () => {
  it('goes on without the model where it cannot be had, says so, and prints the path of the report last', async () => {
    const output = join(folder, 'offline')
    const { code, stdout, stderr } = await runCli(
      ['quickstart', '--docs', docs, '--offline', '-o', output, '-w', join(folder, 'w1')],
      { env: { HF_HOME: join(folder, 'no-cache') } },
    )
    expect(code).toBe(0)
    expect(stderr).toContain('all-MiniLM-L6-v2 cannot be had, so the study goes on without it')
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(`Report: ${join(output, 'report.html')}`)
    expect(await readdir(output)).toEqual(
      expect.arrayContaining(['known-item', 'study.yaml', 'report.html', 'results.json']),
    )
    const results = JSON.parse(await readFile(join(output, 'results.json'), 'utf8')) as StudyResults
    expect(results.retrievers.map((r) => r.id)).toEqual(['bm25', 'bm25-unicode', 'bm25-code', 'bm25-whitespace'])
  })

  it('refuses folders without documentation', async () => {
    const empty = join(folder, 'empty')
    await mkdir(empty)
    const { code, stderr } = await runCli([
      'quickstart',
      '--docs',
      empty,
      '--offline',
      '-o',
      join(folder, 'none'),
      '-w',
      join(folder, 'w2'),
    ])
    expect(code).toBe(3)
    expect(stderr).toContain('Only 0 sections')
  })

  it('finds at least 800 sections in the packages of this repository', async () => {
    const { buildKnownItem } = await import('../src/data/index.ts')
    const modules = fileURLToPath(new URL('../node_modules', import.meta.url))
    const { documents, queries } = await buildKnownItem([modules], join(folder, 'modules'))
    expect(documents).toBeGreaterThanOrEqual(800)
    expect(queries).toBeGreaterThanOrEqual(200)
  })
})

describeWith('quickstart with a hub', [minilmPath], () => {
  it('fetches the model, compares it and its fusions, and leaves a study that runs offline without work', async () => {
    const hub = await TestHub.start()
    const files: Record<string, Uint8Array> = {}
    for (const name of await readdir(minilmPath, { recursive: true, encoding: 'utf8' }))
      if (/\.(json|txt|safetensors)$/.test(name)) files[name] = await readFile(join(minilmPath, name))
    hub.push('models/sentence-transformers/all-MiniLM-L6-v2', files)
    const output = join(folder, 'hub')
    const env = { HF_ENDPOINT: hub.endpoint, HF_HOME: join(folder, 'hf') }
    const { code, stderr, stdout } = await runCli(
      ['quickstart', '--docs', docs, '-o', output, '-w', join(folder, 'w3'), '--json'],
      { env },
    )
    expect(stderr).not.toContain('cannot be had')
    expect(code).toBe(0)
    const results = JSON.parse(stdout) as StudyResults
    expect(results.trials.map((t) => [t.retriever, t.status])).toEqual(
      ['bm25', 'bm25-unicode', 'bm25-code', 'bm25-whitespace', 'minilm', 'rrf', 'weighted-sum'].map((id) => [
        id,
        'done',
      ]),
    )
    expect(results.trials.find((t) => t.retriever === 'minilm')!.mean['nDCG@10']).toBeGreaterThan(0.5)
    const again = await runCli(['run', join(output, 'study.yaml'), '--offline', '-w', join(folder, 'w3')], { env })
    expect(again.stderr).toContain('Nothing to do: 7 of 7 trials cached.')
    expect(await readFile(join(output, 'report.html'), 'utf8')).not.toContain(folder)
    expect((await runCli(['models'], { env })).stdout).toMatch(/sentence-transformers\/all-MiniLM-L6-v2 +bert .* yes/)
  }, 120_000)
})
