import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Workspace } from '../src/core/workspace.ts'
import { executePlan } from '../src/study/execute.ts'
import { parseStudy } from '../src/study/parse.ts'
import { planStudy } from '../src/study/plan.ts'
import type { StudyResults } from '../src/study/results.ts'
import { TINY, writeCollection } from './support/collections.ts'

const BERT = fileURLToPath(new URL('fixtures/models/bert', import.meta.url))
const EMOJI = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
)
let folder: string
let results: StudyResults

/** Recipes whose words some of the other collection share: they get in each other's way. */
const KITCHEN = {
  documents: [
    { _id: 'd1', title: 'Bread', text: 'Dough must rise before it is baked into bread with a crust.' },
    { _id: 'd2', title: 'Soup', text: 'Boil water and add salt.' },
    { _id: 'd3', title: 'Molten chocolate', text: 'A volcano cake has a molten core that comes out.' },
  ],
  queries: [
    { _id: 'q1', text: 'molten cake' },
    { _id: 'q2', text: 'salt water soup' },
  ],
  qrels: ['q1\td3\t1', 'q2\td2\t1'],
}

async function run(yaml: string): Promise<StudyResults> {
  const study = parseStudy(yaml, join(folder, 'study.yaml'))
  const workspace = await Workspace.open(join(folder, 'ws'))
  return (await executePlan(await planStudy(study, workspace), workspace)).results
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-unified-study-'))
  await cp(BERT, join(folder, 'bert'), { recursive: true })
  await writeCollection(join(folder, 'nature'), TINY)
  await writeCollection(join(folder, 'kitchen'), KITCHEN)
  await mkdir(join(folder, 'pictures'))
  for (const name of ['a', 'b']) await writeFile(join(folder, 'pictures', `${name}.png`), EMOJI)
  await writeCollection(join(folder, 'pictures'), {
    documents: [
      { _id: 'a', image: 'a.png' },
      { _id: 'b', image: 'b.png' },
    ],
    queries: [{ _id: 'q1', text: 'molten rock' }],
    qrels: ['q1\ta\t1'],
  })
  results = await run(`
name: unified
collections:
  - ./nature
  - { id: all, unified: [nature, ./kitchen, { source: ./pictures, name: images }] }
baselines: [bm25]
models:
  - { id: bert, model: ./bert }
  - { id: centred, model: ./bert, recipes: [{ recipe: sentence-transformers, postprocess: [center] }] }
fusion: ['rrf:bm25,bert']
measures: [nDCG@10, R@100]
`)
}, 120_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

const of = (retriever: string) => results.domains!.find((domain) => domain.retriever === retriever)!
const inDomain = (retriever: string, name: string) => of(retriever).domains.find(({ domain }) => domain === name)!

describe('a unified collection in a study', () => {
  it('keeps its domains', () => {
    expect(results.collections.map(({ name, domains }) => [name, domains?.map((domain) => domain.name)])).toEqual([
      ['nature', undefined],
      ['all', ['nature', 'kitchen', 'images']],
    ])
    expect(results.collections[1]).toMatchObject({
      documents: 17,
      queries: 6,
      source: 'unified(./nature, ./kitchen, ./pictures)',
    })
    expect(results.collections[1]!.domains![2]).toMatchObject({
      documents: 2,
      queries: 1,
      imageDocuments: 2,
      source: './pictures',
    })
    expect(results.trials.every(({ status }) => status === 'done')).toBe(true)
    expect(results.domains!.map(({ retriever, collection }) => [retriever, collection])).toEqual(
      ['bm25', 'bert', 'centred', 'rrf-bm25+bert'].map((retriever) => [retriever, 'all']),
    )
  })

  it('measures each domain and all together', () => {
    for (const { retriever, domains, macro } of results.domains!) {
      const trial = results.trials.find((t) => t.retriever === retriever && t.collection === 'all')!
      const overall = domains.reduce((sum, { mean, queries }) => sum + mean['nDCG@10']! * queries, 0) / 6
      expect(overall).toBeCloseTo(trial.mean['nDCG@10']!, 10)
      expect(macro['nDCG@10']).toBeCloseTo(
        domains.reduce((sum, { mean }) => sum + mean['nDCG@10']! / 3, 0),
        10,
      )
    }
    // "molten rock" finds texts of volcanoes only: pictures without words have no terms.
    expect(inDomain('bm25', 'images')).toMatchObject({
      mean: { 'R@100': 0 },
      within: { 'R@100': 0 },
      unseen: 2,
      shares: { wrong: 1 },
    })
  })

  it('says what other domains cost: with their documents out of the way the ranking is that of the domain alone', () => {
    const alone = results.trials.find((t) => t.retriever === 'bert' && t.collection === 'nature')!
    expect(inDomain('bert', 'nature').within['nDCG@10']).toBeCloseTo(alone.mean['nDCG@10']!, 10)
    for (const { domains } of results.domains!)
      for (const { mean, within } of domains) expect(within['nDCG@10']!).toBeGreaterThanOrEqual(mean['nDCG@10']!)
  })

  it('tells the share of the first ten that comes from the wrong domain, and where scores are too high', () => {
    for (const { wrong, domains } of results.domains!) {
      const found = domains.flatMap(({ shares }) => (shares === null ? [] : [shares]))
      for (const { shares } of found) expect(Object.values(shares).reduce((a, b) => a + b)).toBeCloseTo(1)
      const mean =
        found.reduce((sum, shares) => sum + shares.wrong * shares.queries, 0) /
        found.reduce((sum, { queries }) => sum + queries, 0)
      expect(wrong).toBeCloseTo(mean, 10)
    }
    const { scores } = inDomain('bert', 'kitchen')
    expect(scores!.queries).toBe(2)
    expect(scores!.shift).not.toBeNull()
    expect(inDomain('bert', 'images').scores).toBeNull()
  })

  it('leaves pictures out of what reads text, and says so', () => {
    const trial = results.trials.find((t) => t.retriever === 'bert' && t.collection === 'all')!
    expect(trial.warnings.join()).toMatch(
      /2 of 17 documents are images without text: this retriever reads text and cannot find them/,
    )
    expect(inDomain('bert', 'images').shares!.shares.images).toBe(0)
    expect(inDomain('rrf-bm25+bert', 'images').unseen).toBe(2)
  })

  it('finds how far the domains lie apart in the space, and that centring does not move them', () => {
    const { gaps } = of('bert')
    expect(of('bm25').gaps).toBeNull()
    expect(gaps!.domains.map(({ one, other, gap }) => [one, other, gap === null])).toEqual([
      ['nature', 'kitchen', false],
      ['nature', 'images', true],
      ['kitchen', 'images', true],
    ])
    expect(gaps!.modalities).toBeNull()
    expect(gaps!.domains[0]!.gap!.distance).toBeGreaterThan(0)
    // Queries and documents have means of their own; after centring each side's is nothing.
    const side = (retriever: string) => of(retriever).gaps!.sides.find(({ domain }) => domain === 'nature')!.gap!
    expect(side('centred').relative).toBeLessThan(side('bert').relative! + 1)
  })

  it('compares with the best single retriever of each domain', () => {
    for (const name of ['nature', 'kitchen']) {
      const singles = ['bm25', 'bert', 'centred'].map((id) => [id, inDomain(id, name).mean['nDCG@10']!] as const)
      const best = singles.reduce((a, b) => (b[1] > a[1] ? b : a))
      expect(inDomain(best[0], name).againstBest).toBeNull()
      const fused = inDomain('rrf-bm25+bert', name)
      expect(fused.againstBest).toMatchObject({ best: best[0], measure: 'nDCG@10' })
      expect(fused.againstBest!.difference).toBeCloseTo(fused.mean['nDCG@10']! - best[1], 10)
    }
  })

  it('is made again for nothing', async () => {
    const again = await run(AGAIN)
    expect(again.trials.every(({ cost }) => cost.cached)).toBe(true)
    expect(again.domains!.map(({ retriever }) => retriever)).toEqual(['bm25', 'bert'])
    expect(again.domains![1]!.domains).toEqual(
      of('bert').domains.map((domain) => ({ ...domain, againstBest: expect.toSatisfy(() => true) })),
    )
  })
})

const AGAIN = `
collections: [{ name: other-name, unified: [./nature, ./kitchen, { source: ./pictures, name: images }] }]
baselines: [bm25]
models: [{ id: bert, model: ./bert }]
measures: [nDCG@10, R@100]
`

describe('a unified collection that cannot be', () => {
  it.each([
    ['{ unified: [./nature] }', /unified must not be empty|must be at least/i],
    ['{ unified: [./nature, ./nature] }', /Two collections are called "nature"/],
    ['{ unified: [./nature, ./kitchen], sample: { documents: 5 } }', /sample cannot be set for a unified collection/],
    ['{ name: x }', /needs `source:`, or `unified:`/],
    ['{ unified: [./nature, { source: coir/*, titles: omit }] }', /names several collections/],
    ['{ unified: [./nature, { source: ./kitchen, nmae: y }] }', /Unknown field "nmae".*name/s],
  ])('%s', (yaml, message) => {
    const told = () => {
      try {
        parseStudy(`collections:\n  - ${yaml}\nbaselines: [bm25]\n`, join(folder, 'x.yaml'))
        return ''
      } catch (error) {
        const { problems } = error as { problems: { message: string; hint: string }[] }
        return problems.map((problem) => `${problem.message} ${problem.hint}`).join('\n')
      }
    }
    expect(told()).toMatch(message)
  })
})
