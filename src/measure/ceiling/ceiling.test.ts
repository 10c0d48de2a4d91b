import { describe, expect, it } from 'vitest'
import type { Qrels } from '../../data/types.ts'
import { parseMeasure, parseMeasures } from '../parse.ts'
import { gradeLevels, UNJUDGED } from '../ranking.ts'
import { expectedBest } from './expected.ts'
import { type ContentGroup, ceilings, twinsUnjudged } from './index.ts'
import type { TwinGroup } from './twin-groups.ts'

const MEASURES = [
  'nDCG@3',
  'nDCG',
  'nDCG(dcg=exp-log2)@5',
  'R@2',
  'P@3',
  'MRR@3',
  'RR',
  'Success@2',
  'AP',
  'AP@3',
  'Rprec',
  'RBP@4',
  'P(rel=2)@2',
]

describe('the expectation of the best ranking by content', () => {
  const groups: TwinGroup[] = [
    { size: 3, grades: [2, 1] },
    { size: 2, grades: [1] },
    { size: 1, grades: [0] },
    { size: 2, grades: [-1, 2] },
  ]
  const judged = new Map(
    [...groups.flatMap(({ grades }) => grades), 1].map((grade, i) => [`d${i}`, grade] as const), // the last one is absent
  )
  const levels = gradeLevels(judged)

  it.each(MEASURES)(
    'of %s is the mean over all orders within the groups, and no order of groups has a better one',
    (name) => {
      const measure = parseMeasure(name)
      const means = permutations(groups).map((order) => {
        const values = ordersWithin(order).map((grades) => measure.compute({ grades: Int32Array.from(grades), levels }))
        return values.reduce((sum, value) => sum + value, 0) / values.length
      })
      const value = expectedBest(measure, groups, levels)!
      expect(value).toBeCloseTo(Math.max(...means), 12)
    },
  )

  it('is the measure itself where every document is alone', () => {
    const single = [1, 3, 0].map((grade) => ({ size: 1, grades: [grade] }))
    const alone = gradeLevels(
      new Map([
        ['a', 1],
        ['b', 3],
        ['c', 0],
      ]),
    )
    for (const measure of parseMeasures(['nDCG@10', 'R@10', 'MRR@10', 'AP', 'Success@1']))
      expect(expectedBest(measure, single, alone)).toBeCloseTo(1, 12)
  })

  it('is not made up for other measures', () => {
    expect(expectedBest(parseMeasure('ERR@10'), groups, levels)).toBeNull()
    expect(expectedBest(parseMeasure('P(judged_only=True)@3'), groups, levels)).toBeNull()
  })
})

describe('ceilings', () => {
  /** As CoIR's CosQA is made: 20,604 documents of 6,267 different codes, 500 queries with one relevant document each. */
  it('of a corpus that repeats its documents are those of a random order of the copies', () => {
    const contents = new Map<string, ContentGroup>()
    const qrels: Qrels = new Map()
    let sum = 0
    for (let q = 0; q < 500; q++) {
      const size = q < 74 ? 1 : 2 + (q % 7)
      contents.set(`d${q}`, { group: q, size })
      qrels.set(`q${q}`, new Map([[`d${q}`, 1]]))
      let gain = 0
      for (let rank = 1; rank <= Math.min(10, size); rank++) gain += 1 / Math.log2(rank + 1)
      sum += gain / size
    }
    const [ndcg] = ceilings(parseMeasures(['nDCG@10']), qrels, contents)
    expect(ndcg!.value).toBeCloseTo(sum / 500, 12)
    expect(ndcg!.apart).toBe(1)
    expect(twinsUnjudged(qrels, contents, false)).toMatchObject({ pairs: 426, of: 500 })
  })

  it('count absent documents and queries without relevant ones, twins or not', () => {
    const qrels: Qrels = new Map([
      [
        'q1',
        new Map([
          ['d1', 1],
          ['absent', 1],
        ]),
      ],
      ['q2', new Map([['d2', 0]])],
    ])
    const contents = new Map([
      ['d1', { group: 1, size: 1 }],
      ['d2', { group: 2, size: 5 }],
    ])
    expect(ceilings(parseMeasures(['R@10', 'MRR@10']), qrels, contents)).toEqual([
      { measure: 'R@10', value: 0.25, apart: 0.25 },
      { measure: 'MRR@10', value: 0.5, apart: 0.5 },
    ])
  })

  it('leave out the document with the query’s own id where rankings do', () => {
    const qrels: Qrels = new Map([['q', new Map([['d', 1]])]])
    const contents = new Map([
      ['q', { group: 1, size: 2 }],
      ['d', { group: 1, size: 2 }],
    ])
    const value = (removeSelf: boolean) =>
      ceilings(parseMeasures(['MRR@10']), qrels, contents, { removeSelf })[0]!.value
    expect(value(false)).toBe(0.75)
    expect(value(true)).toBe(1)
  })

  it('take no time over a text that stands 100,000 times', () => {
    const qrels: Qrels = new Map([['q', new Map([['d', 1]])]])
    const contents = new Map([['d', { group: 1, size: 100_000 }]])
    const found = ceilings(parseMeasures(['nDCG@10', 'AP', 'RR', 'R@100']), qrels, contents)
    expect(found.find(({ measure }) => measure === 'R@100')!.value).toBeCloseTo(0.001, 12)
    // Mean of 1/rank over 100,000 ranks.
    expect(found.find(({ measure }) => measure === 'RR')!.value).toBeCloseTo(
      (Math.log(100_000) + 0.5772156649) / 100_000,
      8,
    )
  })
})

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]))
}

/** Grades by rank for every order of the members within each group, the groups in the given order. */
function ordersWithin(groups: readonly TwinGroup[]): number[][] {
  let rankings: number[][] = [[]]
  for (const { size, grades } of groups) {
    const members = [
      ...grades.map((grade) => (grade < 0 ? -2 : grade)),
      ...Array<number>(size - grades.length).fill(UNJUDGED),
    ]
    const orders = permutations(members)
    rankings = rankings.flatMap((before) => orders.map((order) => [...before, ...order]))
  }
  return rankings
}
