import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StudyResults } from '../src/study/results.ts'
import { runCli } from './support/cli.ts'
import { TINY, writeCollection } from './support/collections.ts'
import { describeShared, describeWith, minilmPath, sharedPath } from './support/shared.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-main-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Path → modification time of every file of the workspace's artifacts. */
async function artifacts(workspace: string): Promise<Record<string, number>> {
  const found: Record<string, number> = {}
  for (const kind of ['bm25', 'vectors', 'runs', 'measures', 'evidence'])
    for (const entry of await readdir(join(workspace, kind), { recursive: true, withFileTypes: true }).catch(() => []))
      if (entry.isFile())
        found[join(entry.parentPath, entry.name)] = (await stat(join(entry.parentPath, entry.name))).mtimeMs
  return found
}

describe('a study without models', () => {
  it('runs without a study file, with the results as JSON on standard output and everything else on standard error', async () => {
    const collection = await writeCollection(join(folder, 'tiny'), TINY)
    const { code, stdout, stderr } = await runCli(
      [
        'run',
        '--collection',
        collection,
        '--retriever',
        'bm25',
        '--retriever',
        'bm25:analyzer=whitespace',
        '--retriever',
        'rrf:bm25,bm25-whitespace',
        '-m',
        'nDCG@10',
        '--json',
        '-w',
        join(folder, 'w1'),
      ],
      { cwd: folder },
    )
    expect(stderr).toContain('3 retrievers × 1 collection = 3 trials')
    expect(code).toBe(0)
    const results = JSON.parse(stdout) as StudyResults
    expect(results.measures).toEqual(['nDCG@10'])
    expect(results.trials.map((t) => [t.retriever, t.status])).toEqual([
      ['bm25', 'done'],
      ['bm25-whitespace', 'done'],
      ['rrf-bm25+bm25-whitespace', 'done'],
    ])
    expect(results.trials[0]!.mean['nDCG@10']).toBeGreaterThan(0.9)
    expect(Object.keys(results.trials[0]!.perQuery['nDCG@10']!)).toEqual(['q1', 'q2', 'q3'])
    expect(results.comparisons.map((c) => [c.baseline, c.retriever])).toEqual([
      ['bm25', 'bm25-whitespace'],
      ['bm25', 'rrf-bm25+bm25-whitespace'],
    ])
    expect(results.smoke).toBeNull()
  })

  it('does no work the second time, and makes again only what was damaged', async () => {
    const study = join(folder, 'study.yaml')
    await writeFile(study, 'collections: [./tiny]\nbaselines: [bm25]\n')
    const workspace = join(folder, 'w2')
    const first = await runCli(['run', study, '-w', workspace, '--json'])
    expect(first.code).toBe(0)
    const before = await artifacts(workspace)
    const second = await runCli(['run', study, '-w', workspace, '--json'])
    expect(second.stderr).toContain('Nothing to do: 1 of 1 trial cached.')
    expect(await artifacts(workspace)).toEqual(before)
    const [a, b] = [first, second].map((r) => JSON.parse(r.stdout) as StudyResults)
    expect(b!.trials[0]!.cost.cached).toBe(true)
    expect(b!.trials[0]!.perQuery).toEqual(a!.trials[0]!.perQuery)

    const run = Object.keys(before).find((path) => path.endsWith('run.trec'))!
    const text = await readFile(run, 'utf8')
    await writeFile(run, text.replace('d1 ', 'd9 '))
    const third = await runCli(['run', study, '-w', workspace, '--json'])
    expect((JSON.parse(third.stdout) as StudyResults).trials[0]!.perQuery).toEqual(a!.trials[0]!.perQuery)
    expect(await readFile(run, 'utf8')).toBe(text)
  })

  it('prints the plan and stops with --dry-run', async () => {
    const workspace = join(folder, 'w3')
    const { code, stderr, stdout } = await runCli([
      'run',
      join(folder, 'study.yaml'),
      '-w',
      workspace,
      '--dry-run',
      '--json',
    ])
    expect(code).toBe(0)
    expect(stderr).toContain('0 of 1 trial cached')
    expect(JSON.parse(stdout).trials[0]).toMatchObject({ retriever: 'bm25', cached: false })
    expect(await artifacts(workspace)).toEqual({})
  })

  it('marks a smoke run in every output', async () => {
    const out = join(folder, 'smoke')
    const { code, stdout, stderr } = await runCli([
      'run',
      join(folder, 'study.yaml'),
      '-w',
      join(folder, 'w4'),
      '--limit',
      '2',
      '-o',
      out,
    ])
    expect(code).toBe(0)
    expect(stderr).toMatch(/smoke run/i)
    expect(stdout).toMatch(/smoke run/i)
    for (const file of ['report.html', 'report.md', 'results.csv', 'table.tex', 'results.json'])
      expect((await readFile(join(out, file), 'utf8')).toLowerCase(), file).toContain('smoke')
    expect(
      (JSON.parse(await readFile(join(out, 'results.json'), 'utf8')) as StudyResults).collections[0]!.queries,
    ).toBe(2)
  })

  it('writes runs that the measure command measures alike, and reports that can be made again', async () => {
    const out = join(folder, 'out')
    expect(
      (await runCli(['run', join(folder, 'study.yaml'), '-w', join(folder, 'w2'), '-o', out, '--quiet'])).code,
    ).toBe(0)
    const results = JSON.parse(await readFile(join(out, 'results.json'), 'utf8')) as StudyResults
    const measured = await runCli([
      'measure',
      join(out, 'runs', 'tiny.qrels'),
      join(out, results.trials[0]!.runFile!),
      '-m',
      'nDCG@10',
      '-m',
      'AP',
      '--json',
    ])
    const json = JSON.parse(measured.stdout)
    expect(json.mean).toEqual({ 'nDCG@10': results.trials[0]!.mean['nDCG@10'], AP: results.trials[0]!.mean.AP })
    expect(json.perQuery.q2['nDCG@10']).toBe(results.trials[0]!.perQuery['nDCG@10']!.q2)
    const again = await runCli(['report', out, '--format', 'markdown', '--output', join(folder, 'again')])
    expect(again.stdout.trim()).toBe(join(folder, 'again', 'report.md'))
    expect(await readFile(join(folder, 'again', 'report.md'), 'utf8')).toBe(
      await readFile(join(out, 'report.md'), 'utf8'),
    )
    expect((await runCli(['report', out, '--print'])).stdout).toContain('bm25')
  })

  it('keeps the other trials and its exit code says so when a server fails', async () => {
    const { code, stdout, stderr } = await runCli(
      [
        'run',
        '--collection',
        join(folder, 'tiny'),
        '--retriever',
        'bm25',
        '--retriever',
        'http://127.0.0.1:9/v1#nothing',
        '--retriever',
        'rrf:bm25,nothing',
        '--json',
        '-w',
        join(folder, 'w5'),
      ],
      { cwd: folder },
    )
    expect(code).toBe(5)
    expect(stderr).toContain('nothing × tiny')
    const results = JSON.parse(stdout) as StudyResults
    expect(results.trials.map((t) => t.status)).toEqual(['done', 'failed', 'failed'])
    expect(results.trials[1]!.error).toMatchObject({ code: 'NETWORK' })
    expect(results.trials[0]!.mean['nDCG@10']).toBeGreaterThan(0.9)
  }, 120_000)
})

describeShared('the main job on real collections', ['data/scifact', 'data/nfcorpus'], () => {
  it("equals Anserini's figures with flat and multifield BM25", async () => {
    const { code, stdout } = await runCli(
      [
        'run',
        '-c',
        sharedPath('data/scifact'),
        '-c',
        sharedPath('data/nfcorpus'),
        '-r',
        'bm25',
        '-r',
        'bm25:multifield',
        '-m',
        'nDCG@10',
        '-m',
        'R@100',
        '-m',
        'MRR@10',
        '-m',
        'AP',
        '--json',
        '-w',
        join(folder, 'w6'),
      ],
      { cwd: folder },
    )
    expect(code).toBe(0)
    const { trials } = JSON.parse(stdout) as StudyResults
    const figure = (retriever: string, collection: string, measure: string) =>
      trials.find((t) => t.retriever === retriever && t.collection === collection)!.mean[measure]!
    for (const [retriever, collection, measure, published] of [
      ['bm25', 'scifact', 'nDCG@10', 0.6789],
      ['bm25', 'nfcorpus', 'nDCG@10', 0.3218],
      ['bm25-multifield', 'scifact', 'nDCG@10', 0.6647],
      ['bm25-multifield', 'nfcorpus', 'nDCG@10', 0.3254],
      ['bm25', 'scifact', 'R@100', 0.9253],
      ['bm25', 'scifact', 'MRR@10', 0.6457],
      ['bm25', 'scifact', 'AP', 0.6401],
      ['bm25', 'nfcorpus', 'R@100', 0.2457],
      ['bm25', 'nfcorpus', 'MRR@10', 0.5238],
      ['bm25', 'nfcorpus', 'AP', 0.1504],
    ] as const)
      expect(
        Math.abs(figure(retriever, collection, measure) - published),
        `${retriever} ${collection} ${measure}`,
      ).toBeLessThanOrEqual(0.0005)
  })
})

describeWith('the main job with a real encoder', [minilmPath, sharedPath('data/mini-scifact')], () => {
  it('compares BM25, all-MiniLM-L6-v2 and their fusion, offline', async () => {
    const { code, stdout } = await runCli(
      [
        'run',
        '-c',
        sharedPath('data/mini-scifact'),
        '-r',
        'bm25',
        '-r',
        minilmPath,
        '-r',
        'rrf:bm25,all-MiniLM-L6-v2',
        '--offline',
        '--json',
        '-w',
        join(folder, 'w7'),
      ],
      { cwd: folder },
    )
    expect(code).toBe(0)
    const { trials, comparisons } = JSON.parse(stdout) as StudyResults
    expect(trials.map((t) => t.status)).toEqual(['done', 'done', 'done'])
    for (const trial of trials) expect(trial.mean['nDCG@10']).toBeGreaterThan(0.7)
    const minilm = trials[1]!
    expect(minilm.cost.documentTokens).toBeGreaterThan(1000)
    expect(minilm.cost.truncatedDocuments).toBeGreaterThanOrEqual(0)
    expect(comparisons.every((c) => c.p > 0 && c.p <= 1 && c.pAdjusted >= c.p)).toBe(true)
  })
})
