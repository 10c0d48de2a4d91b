import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareIds } from '../../data/id-order.ts'
import type { Ranking, Run } from '../../data/types.ts'
import { fuse } from '../fuse.ts'
import { fusionOptions } from '../options.ts'
import { sorted } from '../query.ts'
import { routeOptions } from '../route/options.ts'
import { foldsOf } from './folds.ts'
import type { LearningNode } from './node.ts'
import { crossFit, type FusionData, predict } from './predict.ts'
import { lattice, maximiseOnSimplex } from './simplex.ts'
import { topOf } from './top.ts'
import { learnWeights } from './weights.ts'

const QUERIES = Array.from({ length: 80 }, (_, i) => `q${i}`)
const WSUM = fusionOptions({ method: 'wsum' })
const member = (run: number) => ({ kind: 'run', run }) as const

/** Three members: the first finds the relevant document of even queries, the second that of odd ones, the third nothing. */
function members(): Run[] {
  const ranking = (query: number, good: boolean, salt: number): Ranking => {
    const others = Array.from({ length: 12 }, (_, i) => `x${(query * 7 + i * 5 + salt) % 60}`)
    const ids = good ? [`r${query}`, ...others.slice(1)] : others
    return { ids, scores: Float64Array.from(ids, (_, i) => 1 / (1 + i) + (good ? 1 : 0)) }
  }
  return [0, 1, 2].map(
    (run) => new Map(QUERIES.map((query, i) => [query, ranking(i, run < 2 && i % 2 === run, run * 3)])),
  )
}

/** Reciprocal rank of the one relevant document of each query. */
function gainOf(relevant: ReadonlyMap<string, string>, asked?: Set<string>) {
  return (query: string, { ids }: Ranking) => {
    asked?.add(query)
    const rank = ids.indexOf(relevant.get(query) ?? '')
    return rank < 0 ? 0 : 1 / (rank + 1)
  }
}

const judged = () => new Map(QUERIES.map((query, i) => [query, `r${i}`]))
const dataOf = (relevant: ReadonlyMap<string, string>, asked?: Set<string>): FusionData => ({
  runs: members(),
  objective: { gain: gainOf(relevant, asked), cutoff: 10 },
  text: (query) => (Number(query.slice(1)) % 2 === 0 ? 'how does even() work?' : 'odd words in a row'),
  work: {},
})
const learned = (folds: number, of: LearningNode['of'] = [member(0), member(1), member(2)]): LearningNode => ({
  kind: 'learned',
  options: WSUM,
  folds: { folds, seed: 3 },
  of,
})
const route = (
  model: 'ridge' | 'stumps',
  features: 'all' | 'query',
  to: 'member' | 'weights' = 'member',
): LearningNode => ({
  kind: 'route',
  route: routeOptions({ model, features, to }),
  options: WSUM,
  folds: { folds: 5, seed: 3 },
  of: [member(0), member(1), member(2)],
})
const meanOf = (run: Run, relevant = judged()) =>
  QUERIES.reduce((sum, query) => sum + gainOf(relevant)(query, run.get(query)!), 0) / QUERIES.length

describe('folds', () => {
  it('hold every query once, in parts of equal size, whatever the order', () => {
    const folds = foldsOf(QUERIES, 6, 1)
    expect(folds.map((fold) => fold.length).sort()).toEqual([13, 13, 13, 13, 14, 14])
    expect(folds.flat().sort()).toEqual([...QUERIES].sort())
    expect(foldsOf([...QUERIES].reverse(), 6, 1)).toEqual(folds)
    expect(foldsOf(QUERIES, 6, 2)).not.toEqual(folds)
  })

  it('are refused for too few queries', () => {
    expect(() => foldsOf(['a', 'b'], 3, 1)).toThrow('3 folds need 3 judged queries or more; there are 2.')
  })
})

describe('the first documents', () => {
  it('are those of sorting all', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (scores, count) => {
          const ids = scores.map((_, i) => `d${(i * 7) % 61}`)
          const all = sorted({ ids, scores: Float64Array.from(scores) }, 'id')
          const top = topOf(ids, Float64Array.from(scores), count)
          expect(top.ids).toEqual(all.ids.slice(0, count))
          expect([...top.scores]).toEqual([...all.scores.slice(0, count)])
          for (let i = 1; i < top.ids.length; i++)
            expect(top.scores[i - 1]! - top.scores[i]! || compareIds(top.ids[i - 1]!, top.ids[i]!)).toBeGreaterThan(0)
        },
      ),
    )
  })
})

describe('the search over the simplex', () => {
  it('finds the peak of a hill to its smallest step, within bounded work', async () => {
    for (const peak of [
      [0.13, 0.87],
      [0.2, 0.31, 0.49],
      [0.1, 0.15, 0.25, 0.2, 0.3],
    ]) {
      const found = await maximiseOnSimplex(
        peak.length,
        async (weights) => -weights.reduce((sum, w, i) => sum + (w - peak[i]!) ** 2, 0),
      )
      for (const [i, w] of found.weights.entries()) expect(Math.abs(w - peak[i]!)).toBeLessThan(0.02)
      expect(found.weights.reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 12)
      expect(found.evaluations).toBeLessThan(600)
    }
  })

  it('takes equal weights where all are as good, and keeps within bounds for many members', async () => {
    expect((await maximiseOnSimplex(2, async () => 1)).weights).toEqual([0.5, 0.5])
    const many = await maximiseOnSimplex(12, async (weights) => weights[11]!)
    expect(many.weights[11]).toBe(1)
    expect(many.weights.every((w) => w >= 0)).toBe(true)
  })

  it('counts lattices', () => {
    expect(lattice(3, 2)).toEqual([
      [2, 0, 0],
      [1, 1, 0],
      [1, 0, 1],
      [0, 2, 0],
      [0, 1, 1],
      [0, 0, 2],
    ])
  })
})

describe('learned weights', () => {
  it('are at least as good as equal ones and as each member, where they are learned', async () => {
    const { runs, objective } = dataOf(judged())
    const { weights, value } = await learnWeights(runs, QUERIES, WSUM, objective)
    const mean = (run: Run) => meanOf(run)
    expect(value).toBeCloseTo(mean(fuse(runs, { ...WSUM, weights })), 12)
    expect(value).toBeGreaterThanOrEqual(mean(fuse(runs, WSUM)))
    for (const run of runs) expect(value).toBeGreaterThanOrEqual(mean(run))
    expect(weights[2]).toBeLessThan(0.34)
  })

  it('are refused for methods that have none', async () => {
    const { runs, objective } = dataOf(judged())
    await expect(learnWeights(runs, QUERIES, fusionOptions({ method: 'rrf' }), objective)).rejects.toThrow(
      'has no weights',
    )
    await expect(learnWeights(runs, [], WSUM, objective)).rejects.toThrow('no judged queries')
  })
})

const NESTED: LearningNode = learned(4, [learned(4, [member(0), member(2)]), member(1)])

describe.each([
  ['weights', learned(5)],
  ['a route by ridge', route('ridge', 'all')],
  ['a route by stumps', route('stumps', 'query')],
  ['a route to weights', route('ridge', 'all', 'weights')],
  ['weights over learned weights', NESTED],
])('%s by cross-validation', (_, node) => {
  it('never see the judgments of the queries that they rank: poisoned ones change nothing there', async () => {
    const clean = await crossFit(node, QUERIES, dataOf(judged()))
    for (const [i, fold] of clean.folds.entries()) {
      if (i > 1) continue
      // As bad as can be: the judgments of this fold now name what the worst member finds.
      const poisoned = judged()
      for (const query of fold) poisoned.set(query, members()[2]!.get(query)!.ids[0]!)
      const other = await crossFit(node, QUERIES, dataOf(poisoned))
      expect(other.folds).toEqual(clean.folds)
      expect(other.learned[i]).toEqual(clean.learned[i])
      for (const query of fold) expect(other.run.get(query)).toEqual(clean.run.get(query))
      // The same judgments are seen by all other folds.
      expect(other.learned.filter((_, j) => j !== i)).not.toEqual(clean.learned.filter((_, j) => j !== i))
    }
  })

  it('asks for judgments of the other folds only', async () => {
    const folds = foldsOf(QUERIES, node.folds.folds, node.folds.seed)
    for (const [i, held] of folds.entries()) {
      const asked = new Set<string>()
      await predict(node, folds.filter((_, j) => j !== i).flat(), held, dataOf(judged(), asked))
      expect(asked.size).toBeGreaterThan(0)
      for (const query of held) expect(asked.has(query)).toBe(false)
    }
  })

  it('gives the same twice', async () => {
    expect(await crossFit(node, QUERIES, dataOf(judged()))).toEqual(await crossFit(node, QUERIES, dataOf(judged())))
  })
})

describe('a route', () => {
  it.each(['ridge', 'stumps'] as const)(
    'by %s finds which member is right for which query from the text',
    async (model) => {
      const { run, learned } = await crossFit(route(model, 'query'), QUERIES, dataOf(judged()))
      for (const member of members()) expect(meanOf(run)).toBeGreaterThan(meanOf(member) + 0.3)
      for (const report of learned) {
        if (report.kind !== 'route') throw new Error('no route')
        expect(report.oracleValue).toBeGreaterThan(report.constantValue)
        expect(report.choices).toEqual([
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ])
      }
    },
  )

  it('finds it from the collection’s statistics of the query’s terms where the text tells nothing', async () => {
    const data = { ...dataOf(judged()), text: () => 'the same' }
    const blind = await crossFit(route('ridge', 'query'), QUERIES, data)
    const terms = (query: string) => [Number(query.slice(1)) % 2 === 0 ? 6 : 2, 1]
    const seeing = await crossFit(route('ridge', 'query'), QUERIES, { ...data, terms })
    expect(meanOf(seeing.run)).toBeGreaterThan(meanOf(blind.run) + 0.3)
  })

  it('goes to the best member on average where nothing tells them apart', async () => {
    const relevant = new Map(QUERIES.map((query, i) => [query, members()[0]!.get(query)!.ids[i % 3 === 0 ? 1 : 0]!]))
    const data = { ...dataOf(relevant), text: () => 'the same' }
    const { run } = await crossFit(route('ridge', 'query'), QUERIES, data)
    for (const query of QUERIES) expect(run.get(query)!.ids).toEqual(members()[0]!.get(query)!.ids)
  })

  it('to weights is no worse than the best weights on average, where it was learned', async () => {
    const data = dataOf(judged())
    const node = route('ridge', 'all', 'weights')
    const { learned: report } = await predict(node, QUERIES, [], data)
    if (report?.kind !== 'route') throw new Error('no route')
    expect(report.choices).toHaveLength(21)
    expect(report.oracleValue).toBe(1)
  })
})
