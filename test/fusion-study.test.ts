import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseStudy } from '../src/study/parse.ts'
import type { FusionResult, StudyResults } from '../src/study/results.ts'
import { runCli } from './support/cli.ts'
import { BASELINES, FusionStudies, QUERIES } from './support/fusion-studies.ts'

const studies = new FusionStudies()
const inFolder = (...path: string[]) => join(studies.folder, ...path)
const run = studies.run.bind(studies)

const fusionOf = (results: StudyResults, id: string): FusionResult =>
  results.fusions!.find(({ retriever }) => retriever === id)!

const LEARNED = `  - { id: folds, method: wsum, of: [bm25, exact, flat], weights: learned }
  - { id: dev, method: wsum, normalisation: dbsf, of: [bm25, exact], weights: { learned: { split: dev } } }
  - { id: route, method: route, of: [bm25, exact], route: { folds: 4, seed: 7 } }
  - { id: cheap, method: route, of: [bm25, exact], route: { features: query, model: stumps } }
  - { id: plain, method: rrf, of: [bm25, exact] }
  - { id: swapped, method: rrf, of: [exact, bm25] }
  - { id: high, method: route, of: [swapped, flat] }
  - { id: over, method: wrrf, of: [folds, plain, dev], weights: { learned: { folds: 4, measure: nDCG@10 } } }
`

describe('a study with learned fusions', () => {
  it('tells gain, cost, members and what was learned, and does nothing the second time', async () => {
    const { plan, results, failures } = await run(LEARNED, { output: 'results' })
    expect(failures).toEqual([])
    expect(results.fusions!.map(({ retriever }) => retriever)).toEqual([
      'folds',
      'dev',
      'route',
      'cheap',
      'plain',
      'swapped',
      'high',
      'over',
    ])
    const mean = (id: string) => results.trials.find(({ retriever }) => retriever === id)!.mean['RR@10']!

    const folds = fusionOf(results, 'folds')
    expect(folds.learned!.parts).toHaveLength(5)
    for (const { train, ranked, weights } of folds.learned!.parts) {
      expect([train, ranked]).toEqual([32, 8])
      expect(weights!.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9)
    }
    const ranked = folds.learned!.parts.reduce((sum, part) => sum + part.rankedValue! * part.ranked, 0) / QUERIES
    expect(ranked).toBeCloseTo(mean('folds'), 9)
    const best = ['bm25', 'exact', 'flat'].reduce((a, b) => (mean(b) > mean(a) ? b : a))
    expect(folds.best).toBe(best)
    expect(folds.gains.map(({ measure }) => measure)).toEqual(['RR@10', 'nDCG@10'])
    expect(folds.gains[0]!.difference).toBeCloseTo(mean('folds') - mean(best), 9)
    expect(folds.oracle.value).toBeGreaterThanOrEqual(mean(best))
    expect(folds.members.map(({ member, alone }) => [member, alone])).toEqual(
      ['bm25', 'exact', 'flat'].map((id) => [id, mean(id)]),
    )
    for (const { without, contribution } of folds.members)
      expect(contribution!.difference).toBeCloseTo(mean('folds') - without!, 9)

    const dev = fusionOf(results, 'dev').learned!
    expect(dev.parts.map(({ train, ranked }) => [train, ranked])).toEqual([[QUERIES, QUERIES]])
    expect(dev.shared).toBe(2)
    expect(results.trials.find(({ retriever }) => retriever === 'dev')!.warnings).toEqual([
      '2 queries of the split were not learned from, being under test as well.',
    ])
    // Of two members, the fusion without one is the other alone.
    const [first, second] = fusionOf(results, 'dev').members
    expect([first!.without, second!.without]).toEqual([mean('exact'), mean('bm25')])

    const route = fusionOf(results, 'route').learned!
    expect(route.parts.map(({ route: found }) => found!.choices)).toEqual(
      Array(4).fill([
        [1, 0],
        [0, 1],
      ]),
    )
    expect(route.parts.reduce((sum, { route: found }) => sum + found!.chosen[0]! + found!.chosen[1]!, 0)).toBe(QUERIES)

    // Retrievers that several members share are paid for once.
    const cost = (id: string) => results.trials.find(({ retriever }) => retriever === id)!.cost
    const bytes = cost('bm25').indexBytes + cost('exact').indexBytes + cost('flat').indexBytes
    expect(cost('over').indexBytes).toBe(bytes)
    // Only the chosen member is searched where the query alone decides.
    expect(cost('cheap').msPerQuery).toBeLessThan(cost('bm25').msPerQuery + cost('exact').msPerQuery)
    expect(fusionOf(results, 'over').learned!.measure).toBe('nDCG@10')

    // Routes look at the query's terms in the index of the first BM25 below them; weights have no use for them.
    const termsOf = (id: string) => {
      const planned = plan.trials.find(({ spec }) => spec.id === id)!
      return planned.kind === 'fusion' ? (planned.learning?.terms?.spec.id ?? null) : undefined
    }
    expect(['route', 'cheap', 'high', 'folds', 'over', 'plain'].map(termsOf)).toEqual([
      'bm25',
      'bm25',
      'exact',
      null,
      null,
      null,
    ])

    const again = await run(LEARNED)
    expect(again.plan.trials.every(({ cached }) => cached)).toBe(true)
    expect(again.results.fusions!.map(({ learned }) => learned)).toEqual(results.fusions!.map(({ learned }) => learned))
  })

  it('learns nothing from the queries that it reports on: other judgments there leave weights and ranking as they were', async () => {
    const only = '  - { id: dev, method: wsum, of: [bm25, exact, flat], weights: { learned: { split: dev } } }\n'
    const before = await run(only, { output: 'before' })
    const file = inFolder('data', 'qrels', 'test.tsv')
    const honest = await readFile(file, 'utf8')
    await writeFile(
      file,
      honest.replaceAll(/\td(\d+)\t/g, (_, i) => `\td${(Number(i) * 7 + 3) % (3 * QUERIES)}\t`),
    )
    const after = await run(only, { output: 'after' })
    await writeFile(file, honest)
    const [one, other] = [before, after].map(({ results }) => fusionOf(results, 'dev'))
    expect(other!.learned!.parts[0]!.weights).toEqual(one!.learned!.parts[0]!.weights)
    expect(other!.learned!.parts[0]!.rankedValue).not.toBe(one!.learned!.parts[0]!.rankedValue)
    const ranking = (output: string) => readFile(inFolder(output, 'runs', 'data.dev.trec'), 'utf8')
    expect(await ranking('after')).toBe(await ranking('before'))
  })

  it('names what cannot be, with its place', async () => {
    const problems = (fusion: string) => {
      try {
        parseStudy(`collections: [./data]\n${BASELINES}fusion:\n${fusion}`, inFolder('study.yaml'))
        return []
      } catch (error) {
        return (error as { problems: { message: string; where: { line: number } }[] }).problems.map(
          ({ message, where }) => `${where.line}: ${message}`,
        )
      }
    }
    expect(problems('  - { method: rrf, of: [bm25, exact], weights: learned }\n')).toEqual([
      '7: The fusion method rrf has no weights that could be learned.',
    ])
    expect(
      problems('  - { method: wsum, of: [bm25, exact], weights: { learned: { folds: 3, split: dev } } }\n')[0],
    ).toContain('not both')
    expect(problems('  - { method: concat, of: [bm25, exact] }\n')[0]).toContain('bm25 has no vectors of its own')
    expect(problems('  - { method: wsum, of: [bm25, exact], dimensions: 5 }\n')[0]).toContain('`dimensions`')
    expect(problems('  - { method: route, of: [bm25, exact], weights: [1, 2] }\n')[0]).toContain('`weights`')
    expect(problems('  - { method: rrf, of: [bm25, bm25] }\n')[0]).toContain('a member twice')
    expect(problems('  - { method: wsum, of: [bm25, exact], weights: { learned: { fold: 3 } } }\n')[0]).toContain(
      'fold',
    )
    await expect(
      run('  - { method: wsum, of: [bm25, exact], weights: { learned: { split: none } } }\n'),
    ).rejects.toThrow('no split "none"')
    await expect(
      run('  - { method: wsum, of: [bm25, exact], weights: { learned: { split: test } } }\n'),
    ).rejects.toThrow('is tested on test')
    const { failures } = await run('  - { method: wsum, of: [bm25, exact], weights: { learned: { folds: 50 } } }\n')
    expect(failures[0]!.message).toBe('50 folds need 50 judged queries or more; there are 40.')
  })
})

describe('a study with fused spaces', () => {
  it('searches one index, nested ones too, and says what it costs', async () => {
    const models = studies.models()
    const fusion = `  - { id: concat, method: concat, of: [m0, m1] }
  - { id: cut, method: concat, of: [m0, m1], dimensions: 5, weights: [3, 1] }
  - { id: turned, method: procrustes, of: [m0, m1] }
  - { id: cca, method: cca, of: [m0, m1], dimensions: 4 }
  - { id: deep, method: concat, of: [turned, cca, m1] }
  - { id: sum, method: wsum, normalisation: none, of: [m0, m1] }
  - { id: mixed, method: rrf, of: [bm25, cut] }
`
    const { results, failures } = await run(fusion, { models })
    expect(failures).toEqual([])
    const dimension = (id: string) => results.retrievers.find((r) => r.id === id)!.dimension
    expect(['concat', 'cut', 'turned', 'cca', 'deep'].map(dimension)).toEqual([14, 5, 8, 4, 18])
    const trial = (id: string) => results.trials.find(({ retriever }) => retriever === id)!
    // Concatenation is the weighted sum of cosines, so both rank alike.
    expect(trial('concat').perQuery).toEqual(trial('sum').perQuery)
    expect(trial('cut').cost.indexBytes).toBeLessThan(trial('m0').cost.indexBytes)
    expect(trial('cut').warnings[0]).toMatch(/^5 of 14 dimensions hold .* of the variance of 120 documents\.$/)
    const deep = fusionOf(results, 'deep')
    expect(deep.cost).toMatchObject({ documentEncodings: 2, queryEncodings: 2 })
    expect(deep.members.map(({ member, without }) => [member, without !== null])).toEqual([
      ['turned', true],
      ['cca', true],
      ['m1', true],
    ])
    expect(fusionOf(results, 'turned').members.map(({ without }) => without)).toEqual([
      trial('m1').mean['RR@10'],
      trial('m0').mean['RR@10'],
    ])
    expect(fusionOf(results, 'mixed').cost).toMatchObject({ documentEncodings: 2, queryEncodings: 2 })
    await expect(
      run('  - { id: big, method: cca, of: [m0, m1], dimensions: 7 }\n', { models, workspace: 'other' }),
    ).resolves.toMatchObject({
      failures: [{ message: expect.stringContaining('7 dimensions are more than cca of 8 + 6 has: 6') }],
    })
  })
})

describe('fieldtrial fuse', () => {
  it('fuses run files as the study does', async () => {
    const runs = ['bm25', 'exact'].map((id) => inFolder('results', 'runs', `data.${id}.trec`))
    const out = inFolder('fused.trec')
    const { code, stdout } = await runCli([
      'fuse',
      ...runs,
      '--qrels',
      inFolder('results', 'runs', 'data.qrels'),
      '-m',
      'RR@10',
      '-o',
      out,
    ])
    expect(code).toBe(0)
    const results = JSON.parse(await readFile(inFolder('results', 'results.json'), 'utf8')) as StudyResults
    const plain = results.trials.find(({ retriever }) => retriever === 'plain')!
    expect(stdout).toContain(plain.mean['RR@10']!.toFixed(4))
    const ids = (text: string) =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => line.split(' ').slice(0, 4).join(' '))
    expect(ids(await readFile(out, 'utf8'))).toEqual(ids(await readFile(inFolder('results', plain.runFile!), 'utf8')))
  })

  it('learns by cross-validation as the study does, and gives weights for queries to come', async () => {
    const { code, stdout } = await runCli([
      'fuse',
      '--results',
      inFolder('results'),
      '--of',
      'bm25,exact,flat',
      '--weights',
      'learned',
      '-m',
      'RR@10',
      '--json',
    ])
    expect(code).toBe(0)
    const { runs, folds, whole } = JSON.parse(stdout)
    const results = JSON.parse(await readFile(inFolder('results', 'results.json'), 'utf8')) as StudyResults
    const learned = fusionOf(results, 'folds')
    expect(folds.map(({ weights }: { weights: number[] }) => weights)).toEqual(
      learned.learned!.parts.map(({ weights }) => weights),
    )
    expect(runs.at(-1).mean['RR@10']).toBeCloseTo(learned.gains[0]!.value!, 9)
    expect(whole.queries).toBe(QUERIES)
  })

  it('searches within limits of cost and reports on queries that it never saw', async () => {
    const args = ['fuse', '--results', inFolder('results'), '--search', '--max-members', '2', '-m', 'RR@10']
    const { code, stdout } = await runCli([...args, '--json'])
    expect(code).toBe(0)
    const found = JSON.parse(stdout)
    expect([found.searched, found.heldOut.queries]).toEqual([20, 20])
    for (const { members } of found.candidates) expect(members.length).toBeLessThanOrEqual(2)
    expect(found.heldOut.comparison.difference).toBeCloseTo(found.heldOut.value - found.heldOut.singleValue, 9)
    // Fusions as members would be counted twice.
    expect(found.candidates.flatMap(({ members }: { members: string[] }) => members)).not.toContain('plain')
    const text = await runCli(args)
    expect(text.stdout).toContain('Held out, 20 queries that the search never saw:')
    const none = await runCli([...args, '--max-bytes', '10'])
    expect(none.code).toBe(2)
    expect(none.stderr).toContain('No retriever alone keeps within the limits.')
  })

  it('says what is missing', async () => {
    const run = inFolder('results', 'runs', 'data.bm25.trec')
    const other = inFolder('results', 'runs', 'data.exact.trec')
    const error = async (...args: string[]) => (await runCli(['fuse', ...args])).stderr
    expect(await error(run)).toContain('Name two runs or more.')
    expect(await error(run, other, '--weights', 'learned')).toContain('Nothing can be learned without judgments.')
    expect(await error(run, other, '--method', 'rff')).toContain('There is no fusion method rff.')
    expect(await error('--results', inFolder('results'), '--of', 'bm25,exakt')).toContain('no run of "exakt"')
  })
})
