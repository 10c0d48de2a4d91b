import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PublishedRow } from '../src/study/published-row.ts'
import type { StudyResults } from '../src/study/results.ts'
import { runCli } from './support/cli.ts'
import { pythonPath } from './support/python.ts'
import { describeShared, sharedPath } from './support/shared.ts'

/** A Python that has mteb: that of the environment variable, or the project's own. */
const python = process.env.FIELDTRIAL_MTEB_PYTHON ?? pythonPath

const NEEDS = ['scifact', 'nfcorpus', 'cosqa-coclr', 'mini-scifact', 'msmarco-trecdl19-20-pool'].map(
  (name) => `data/${name}`,
)

describe('fieldtrial published', () => {
  it('lists figures with their sources, also as JSON', async () => {
    const { code, stdout } = await runCli(['published', 'beir/scifact', '--system', 'anserini'])
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /beir\/scifact +test +BM25 flat \(Anserini\) +nDCG@10 +0\.6789 .*k1=0\.9 b=0\.4 lucene-english/,
    )
    expect(stdout).toContain('https://github.com/castorini/pyserini/')
    const json = await runCli(['published', 'msmarco/dev', '--measure', 'RR@10', '--json'])
    const figures = JSON.parse(json.stdout) as { system: string; value: number }[]
    expect(figures.find(({ system }) => system === 'BM25 k1=0.9 b=0.4 (Anserini)')?.value).toBe(0.184)
    expect(figures.every(({ value }) => value > 0 && value < 1)).toBe(true)
  })

  it('takes patterns, finds means by their members, and helps with names', async () => {
    const tex = await runCli(['published', 'beir/cqadupstack-tex', '--system', 'NV-Embed-v2'])
    expect(tex.stdout).toContain('beir/cqadupstack-*')
    expect((await runCli(['published', 'coir/*'])).stdout).toContain('coir/cosqa')
    const wrong = await runCli(['published', 'beir/scifakt'])
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toContain('Did you mean beir/scifact?')
    expect((await runCli(['published', 'beir/scifact', '--system', 'nobody'])).code).toBe(2)
  })
})

describeShared('published figures beside real results', NEEDS, () => {
  let folder: string
  let results: StudyResults
  const rowsOf = (collection: string, system: string) =>
    results.published!.filter((row) => row.collection === collection && row.system === system)
  const mean = (collection: string, retriever = 'bm25') =>
    results.trials.find((t) => t.collection === collection && t.retriever === retriever)!.mean['nDCG@10']!
  const codes = (row: PublishedRow | undefined) => row?.reasons.map(({ code }) => code)

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fieldtrial-published-'))
    const at = (name: string) => sharedPath(`data/${name}`)
    await writeFile(
      join(folder, 'study.yaml'),
      JSON.stringify({
        collections: [
          at('scifact'),
          at('nfcorpus'),
          { source: at('cosqa-coclr'), published: 'coir/cosqa' },
          { source: at('mini-scifact'), published: 'beir/scifact' },
          { source: at('msmarco-trecdl19-20-pool'), name: 'pool', split: 'dl19', published: 'msmarco/dl19' },
          { source: at('scifact'), name: 'unnamed', published: false },
          { source: at('scifact'), name: 'bare', titles: 'omit' },
        ],
        baselines: ['bm25', 'bm25:multifield=true'],
        output: { formats: ['json', 'trec', 'mteb'] },
      }),
    )
    const { code, stderr } = await runCli(['run', 'study.yaml', '-o', 'out', '-w', 'workspace'], { cwd: folder })
    expect(stderr).not.toContain('error')
    expect(code).toBe(0)
    results = JSON.parse(await readFile(join(folder, 'out/results.json'), 'utf8')) as StudyResults
  }, 300_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('compare for Anserini’s BM25 on SciFact and NFCorpus, which come out to the last digit', () => {
    const printed = (collection: string) => Number(mean(collection).toFixed(4))
    for (const [collection, value] of [
      ['scifact', 0.6789],
      ['nfcorpus', 0.3218],
    ] as const) {
      const row = rowsOf(collection, 'BM25 flat (Anserini)').find(({ measure }) => measure === 'nDCG@10')!
      expect(row).toMatchObject({ value, comparable: true, reasons: [], counterparts: ['bm25'] })
      expect(printed(collection)).toBe(value)
    }
  })

  it('compare for the other BM25s with the retriever of the same parameters', () => {
    const ids = results.retrievers.map(({ id }) => id)
    const multifield = rowsOf('scifact', 'BM25 multifield (Anserini)').find(({ measure }) => measure === 'nDCG@10')!
    expect(multifield).toMatchObject({ comparable: true, counterparts: [ids[1]] })
    expect(mean('scifact', ids[1])).toBeCloseTo(multifield.value, 4)
    // What MTEB's bm25s was run with is not on its board, and k1 and b alone do not give its figure.
    expect(codes(rowsOf('scifact', 'bm25s')[0])).toEqual(['bm25'])
  })

  it('do not compare with another corpus', () => {
    const cosqa = results.published!.filter(({ collection }) => collection === 'cosqa-coclr')
    expect(cosqa.length).toBeGreaterThan(10)
    for (const row of cosqa) {
      expect(row.comparable).toBe(false)
      expect(row.reasons[0]!.text).toBe('another corpus: 6,267 documents here, 20,604 in coir/cosqa')
    }
    expect(codes(rowsOf('mini-scifact', 'BM25 flat (Anserini)')[0])).toEqual(['documents', 'queries'])
    expect(codes(rowsOf('pool', 'BM25 k1=0.9 b=0.4 (Anserini)')[0])).toEqual(['documents', 'split'])
  })

  it('do not compare under another title rule, and are silent where the file says so', () => {
    expect(codes(rowsOf('bare', 'BM25 flat (Anserini)')[0])).toContain('titles')
    expect(results.published!.some(({ collection }) => collection === 'unnamed')).toBe(false)
  })

  it('take no part in comparisons', () => {
    const systems = new Set(results.published!.map(({ system }) => system))
    expect(results.retrievers.some(({ id }) => systems.has(id))).toBe(false)
    expect(
      results.comparisons.every(({ retriever, baseline }) => !systems.has(retriever) && !systems.has(baseline)),
    ).toBe(true)
  })

  it('come out of MTEB’s files as well, our own among them', async () => {
    const files = join(folder, 'out/mteb/results')
    const { code, stdout } = await runCli(
      ['report', join(folder, 'out'), '--mteb', files, '-f', 'json', '-o', join(folder, 'again')],
      { cwd: folder },
    )
    expect(code, stdout).toBe(0)
    const again = JSON.parse(await readFile(join(folder, 'again/results.json'), 'utf8')) as StudyResults
    const imported = again.published!.filter(({ source }) => source.id === 'mteb-result')
    const own = imported.find(
      (row) => row.collection === 'scifact' && row.measure === 'nDCG@10' && row.system === 'fieldtrial/bm25',
    )!
    expect(own.value).toBeCloseTo(mean('scifact'), 5)
    // Which BM25 it was is not in MTEB's format.
    expect(own.reasons.map(({ code }) => code)).toEqual(['bm25'])
    expect(again.published!.length).toBe(results.published!.length + imported.length)
    const listed = await runCli(['published', 'beir/nfcorpus', '--mteb', files, '--measure', 'nDCG@10', '--json'])
    expect((JSON.parse(listed.stdout) as { value: number }[]).map(({ value }) => value)).toContain(
      Number(mean('nfcorpus').toFixed(5)),
    )
  })

  it('are told of by `report --format mteb` where they have no place there', async () => {
    const { stderr, stdout } = await runCli(['report', 'out', '-f', 'mteb', '-o', 'only'], { cwd: folder })
    expect(
      stdout
        .trim()
        .split('\n')
        .filter((line) => line.endsWith('SciFact.json')),
    ).toHaveLength(2)
    expect(stderr).toContain('mini-scifact is not among MTEB’s results: another corpus: 60 documents')
    expect(stderr).toContain('unnamed is not among MTEB’s results: not a collection that MTEB has')
  })

  const hasMteb =
    existsSync(python) &&
    spawnSync(python, ['-c', 'import importlib.util as u, sys; sys.exit(u.find_spec("mteb") is None)']).status === 0
  const reason = `skipped: ${python === pythonPath ? '.venv/bin/python' : python} has no mteb`
  if (!hasMteb) console.warn(`MTEB reads what is exported: ${reason}`)
  it.skipIf(!hasMteb)('are read by mteb itself, which measures the runs alike', { timeout: 300_000 }, async () => {
    const runs = ['scifact', 'nfcorpus'].map((name) => `out/runs/${name}.bm25.trec=out/runs/${name}.qrels`)
    const script = fileURLToPath(new URL('reference/mteb_results.py', import.meta.url))
    const read = JSON.parse(
      execFileSync(python, [script, join(folder, 'out/mteb'), ...runs], {
        cwd: folder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        env: { ...process.env, HF_HUB_OFFLINE: '1' },
      }),
    ) as {
      readonly cached: string[][]
      readonly tasks: Record<string, { score: number; current: boolean; complete: number[] }>
      readonly models: unknown[][]
      readonly runs: Record<string, number>[]
    }
    expect(read.cached).toContainEqual(['fieldtrial__bm25', results.fieldtrial])
    expect(read.models).toHaveLength(2)
    expect(read.tasks.SciFact).toMatchObject({ current: true, complete: [1] })
    expect(read.tasks.NFCorpus).toMatchObject({ current: true, complete: [1] })
    for (const [i, task] of ['SciFact', 'NFCorpus'].entries()) {
      const path = join(folder, `out/mteb/results/fieldtrial__bm25/${results.fieldtrial}/${task}.json`)
      const written = JSON.parse(await readFile(path, 'utf8')) as { scores: { test: [Record<string, number>] } }
      const [scores] = written.scores.test
      expect(Object.keys(read.runs[i]!)).toHaveLength(42)
      for (const [key, value] of Object.entries(read.runs[i]!))
        expect(Math.abs(scores[key]! - value), key).toBeLessThan(1.01e-5)
    }
  })
})
