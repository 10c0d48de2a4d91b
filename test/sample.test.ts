import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { encoderSpec } from '../src/cli/encoder-flags.ts'
import { Workspace } from '../src/core/workspace.ts'
import { imageHash } from '../src/data/image.ts'
import { openCollection, type Qrels, summarise } from '../src/data/index.ts'
import type { SampleCard } from '../src/data/sample-card.ts'
import { makeSample } from '../src/study/sample/make.ts'
import type { SampleOptions } from '../src/study/sample/options.ts'
import { runCli } from './support/cli.ts'
import { TINY, writeCollection } from './support/collections.ts'
import { temporaryFolder } from './support/files.ts'
import { describeShared, describeWith, minilmPath, sharedPath } from './support/shared.ts'

const scifact = sharedPath('data/scifact')

async function draw(source: string, options: SampleOptions, folder?: string, split?: string) {
  const workspace = await Workspace.open(join(await temporaryFolder(), 'workspace'))
  const target = folder ?? join(await temporaryFolder(), 'sample')
  const notices: string[] = []
  const card = await makeSample(
    { source, name: 'source', given: source, ...(split === undefined ? {} : { split }) },
    options,
    target,
    workspace,
    { onNotice: ({ code }) => notices.push(code) },
  )
  return { card, folder: target, notices }
}

async function open(source: string, split?: string) {
  return openCollection(
    { source, ...(split === undefined ? {} : { split }) },
    { cacheDir: join(await temporaryFolder(), 'cache') },
  )
}

async function contents(folder: string): Promise<string> {
  const hash = createHash('sha256')
  for (const name of ['corpus.jsonl', 'queries.jsonl', 'qrels/test.tsv'])
    hash.update(await readFile(join(folder, name)))
  return hash.digest('hex')
}

const judgedIn = (qrels: Qrels) => new Set([...qrels.values()].flatMap((grades) => [...grades.keys()]))

describeShared('a sample of SciFact', ['data/scifact'], () => {
  it('holds all judged documents, the best results of BM25, and random ones, as they stand in the whole', async () => {
    const { card, folder } = await draw(scifact, { documents: 2000, queries: 100, hard: 10, bias: 'none' })
    const whole = await open(scifact)
    const sample = await open(folder)
    const texts = new Map<string, string>()
    const order: string[] = []
    for await (const { id, title, text } of whole.documents()) {
      texts.set(id, `${title}\n${text}`)
      order.push(id)
    }
    const ids: string[] = []
    for await (const { id, title, text } of sample.documents()) {
      expect(`${title}\n${text}`).toBe(texts.get(id))
      ids.push(id)
    }
    const kept = new Set(ids)
    expect(ids).toEqual(order.filter((id) => kept.has(id)))
    expect(ids).toHaveLength(2000)
    const queries = await sample.queries()
    const all = await whole.qrels()
    expect(queries).toHaveLength(100)
    expect(await sample.qrels()).toEqual(new Map(queries.map(({ id }) => [id, all.get(id)!])))
    for (const id of judgedIn(await sample.qrels())) expect(kept.has(id)).toBe(true)
    const { judged, hard, random, total, hardRank, found } = card.documents
    expect(judged).toBe(judgedIn(await sample.qrels()).size)
    expect([judged + hard + random, total, hardRank]).toEqual([2000, 2000, null])
    expect(random).toBeGreaterThan(500)
    for (const { kept: all, of } of Object.values(found)) expect(all).toBe(of)
    expect(card.source).toMatchObject({ documents: 5183, queries: 300, judgments: 339 })
    expect(card.splits).toEqual({ test: { queries: 100, of: 300 } })
  })

  it('is the same for the same seed, and another for another one', async () => {
    const options = { share: 0.25, hard: 5, bias: 'none' } as const
    const [one, two, other] = [
      await draw(scifact, options),
      await draw(scifact, options),
      await draw(scifact, { ...options, seed: 7 }),
    ]
    expect(await contents(two.folder)).toBe(await contents(one.folder))
    expect(await contents(other.folder)).not.toBe(await contents(one.folder))
    expect(one.card.bias).toBeNull()
  })

  it('tells a bias that the two collections themselves show, smaller with hard distractors than with random documents', async () => {
    const hard = await draw(scifact, { share: 0.25 })
    const random = await draw(scifact, { share: 0.25, hard: 0 })
    const of = ({ card }: { card: SampleCard }) => card.bias!.measures['nDCG@10']!
    expect(of(hard).retrievers).toHaveLength(7)
    for (const [i, { id, bias, whole }] of of(hard).retrievers.entries()) {
      const alone = of(random).retrievers[i]!
      expect(alone.whole, id).toBeCloseTo(whole, 12)
      expect(Math.abs(bias), id).toBeLessThan(0.03)
      expect(alone.bias, id).toBeGreaterThan(0.08)
    }
    // Anserini's figure for SciFact.
    expect(of(hard).retrievers[0]!.whole).toBeCloseTo(0.6789, 4)
    const { significant, tau } = of(hard).ranking
    expect(significant!.pairs).toBeGreaterThan(5)
    expect(significant!.kept).toBe(significant!.pairs)
    expect(tau).toBeGreaterThan(0.6)
    // The sample's side is what a study on the sample gives.
    const study = await runCli(['run', '-c', hard.folder, '-r', 'bm25', '-m', 'nDCG@10', '--json'], {
      cwd: await temporaryFolder(),
    })
    expect(study.code, study.stderr).toBe(0)
    const results = JSON.parse(study.stdout) as {
      trials: { mean: Record<string, number> }[]
      collections: { findings: { code: string; count: number; of: number; message: string }[] }[]
    }
    expect(results.trials[0]!.mean['nDCG@10']).toBeCloseTo(of(hard).retrievers[0]!.sample, 12)
    const [finding] = results.collections[0]!.findings
    expect(finding).toMatchObject({ code: 'collection.sampled', count: 1296, of: 5183 })
    expect(finding!.message).toContain('not to be compared with published figures')
  })

  it('estimates the whole from larger samples, near what it is', async () => {
    const options = { share: 0.06, queries: 60 } as const
    const measured = (await draw(scifact, { ...options, bias: 'whole' })).card.bias!.measures['nDCG@10']!
    const { card } = await draw(scifact, { ...options, bias: 'estimate' })
    const estimated = card.bias!.measures['nDCG@10']!
    let estimates = 0
    for (const [i, one] of estimated.retrievers.entries()) {
      if (one.how !== 'estimated') continue
      estimates++
      expect(one.points!.map(({ documents }) => documents)).toEqual([311, 622, 1244])
      expect(Math.abs(one.whole - measured.retrievers[i]!.whole)).toBeLessThan(0.02)
    }
    expect(estimates).toBe(4)
  })

  it('keeps another split whole, with its judged documents', async () => {
    const { card, folder } = await draw(scifact, { documents: 2500, splits: ['train'], hard: 2, bias: 'none' })
    expect(card.splits).toEqual({ test: { queries: 300, of: 300 }, train: { queries: 809, of: 809 } })
    const ids = new Set<string>()
    for await (const { id } of (await open(folder)).documents()) ids.add(id)
    for (const split of ['test', 'train']) {
      const qrels = await (await open(folder, split)).qrels()
      expect(qrels).toEqual(await (await open(scifact, split)).qrels())
      for (const id of judgedIn(qrels)) expect(ids.has(id)).toBe(true)
    }
  })

  it('takes hard documents from a run that is given, and measures it on both sides', async () => {
    const folder = await temporaryFolder()
    const args = [
      'run',
      '-c',
      scifact,
      '-r',
      'bm25:analyzer=whitespace',
      '-m',
      'nDCG@10',
      '-o',
      join(folder, 'results'),
    ]
    const run = await runCli(args, { cwd: folder })
    expect(run.code, run.stderr).toBe(0)
    const [name] = (await readdir(join(folder, 'results', 'runs'))).filter((file) => file.endsWith('.trec'))
    const { card } = await draw(scifact, { share: 0.5, runs: [join(folder, 'results', 'runs', name!)], hard: 3 })
    expect(card.documents.found[name!]!.kept).toBe(card.documents.found[name!]!.of)
    const { retrievers } = card.bias!.measures['nDCG@10']!
    const [given, own] = [name!, 'bm25 whitespace'].map((id) => retrievers.find((one) => one.id === id)!)
    expect(given!.whole).toBeCloseTo(own!.whole, 12)
    expect(given!.sample).toBeGreaterThan(given!.whole)
  })
})

describeWith('a sample by an encoder', [minilmPath, sharedPath('data/mini-scifact')], () => {
  it('takes the run over the whole without the documents that are gone, which is what the encoder gives on the sample', async () => {
    const source = sharedPath('data/mini-scifact')
    const model = { ...(await encoderSpec(minilmPath, {})), id: 'minilm' }
    const { card, folder } = await draw(source, { documents: 40, models: [model], hard: 1 })
    expect(card.documents.found.minilm!.of).toBeGreaterThan(0)
    expect(card.documents.found.minilm!.kept).toBe(card.documents.found.minilm!.of)
    const { retrievers } = card.bias!.measures['nDCG@10']!
    expect(retrievers.map(({ id }) => id).slice(-2)).toEqual(['minilm', 'rrf of bm25 and minilm'])
    const args = [
      'run',
      '-c',
      folder,
      '-r',
      'bm25',
      '-r',
      minilmPath,
      '-r',
      'rrf:bm25,all-MiniLM-L6-v2',
      '--depth',
      '100',
    ]
    const study = await runCli([...args, '-m', 'nDCG@10', '--json'], { cwd: await temporaryFolder() })
    expect(study.code, study.stderr).toBe(0)
    const { trials } = JSON.parse(study.stdout) as { trials: { mean: Record<string, number> }[] }
    for (const [i, id] of ['bm25', 'minilm', 'rrf of bm25 and minilm'].entries())
      expect(trials[i]!.mean['nDCG@10'], id).toBeCloseTo(retrievers.find((one) => one.id === id)!.sample, 9)
  })
})

describeWith('a study on a sample by its own model', [minilmPath, sharedPath('data/mini-scifact')], () => {
  it('takes hard distractors from it, and says when a name or a run is wrong', async () => {
    const folder = await temporaryFolder()
    const study = (sample: string) =>
      writeFile(
        join(folder, 'study.yaml'),
        [
          `collections: [{ source: ${JSON.stringify(sharedPath('data/mini-scifact'))}, sample: ${sample} }]`,
          'baselines: [bm25]',
          `models: [{ id: minilm, model: ${JSON.stringify(minilmPath)} }]`,
          'output: { formats: [markdown] }',
        ].join('\n'),
      )
    await study('{ documents: 40, hard: 1, models: [minilm] }')
    const run = await runCli(['run', 'study.yaml'], { cwd: folder })
    expect(run.code, run.stderr).toBe(0)
    const [key] = await readdir(join(folder, '.fieldtrial', 'samples'))
    const card = JSON.parse(
      await readFile(join(folder, '.fieldtrial', 'samples', key!, 'sample.json'), 'utf8'),
    ) as SampleCard
    expect(card.documents.found.minilm!.kept).toBe(card.documents.found.minilm!.of)
    expect(run.stderr).not.toContain("BM25's alone")
    await study('{ documents: 40, hard: 1, models: [minilmm] }')
    const unknown = await runCli(['run', 'study.yaml'], { cwd: folder })
    expect(unknown.code).toBe(2)
    expect(unknown.stderr).toContain('No model of the study is called "minilmm"')
    await study('{ documents: 40, hard: 1, runs: [absent.trec] }')
    expect((await runCli(['run', 'study.yaml'], { cwd: folder })).code).toBe(3)
    await study('{ documents: 40, hard: 1 }')
    const alone = await runCli(['run', 'study.yaml', '--dry-run'], { cwd: folder })
    expect(alone.stderr).toContain("Its distractors are BM25's alone")
  })
})

describeShared('a sample of images', ['data/flickr8k-1k'], () => {
  it('holds the pictures, byte for byte, and says that BM25 cannot help', async () => {
    const source = sharedPath('data/flickr8k-1k')
    const { card, folder, notices } = await draw(source, { documents: 60, queries: 20 })
    expect(notices).toContain('sample.no-text')
    expect([card.documents.hard, card.bias]).toEqual([0, null])
    const hashes = async (at: string) => {
      const found = new Map<string, string>()
      for await (const { id, image } of (await open(at)).documents()) found.set(id, (await imageHash(image!)).hash)
      return found
    }
    const [whole, sample] = [await hashes(source), await hashes(folder)]
    expect(sample.size).toBe(60)
    for (const [id, hash] of sample) expect(whole.get(id)).toBe(hash)
  })
})

describe('drawing a sample', () => {
  const tiny = async () => writeCollection(join(await temporaryFolder(), 'tiny'), TINY)

  it('keeps the rules of the collection, and is known as a sample by its card alone', async () => {
    const source = await tiny()
    const workspace = await Workspace.open(join(await temporaryFolder(), 'workspace'))
    const folder = join(await temporaryFolder(), 'arguana')
    const spec = { source, name: 'tiny', given: source, removeSelf: false }
    await makeSample(spec, { documents: 8 }, folder, workspace)
    // The folder's name would make it ArguAna, which drops the query's own document.
    const sample = await open(folder)
    expect(sample.removeSelf).toBe(false)
    expect(sample.sample?.source.name).toBe('tiny')
    const { findings, documents } = await summarise(sample)
    expect(documents).toBe(8)
    expect(findings[0]).toMatchObject({ code: 'collection.sampled', level: 'warning', count: 8, of: 12 })
    await rm(join(folder, 'sample.json'))
    expect((await open(folder)).sample).toBeNull()
  })

  it('refuses sizes that make no sense, judged documents without room, and a sample of a sample', async () => {
    const source = await tiny()
    await expect(draw(source, {})).rejects.toMatchObject({ code: 'USAGE' })
    await expect(draw(source, { documents: 5, share: 0.5 })).rejects.toMatchObject({ code: 'USAGE' })
    await expect(draw(source, { share: 1.5 })).rejects.toMatchObject({ code: 'USAGE' })
    await expect(draw(source, { documents: 8, hard: -1 })).rejects.toMatchObject({ code: 'USAGE' })
    await expect(draw(source, { documents: 12 })).rejects.toThrow(/no smaller than/)
    await expect(draw(source, { documents: 4 })).rejects.toThrow('5 documents are judged for the 3 queries')
    await expect(draw(source, { documents: 4 })).rejects.toMatchObject({ hint: expect.stringContaining('--queries 1') })
    const { folder } = await draw(source, { documents: 8 })
    await expect(draw(folder, { documents: 6 })).rejects.toThrow(/is a sample of source already/)
  })

  it('writes over a sample, but over nothing else', async () => {
    const source = await tiny()
    const { folder } = await draw(source, { documents: 8 })
    await draw(source, { documents: 6 }, folder)
    expect((await summarise(await open(folder))).documents).toBe(6)
    const other = join(await temporaryFolder(), 'notes')
    await mkdir(other)
    await writeFile(join(other, 'notes.md'), 'mine')
    await expect(draw(source, { documents: 6 }, other)).rejects.toThrow(/holds other files already/)
    expect(await readdir(other)).toEqual(['notes.md'])
  })

  it('does not take a damaged card for none', async () => {
    const { folder } = await draw(await tiny(), { documents: 8 })
    await writeFile(join(folder, 'sample.json'), '{"format": "fieldtrial-sample", ')
    await expect(open(folder)).rejects.toMatchObject({ code: 'DATA_INVALID' })
    await writeFile(join(folder, 'sample.json'), '{"format": "fieldtrial-sample", "version": 99}')
    await expect(open(folder)).rejects.toThrow(/not known here/)
    // A file of that name that is somebody else's is left alone.
    await writeFile(join(folder, 'sample.json'), '[1, 2]')
    expect((await open(folder)).sample).toBeNull()
  })

  it('says when there is no room for hard documents, and when a run is of another collection', async () => {
    const source = await tiny()
    expect((await draw(source, { documents: 6 })).notices).toContain('sample.room')
    const run = join(await temporaryFolder(), 'foreign.trec')
    await writeFile(run, 'q1 Q0 x1 1 2.0 foreign\nq1 Q0 x2 2 1.0 foreign\n')
    expect((await draw(source, { documents: 8, runs: [run] })).notices).toContain('sample.foreign-run')
    await writeFile(run, 'other Q0 d1 1 2.0 foreign\n')
    await expect(draw(source, { documents: 8, runs: [run] })).rejects.toThrow(/none of the queries/)
  })

  it('prints counts, bias and order, or the card as JSON', async () => {
    const folder = await temporaryFolder()
    await writeCollection(join(folder, 'tiny'), TINY)
    const options = { cwd: folder }
    const printed = await runCli(['sample', 'tiny', '--documents', '8', '-o', 'small'], options)
    expect(printed.code, printed.stderr).toBe(0)
    expect(printed.stdout).toMatch(/^small: 8 of 12 documents of tiny: 5 judged, 3 hard/)
    expect(printed.stdout).toMatch(/nDCG@10 +whole +sample +bias/)
    expect(printed.stdout).toContain('No score of a sample compares with a published one.')
    const json = await runCli(
      ['sample', 'tiny', '--share', '0.5', '--bias', 'none', '--json', '-q', '-o', 'half'],
      options,
    )
    expect(json.stderr).toBe('')
    expect(JSON.parse(json.stdout)).toEqual(JSON.parse(await readFile(join(folder, 'half', 'sample.json'), 'utf8')))
    expect(JSON.parse(json.stdout)).toMatchObject({ source: { given: 'tiny', name: 'tiny' }, documents: { total: 6 } })
    const shown = await runCli(['datasets', 'show', 'half'], options)
    expect(shown.stdout).toContain('A sample, not to be compared with published figures: 6 of 12 documents of tiny')
    const wrong = await runCli(['sample', 'tiny', '--share', '2', '-o', 'half'], options)
    expect(wrong.code).toBe(2)
    expect((await runCli(['sample', 'tiny', '--documents', '8'], options)).code).toBe(2)
  })

  it('draws for a study, once, and names it in the report', async () => {
    const folder = await temporaryFolder()
    await writeCollection(join(folder, 'tiny'), TINY)
    const study = (size: string) =>
      writeFile(
        join(folder, 'study.yaml'),
        `collections: [{ source: ./tiny, sample: ${size} }]\nbaselines: [bm25, 'bm25:b=0']\noutput: { formats: [markdown, latex] }\n`,
      )
    await study('{ documents: 8 }')
    const first = await runCli(['run', 'study.yaml'], { cwd: folder })
    expect(first.code, first.stderr).toBe(0)
    const report = await readFile(join(folder, 'results', 'study', 'report.md'), 'utf8')
    expect(report).toContain('tiny-sample is a sample (8 of 12 documents)')
    expect(report).toMatch(/A sample, not to be compared with published figures: 8 of 12 documents of tiny/)
    const table = (await readFile(join(folder, 'results', 'study', 'table.tex'), 'utf8')).replaceAll(/\s+/g, ' ')
    expect(table).toContain('tiny-sample is a sample (8 of 12 documents)')
    const samples = await readdir(join(folder, '.fieldtrial', 'samples'))
    expect(samples).toHaveLength(1)
    expect((await runCli(['clean'], { cwd: folder })).stdout).toBe('Nothing to clean.\n')
    const again = await runCli(['run', 'study.yaml', '--dry-run'], { cwd: folder })
    expect(again.stderr).toContain('2 of 2 trials cached')
    await study('{ documents: 500 }')
    const whole = await runCli(['run', 'study.yaml', '--dry-run'], { cwd: folder })
    expect(whole.stderr).toContain('it is used whole')
    await study('{ documents: 8, share: 0.5 }')
    const twice = await runCli(['run', 'study.yaml'], { cwd: folder })
    expect(twice.code).toBe(2)
    expect(twice.stderr).toMatch(/study\.yaml:1:\d+.*collections\[0\]\.sample/)
  })
})
