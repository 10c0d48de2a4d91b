import { describe, expect, it } from 'vitest'
import type { Ranking } from '../../data/types.ts'
import { candidatesOf, interleave, type MinedQuery } from './candidates.ts'
import { type ContentKeys, contentKeys, textKeys } from './content.ts'
import { DEFAULT_RULES, type MiningRules, miningRules } from './rules.ts'

const TEXTS: Record<string, string> = {
  p1: 'Birds fly with wings.',
  p2: 'Feathers keep birds warm.',
  twin: 'Birds fly with wings.',
  near: 'birds   FLY, with wings!',
  a: 'Fish swim.',
  b: 'Dogs run.',
  b2: 'dogs run',
  c: 'Cats sleep.',
  d: 'Bees hum.',
  blank: ' ',
  q: 'what flies',
  half: 'Some things fly.',
}
const keysOf = (id: string): ContentKeys | undefined => {
  const text = TEXTS[id]
  return text === undefined ? undefined : contentKeys({ title: '', text })
}

const QUERY: MinedQuery = {
  id: 'q',
  keys: textKeys('what flies'),
  positives: new Set(['p1']),
  between: new Set(['half']),
  removeSelf: false,
}

const ranked = (...entries: [id: string, score: number][]): Ranking => ({
  ids: entries.map(([id]) => id),
  scores: Float64Array.from(entries, ([, score]) => score),
})

const rules = (given: Partial<MiningRules> = {}) =>
  miningRules({ negatives: 3, to: 20, relativeMargin: null, ...given })
const ids = (ranking: Ranking, given: Partial<MiningRules> = {}, query = QUERY) =>
  candidatesOf(query, ranking, 'r', rules(given), keysOf).kept.map(({ id }) => id)

describe('the candidates of a ranking', () => {
  const all = ranked(
    ['q', 1],
    ['twin', 0.99],
    ['p1', 0.9],
    ['near', 0.88],
    ['half', 0.87],
    ['a', 0.86],
    ['b', 0.84],
    ['b2', 0.83],
    ['blank', 0.82],
    ['gone', 0.81],
    ['c', 0.5],
  )

  it('are neither the query, nor positives, nor of their text, nor empty, nor judged in part, nor repeated', () => {
    const found = candidatesOf(QUERY, all, 'r', rules(), keysOf)
    expect(found.kept).toEqual([
      { id: 'a', score: 0.86, rank: 6, retriever: 'r' },
      { id: 'b', score: 0.84, rank: 7, retriever: 'r' },
      { id: 'c', score: 0.5, rank: 11, retriever: 'r' },
    ])
    expect(found.drops).toEqual({
      self: 1,
      'same-text': 1,
      positive: 1,
      'near-same-text': 1,
      'between-grades': 1,
      repeated: 1,
      empty: 1,
      absent: 1,
    })
    expect(found.positives).toEqual(new Map([['p1', { rank: 3, score: 0.9 }]]))
  })

  it('lie within the window of ranks', () => {
    expect(ids(all, { from: 7, to: 10, negatives: 2 })).toEqual(['b'])
  })

  it('stay below 95 % of the positive’s score (NV-Retriever), or below it by a difference, or below a score', () => {
    // 0.95 · 0.9 = 0.855: `a` (0.86) is too near, `b` (0.84) is not.
    expect(ids(all, { relativeMargin: 0.05 })).toEqual(['b', 'c'])
    expect(ids(all, { absoluteMargin: 0.05 })).toEqual(['b', 'c'])
    expect(ids(all, { absoluteMargin: 0.08 })).toEqual(['c'])
    expect(ids(all, { maxScore: 0.85 })).toEqual(['b', 'c'])
    expect(candidatesOf(QUERY, all, 'r', rules({ relativeMargin: 0.05 }), keysOf).drops.margin).toBe(1)
  })

  it('take a share of the score’s size where it is negative, so that the margin still is one', () => {
    const below = ranked(['p1', -1], ['a', -1.02], ['b', -1.1])
    expect(ids(below, { relativeMargin: 0.05 })).toEqual(['b'])
  })

  it('are compared with the positive that is asked for', () => {
    const two = { ...QUERY, positives: new Set(['p1', 'p2']) }
    const ranking = ranked(['p1', 1], ['a', 0.9], ['b', 0.7], ['p2', 0.6], ['c', 0.58], ['d', 0.3])
    const against = (which: MiningRules['against']) => ids(ranking, { relativeMargin: 0.05, against: which }, two)
    expect(against('best')).toEqual(['a', 'b', 'c', 'd'])
    // The mean is 0.8, 95 % of it 0.76.
    expect(against('mean')).toEqual(['b', 'c', 'd'])
    expect(against('worst')).toEqual(['d'])
  })

  it('cannot be shown to be below a positive that lies beyond the ranking', () => {
    const two = { ...QUERY, positives: new Set(['p1', 'p2']) }
    const cut = ranked(['p1', 1], ['a', 0.5], ['b', 0.4])
    const found = (which: MiningRules['against'], query = two) =>
      candidatesOf(query, cut, 'r', rules({ relativeMargin: 0.05, against: which }), keysOf)
    expect(found('best').kept.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(found('worst')).toMatchObject({ kept: [], positiveUnfound: true, drops: { margin: 2 } })
    expect(found('best', { ...QUERY, positives: new Set(['p2']) })).toMatchObject({ kept: [], positiveUnfound: true })
    expect(found('mean').kept.map(({ id }) => id)).toEqual(['a', 'b'])
    // Beyond the last document that shares a word with the query BM25 gives 0: the mean of 1 and 0 is 0.5.
    const rest = candidatesOf(two, cut, 'r', rules({ relativeMargin: 0.05, against: 'mean' }), keysOf, 0)
    expect(rest).toMatchObject({ kept: [{ id: 'b' }], positiveUnfound: false })
    // Without a margin nothing needs to be shown.
    expect(ids(cut, {}, { ...QUERY, positives: new Set(['p2']) })).toEqual(['p1', 'a', 'b'])
  })

  it('are drawn by chance, the same for the same seed, from those that are left', () => {
    const ranking = ranked(...Object.keys(TEXTS).map((id, i): [string, number] => [id, 1 - i / 100]))
    const draws = [1, 2, 3, 4, 5].map((seed) => ids(ranking, { sample: 'random', seed }))
    expect(ids(ranking, { sample: 'random', seed: 1 })).toEqual(draws[0])
    for (const draw of draws) expect([...draw].sort()).toEqual([...ids(ranking)].sort())
    expect(new Set(draws.map(String)).size).toBeGreaterThan(1)
  })
})

describe('candidates of several retrievers', () => {
  it('are taken in turn, each text once, without what another has too near', () => {
    const strict = rules({ relativeMargin: 0.05 })
    const one = candidatesOf(QUERY, ranked(['p1', 1], ['a', 0.9], ['b', 0.8], ['c', 0.7]), 'one', strict, keysOf)
    const two = candidatesOf(QUERY, ranked(['p1', 1], ['a', 0.99], ['b2', 0.9], ['d', 0.8]), 'two', strict, keysOf)
    const { order, vetoed } = interleave([one, two], keysOf)
    expect(order.map(({ id, retriever }) => `${id} ${retriever}`)).toEqual(['b2 two', 'd two', 'c one'])
    expect(vetoed).toBe(1)
  })
})

describe('rules', () => {
  it('have the defaults that the docs name', () => {
    expect(miningRules({})).toEqual(DEFAULT_RULES)
    expect(DEFAULT_RULES).toMatchObject({ from: 1, to: 1000, negatives: 15, relativeMargin: 0.05, against: 'mean' })
    expect(miningRules({ relativeMargin: null })).toMatchObject({ to: 200 })
    expect(miningRules({ relativeMargin: null, to: 50 })).toMatchObject({ to: 50 })
  })

  it.each<[Partial<MiningRules>, RegExp]>([
    [{ from: 0 }, /from must be a whole number from 1/],
    [{ from: 10, to: 9 }, /ends at 9, before it begins at 10/],
    [{ from: 1, to: 5, negatives: 6 }, /6 negatives do not fit into the ranks 1 to 5/],
    [{ relativeMargin: 1 }, /from 0 to below 1/],
    [{ relativeMargin: 95 }, /from 0 to below 1/],
    [{ absoluteMargin: -0.1 }, /0 or more/],
    [{ maxScore: Number.NaN }, /must be a number/],
  ])('refuse %o', (given, message) => {
    expect(() => miningRules(given)).toThrow(message)
  })
})
