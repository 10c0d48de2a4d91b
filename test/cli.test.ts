import { execFileSync } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from './support/cli.ts'
import { TINY, writeCollection } from './support/collections.ts'
import { describeShared, sharedPath } from './support/shared.ts'

let folder: string
let workspace: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-cli-'))
  workspace = join(folder, 'w')
  await writeCollection(join(folder, 'tiny'), TINY)
  await writeFile(join(folder, 'one.yaml'), 'collections: [./tiny]\nbaselines: [bm25]\n')
  await writeFile(join(folder, 'two.yaml'), "collections: [./tiny]\nbaselines: [bm25, 'bm25:analyzer=unicode']\n")
  for (const study of ['one', 'two'])
    expect((await runCli(['run', join(folder, `${study}.yaml`), '-w', workspace, '-q'])).code).toBe(0)
})
afterAll(() => rm(folder, { recursive: true }))

describe('help', () => {
  it('stands for every command, with an example, and exits with 0', async () => {
    const { stdout, code } = await runCli(['--help'])
    expect(code).toBe(0)
    for (const command of [
      'run',
      'quickstart',
      'report',
      'measure',
      'compare',
      'datasets',
      'lint',
      'models',
      'doctor',
      'clean',
      'completion',
    ]) {
      expect(stdout).toContain(`\n  ${command} `)
      const help = await runCli([command, '--help'])
      expect(help.code).toBe(0)
      expect(help.stdout, command).toMatch(/Examples?:/)
    }
    expect((await runCli(['--version'])).stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/)
  })

  it('completes commands and flags in bash', async () => {
    const script = await runCli(['completion', 'bash'])
    expect(script.code).toBe(0)
    const file = join(folder, 'completion.bash')
    await writeFile(file, script.stdout)
    expect(() => execFileSync('bash', ['-n', file])).not.toThrow()
    expect((await runCli(['complete', '--', 'mea'])).stdout).toContain('measure')
    expect((await runCli(['complete', '--', 'run', '--dry'])).stdout).toContain('--dry-run')
  })
})

describe('an old Node', () => {
  it('is told so', async () => {
    // The check stands before anything that an old Node could not read; here it is run with another version number.
    const bin = fileURLToPath(new URL('../bin/fieldtrial.js', import.meta.url))
    const old = join(folder, 'old.mjs')
    await writeFile(
      old,
      `Object.defineProperty(process.versions, 'node', { value: '20.1.0' })\nawait import(${JSON.stringify(bin)})\n`,
    )
    expect(() => execFileSync(process.execPath, [old], { stdio: 'pipe' })).toThrowError(
      expect.objectContaining({ status: 2, stderr: expect.objectContaining({}) }),
    )
    try {
      execFileSync(process.execPath, [old], { stdio: 'pipe' })
    } catch (error) {
      expect(String((error as { stderr: Buffer }).stderr)).toMatch(/needs Node\.js 22 or newer; this is 20\.1\.0/)
    }
  })
})

describeShared('measure and compare', ['golden/metrics/graded', 'golden/fusion'], () => {
  const golden = (name: string) => sharedPath(`golden/metrics/${name}`)

  it("print trec_eval's numbers as a table or as JSON", async () => {
    const expected = JSON.parse(await readFile(join(golden('graded'), 'expected.json'), 'utf8'))
    const files = [join(golden('graded'), 'qrels.trec'), join(golden('graded'), 'run.trec')]
    const json = JSON.parse((await runCli(['measure', ...files, '-m', 'nDCG@10', '-m', 'AP', '--json'])).stdout)
    expect(json.mean['nDCG@10']).toBeCloseTo(expected.mean_over_evaluated.ndcg_cut_10, 12)
    for (const [query, values] of Object.entries<Record<string, number>>(expected.expected))
      expect(json.perQuery[query].AP).toBeCloseTo(values.map!, 12)
    const text = (await runCli(['measure', ...files, '-m', 'nDCG@10', '--per-query'])).stdout
    expect(text.split('\n')[0]).toMatch(/run +query +nDCG@10/)
    expect(text).toContain(expected.mean_over_evaluated.ndcg_cut_10.toFixed(4))
  })

  it('take several runs, and name what is missing', async () => {
    const qrels = join(golden('missing_queries_in_run'), 'qrels.trec')
    const run = join(golden('missing_queries_in_run'), 'run.trec')
    const two = await runCli(['measure', qrels, run, run, '-m', 'AP', '--json'])
    expect(JSON.parse(two.stdout).runs.map((r: { run: string }) => r.run)).toEqual([run, run])
    expect(two.stderr).toContain('judged queries are not in the run')
  })

  it('test the difference of runs', async () => {
    const qrels = join(golden('graded'), 'qrels.trec')
    const [a, b] = [join(golden('graded'), 'run.trec'), join(folder, 'worse.trec')]
    const lines = (await readFile(a, 'utf8')).trim().split('\n')
    // The same documents in the opposite order.
    await writeFile(
      b,
      `${lines.map((line) => line.replace(/(\S+)( \S+)$/, (_, score, tag) => `${-Number(score)}${tag}`)).join('\n')}\n`,
    )
    const { stdout, code } = await runCli(['compare', qrels, a, b, '-m', 'nDCG@10', '--json'])
    expect(code).toBe(0)
    const [one] = JSON.parse(stdout).comparisons
    expect(one).toMatchObject({ measure: 'nDCG@10', baseline: a, retriever: b })
    expect(one.difference).toBeLessThan(0)
    expect(one.interval[0]).toBeLessThanOrEqual(one.difference)
    expect((await runCli(['compare', qrels, a, b])).stdout).toMatch(/baseline[\s\S]*significant/)
    expect((await runCli(['compare', qrels, a, a])).code).toBe(2)
  })
})

describe('looking around', () => {
  it('lists data sets and shows a collection', async () => {
    expect((await runCli(['datasets', 'cosqa'])).stdout).toContain('coir/cosqa')
    const shown = JSON.parse(
      (await runCli(['datasets', 'show', join(folder, 'tiny'), '--json', '-w', workspace])).stdout,
    )
    expect(shown).toMatchObject({ name: 'tiny', split: 'test', documents: 12, queries: 3, judgments: 5 })
  })

  it('lists the models of the hub cache', async () => {
    const home = join(folder, 'hf')
    expect((await runCli(['models'], { env: { HF_HOME: home } })).stdout).toContain('No model in')
  })
})

describe('doctor and clean', () => {
  it('finds nothing wrong, then a damaged artifact, which the next run makes again', async () => {
    const fine = await runCli(['doctor', '-w', workspace, '--json'])
    expect(fine.code).toBe(0)
    expect(JSON.parse(fine.stdout).checks.every((c: { status: string }) => c.status !== 'failed')).toBe(true)
    const damaged = join(folder, 'damaged')
    await cp(workspace, damaged, { recursive: true })
    const [run] = await readdir(join(damaged, 'runs'))
    const file = join(damaged, 'runs', run!, 'run.trec')
    await writeFile(file, `${await readFile(file, 'utf8')}q9 Q0 d1 1 9 x\n`)
    const found = await runCli(['doctor', '-w', damaged])
    expect(found.code).toBe(6)
    expect(found.stdout).toContain('run.trec: other content than was written')
    for (const study of ['one', 'two'])
      expect((await runCli(['run', join(folder, `${study}.yaml`), '-w', damaged, '-q'])).code).toBe(0)
    expect((await runCli(['doctor', '-w', damaged])).code).toBe(0)
  })

  it('removes only what no study needs', async () => {
    const clean = async (...flags: string[]) => (await runCli(['clean', '-w', workspace, ...flags])).stdout
    expect(await clean()).toBe('Nothing to clean.\n')
    expect(await clean('--forget', 'two', '--dry-run')).toMatch(/would remove bm25\/\w+/)
    expect(await clean('--forget', 'two')).toMatch(/removed bm25\/\w+[\s\S]*removed runs\//)
    expect(await readdir(join(workspace, 'bm25'))).toHaveLength(1)
    expect((await runCli(['run', join(folder, 'one.yaml'), '-w', workspace])).stderr).toContain('Nothing to do')
    expect((await runCli(['clean', '-w', workspace, '--forget', 'tow'])).code).toBe(2)
  })
})
