import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StudyResults } from '../src/study/results.ts'
import { runCli } from './support/cli.ts'
import { describeWith, minilmPath } from './support/shared.ts'

const source = fileURLToPath(new URL('../src/measure', import.meta.url))
const pages = fileURLToPath(new URL('../docs', import.meta.url))
const offline = { HF_HUB_OFFLINE: '1' }

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-collect-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('collect', () => {
  it("makes a collection of this repository's code that a run can use, the same twice", async () => {
    const cwd = folder
    const first = await runCli(['collect', 'code', source, '-o', 'one', '--test', '1', '--dev', '0'], { cwd })
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toMatch(/^one: \d+ documents; queries: 0 train, 0 dev, \d+ test\n/)
    expect(first.stdout).toContain('Next: fieldtrial run --collection one')
    await runCli(['collect', 'code', source, '-o', 'two', '--test', '1', '--dev', '0'], { cwd })
    for (const name of ['corpus.jsonl', 'queries.jsonl', 'qrels/test.tsv', 'collection.json'])
      expect(await readFile(join(folder, 'one', name), 'utf8')).toBe(await readFile(join(folder, 'two', name), 'utf8'))
    const run = await runCli(
      ['run', '--collection', 'one', '--retriever', 'bm25:analyzer=code', '-m', 'nDCG@10', '--json', '-q'],
      { cwd, env: offline },
    )
    expect(run.code).toBe(0)
    const results = JSON.parse(run.stdout) as StudyResults
    expect(results.collections[0]!.queries).toBeGreaterThan(50)
    // Far above chance, and far from a query that gives its document away.
    expect(results.trials[0]!.mean['nDCG@10']).toBeGreaterThan(0.2)
    expect(results.trials[0]!.mean['nDCG@10']).toBeLessThan(0.9)
  })

  it('reads pairs and tables, prints JSON, and refuses what it cannot do', async () => {
    const cwd = folder
    await writeFile(join(folder, 'faq.csv'), 'q,a\nHow does it open?,By the lid.\nWhy so slow?,It is cold.\n')
    const made = await runCli(
      ['collect', 'table', 'faq.csv', '--query', 'q', '--text', 'a', '--test', '1', '--dev', '0', '--json'],
      { cwd },
    )
    expect(JSON.parse(made.stdout)).toMatchObject({
      folder: join(folder, 'faq-collection'),
      madeBy: 'fieldtrial collect table',
      counts: { documents: 2, queries: { test: 2 } },
    })
    expect(await runCli(['collect', 'pairs', 'faq.csv'], { cwd })).toMatchObject({ code: 2 })
    expect(await runCli(['collect', 'code', 'nowhere'], { cwd })).toMatchObject({ code: 3 })
    const wrong = await runCli(['collect', 'code', source, '--languages', 'pyhton'], { cwd })
    expect(wrong).toMatchObject({ code: 2 })
    expect(wrong.stderr).toContain('Did you mean python?')
    await mkdir(join(folder, 'mine'))
    await writeFile(join(folder, 'mine', 'thesis.txt'), 'years of work')
    const taken = await runCli(['collect', 'docs', pages, '-o', 'mine'], { cwd })
    expect(taken).toMatchObject({ code: 2 })
    expect(taken.stderr).toContain('it is left as it is')
  })

  it('takes no empty name for the folder one is in', async () => {
    const { code, stderr } = await runCli(['collect', 'code', ''], { cwd: folder })
    expect([code, stderr]).toEqual([2, expect.stringContaining('Name a folder or file')])
  })

  it('says what to do next in commands that work', async () => {
    const cwd = folder
    await writeFile(
      join(folder, 'two.csv'),
      'question,answer\nHow does it open?,By the lid.\nWhy so slow?,It is cold.\n',
    )
    const few = await runCli(['collect', 'table', 'two.csv', '--test', '0.999', '--dev', '0', '-o', 'in two words'], {
      cwd,
    })
    expect(few.stdout).toContain('`--test 1 --dev 0` takes all 2.')
    expect(few.stdout).toContain("Next: fieldtrial run --collection 'in two words' --retriever bm25 -m nDCG@10")
    const all = await runCli(['collect', 'table', 'two.csv', '--test', '1', '--dev', '0'], { cwd })
    expect(all).toMatchObject({ code: 0 })
    expect(all.stdout).not.toContain('for testing;')
    await mkdir(join(folder, 'hollow'))
    const nothing = await runCli(['collect', 'code', 'hollow'], { cwd })
    expect(nothing).toMatchObject({ code: 3 })
    expect(nothing.stderr).toContain('hollow holds nothing')
    expect(await readdir(folder)).not.toContain('hollow-collection')
  })
})

describe('init', () => {
  it('asks nothing where nobody can answer, and says what it needs', async () => {
    const { code, stderr } = await runCli(['init', join(folder, 'none.yaml')])
    expect(code).toBe(2)
    expect(stderr).toContain('--code DIR')
  })

  it('writes a study of own code and documentation that runs, and replaces none', async () => {
    const cwd = join(folder, 'study of mine')
    await mkdir(cwd)
    const made = await runCli(['init', '--code', source, '--docs', pages], { cwd })
    expect(made).toMatchObject({ code: 0, stdout: 'fieldtrial run study.yaml\n' })
    const run = await runCli(['run', 'study.yaml', '--json', '-q'], { cwd, env: offline })
    expect(run.code).toBe(0)
    const results = JSON.parse(run.stdout) as StudyResults
    expect(results.study).toBe('study-of-mine')
    expect(results.trials.map(({ retriever, collection, status }) => [retriever, collection, status])).toEqual(
      expect.arrayContaining([
        ['bm25', 'measure-code', 'done'],
        ['bm25-code', 'measure-code', 'done'],
        ['bm25-code', 'docs-docs', 'done'],
      ]),
    )
    const again = await runCli(['init', '--code', source], { cwd })
    expect(again).toMatchObject({ code: 2 })
    expect(again.stderr).toContain('study.yaml is there already')
  })

  it('keeps folders of one name apart, and tells of names that no study could open before it writes', async () => {
    const cwd = join(folder, 'two of a name')
    for (const name of ['a', 'b']) {
      await mkdir(join(cwd, name, 'src'), { recursive: true })
      await writeFile(
        join(cwd, name, 'src', 'x.py'),
        `def f_${name}(x):\n    """Returns the number that belongs to ${name}."""\n    return "${name}"\n`,
      )
    }
    const made = await runCli(['init', '--code', 'a/src', '--code', 'b/src'], { cwd })
    expect(made).toMatchObject({ code: 0 })
    const study = await readFile(join(cwd, 'study.yaml'), 'utf8')
    expect(study).toContain('# made by: fieldtrial collect code a/src -o collections/src-code --test 1 --dev 0\n')
    expect(study).toContain('- ./collections/src-code-2\n')
    for (const [place, name] of [
      ['src-code', 'a'],
      ['src-code-2', 'b'],
    ] as const)
      expect(await readFile(join(cwd, 'collections', place, 'corpus.jsonl'), 'utf8')).toContain(`f_${name}`)

    const refused = async (...flags: string[]) => {
      const { code, stderr } = await runCli(['init', 'other.yaml', '--code', 'a/src', ...flags], { cwd })
      expect(await readdir(cwd)).not.toContain('other.yaml')
      return [code, stderr] as const
    }
    expect(await refused('-c', 'beir/scifcat')).toEqual([3, expect.stringContaining('Did you mean beir/scifact?')])
    expect(await refused('-c', 'beir/bioasq')).toEqual([3, expect.stringContaining('registration')])
    expect(await refused('--model', 'nosuchmodel')).toEqual([4, expect.stringContaining('no model is called so')])
    expect(await refused('--recipe', 'mean')).toEqual([2, expect.stringContaining('--model NAME')])
  })
})

describeWith('init with a model', [minilmPath], () => {
  it('tries it beside BM25, and fuses both', async () => {
    const cwd = join(folder, 'with-model')
    await mkdir(cwd)
    await runCli(['init', '--docs', pages, '--model', minilmPath, '-q'], { cwd })
    const run = await runCli(['run', 'study.yaml', '--limit', '10', '--json', '-q'], { cwd, env: offline })
    expect(run.code).toBe(0)
    const { trials } = JSON.parse(run.stdout) as StudyResults
    expect(trials).toHaveLength(3)
    expect(trials.every(({ status }) => status === 'done')).toBe(true)
  })
})
