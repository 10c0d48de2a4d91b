import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NANO } from '../src/data/models/nano.ts'
import type { StudyResults } from '../src/study/results.ts'
import { runCli } from './support/cli.ts'

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
  it('compares BM25, the eight siblings and the bundled retriever on documentation and code, with no network, and leaves a study without work', {
    timeout: 240_000,
  }, async () => {
    const code = join(folder, 'code')
    await mkdir(code)
    for (const [i, subject] of SUBJECTS.entries()) {
      const name = subject.split(' ')[0]!.toLowerCase()
      const functions = ['count', 'sort', 'print', 'load'].map(
        (verb) =>
          `/** This will ${verb} the ${subject.toLowerCase()} of a given year. */\nexport function ${verb}${i}(${name}) {\n  return ${name}.map((one) => one.${verb}${'.value'.repeat(i)})\n}\n`,
      )
      await writeFile(join(code, `${name}.js`), functions.join('\n'))
    }
    const output = join(folder, 'first')
    const args = ['--docs', docs, '--code', code, '-o', output, '-w', join(folder, 'w1')]
    const env = { HF_ENDPOINT: 'http://127.0.0.1:9', HF_HOME: join(folder, 'no-cache') }
    const { code: status, stdout, stderr } = await runCli(['quickstart', ...args], { env })
    expect(stderr).toMatch(/code-search: 24 functions and types, 2\d comments/)
    expect(status).toBe(0)
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(`Report: ${join(output, 'report.html')}`)
    expect(await readdir(output)).toEqual(
      expect.arrayContaining(['docs-search', 'code-search', 'study.yaml', 'report.html', 'results.json']),
    )
    const results = JSON.parse(await readFile(join(output, 'results.json'), 'utf8')) as StudyResults
    expect(results.collections.map(({ name }) => name)).toEqual(['docs-search', 'code-search'])
    expect(results.retrievers.map(({ id }) => id).sort()).toEqual(
      ['bm25', 'bm25-code', ...NANO.map(({ name }) => name), 'rrf', 'weighted-sum'].sort(),
    )
    expect(results.trials.every((trial) => trial.status === 'done')).toBe(true)
    // Twelve documents of their own words: the bundled retriever finds them, and more than by chance.
    const found = results.trials.find((t) => t.retriever === 'nano-retriever' && t.collection === 'docs-search')
    expect(found!.mean['nDCG@10']).toBeGreaterThan(0.6)
    const again = await runCli(['run', join(output, 'study.yaml'), '--offline', '-w', join(folder, 'w1')], { env })
    expect(again.stderr).toContain('Nothing to do: 26 of 26 trials cached.')
    expect(await readFile(join(output, 'report.html'), 'utf8')).not.toContain(folder)
  })

  it('leaves code out where it is told to, and refuses folders without code or documentation', async () => {
    const empty = join(folder, 'empty')
    await mkdir(empty)
    const none = ['-o', join(folder, 'none'), '-w', join(folder, 'w2')]
    const { code, stderr } = await runCli(['quickstart', '--docs', empty, ...none])
    expect(code).toBe(3)
    expect(stderr).toContain('Only 0 sections')
    const output = join(folder, 'docs-only')
    const to = ['-o', output, '-w', join(folder, 'w1')]
    const refused = await runCli(['quickstart', '--docs', docs, '--code', join(folder, 'mistyped'), ...to])
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('mistyped') })
    const few = join(folder, 'few')
    await mkdir(few)
    await writeFile(
      join(few, 'one.js'),
      '/** Adds one to a number that it is given. */\nexport const one = (n) => n + 1\n',
    )
    expect((await runCli(['quickstart', '--docs', docs, '--code', few, ...to])).stderr).toContain('--no-code')
    expect((await runCli(['quickstart', '--docs', docs, '--no-code', ...to])).code).toBe(0)
    expect(await readFile(join(output, 'study.yaml'), 'utf8')).not.toContain('code-search')
  }, 240_000)

  it('finds at least 800 sections in the packages of this repository', async () => {
    const { buildKnownItem } = await import('../src/data/index.ts')
    const modules = fileURLToPath(new URL('../node_modules', import.meta.url))
    const { documents, queries } = await buildKnownItem([modules], join(folder, 'modules'))
    expect(documents).toBeGreaterThanOrEqual(800)
    expect(queries).toBeGreaterThanOrEqual(200)
  })
})
