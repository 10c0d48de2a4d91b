import { describe, expect, it } from 'vitest'
import type { Document, FileCollection, Query } from '../../data/index.ts'
import { askSplit } from './asked.ts'
import { HardPool } from './hard-pool.ts'
import { fullRank, selectDocuments } from './select.ts'

const ids = (n: number, prefix = 'd') => Array.from({ length: n }, (_, i) => `${prefix}${i}`)

async function* documents(of: readonly string[]): AsyncGenerator<Document> {
  for (const id of of) yield { id, title: '', text: id }
}

const work = { subject: 'test', total: 0 }
const select = (of: readonly string[], size: number, judged: readonly string[] = [], pool = new HardPool(), seed = 1) =>
  selectDocuments(documents(of), new Set(judged), pool, size, seed, work)

function poolOf(...rankings: readonly (readonly string[])[]): HardPool {
  const pool = new HardPool()
  for (const [i, ranking] of rankings.entries()) {
    const scores = Float64Array.from(ranking, (_, rank) => 100 - rank)
    pool.add(`r${i}`, new Map([['q', { ids: ranking, scores }]]), 10, false)
  }
  return pool
}

describe('selectDocuments', () => {
  it('takes judged documents first, then hard ones by their best rank, then random ones', async () => {
    const pool = poolOf(['d5', 'd1', 'd6'], ['d7', 'd6', 'd5'])
    const { order, judged, hard } = await select(ids(20), 8, ['d1', 'd19', 'absent'], pool)
    expect(order.slice(0, 2)).toEqual(['d1', 'd19'])
    expect(order.slice(2, 4).toSorted()).toEqual(['d5', 'd7'])
    expect(order[4]).toBe('d6')
    expect([judged, hard, new Set(order).size]).toEqual([2, 3, 9])
  })

  it('says down to which rank all hard documents have room', async () => {
    const pool = poolOf(['d5', 'd6', 'd7', 'd8'], ['d9', 'd10', 'd11', 'd12'])
    expect(fullRank(await select(ids(50), 30, [], pool), 30, pool)).toBeNull()
    expect(fullRank(await select(ids(50), 8, [], pool), 8, pool)).toBeNull()
    expect(fullRank(await select(ids(50), 7, [], pool), 7, pool)).toBe(3)
    expect(fullRank(await select(ids(50), 4, [], pool), 4, pool)).toBe(2)
    expect(fullRank(await select(ids(50), 1, [], pool), 1, pool)).toBe(0)
  })

  it('draws nested samples, the same ones in any order of the documents, others by another seed', async () => {
    const small = (await select(ids(1000), 50)).order.slice(0, 50)
    const large = (await select(ids(1000), 100)).order.slice(0, 100)
    const turned = (await select(ids(1000).toReversed(), 50)).order.slice(0, 50)
    const other = (await select(ids(1000), 50, [], new HardPool(), 2)).order.slice(0, 50)
    expect(large.slice(0, 50)).toEqual(small)
    expect(turned).toEqual(small)
    // 50 of 1,000 drawn twice share 2.5 on average.
    expect(other.filter((id) => small.includes(id)).length).toBeLessThan(12)
  })

  it('moves few documents when the collection grows', async () => {
    const before = new Set((await select(ids(1000), 100)).order.slice(0, 100))
    const after = (await select([...ids(1000), ...ids(10, 'new')], 100)).order.slice(0, 100)
    const moved = after.filter((id) => !before.has(id))
    expect(moved.every((id) => id.startsWith('new'))).toBe(true)
    expect(moved.length).toBeLessThan(6)
  })

  it('draws evenly from the whole collection', async () => {
    const { order } = await select(ids(10_000), 1000)
    const thirds = [0, 0, 0]
    for (const id of order.slice(0, 1000)) thirds[Math.floor(Number(id.slice(1)) / 3334)]!++
    for (const third of thirds) expect(third).toBeGreaterThan(280)
  })
})

describe('HardPool', () => {
  it('passes over the query itself where the collection asks for it, and ranks by score, not by place', () => {
    const pool = new HardPool()
    const run = new Map([['q', { ids: ['c', 'q', 'a', 'b'], scores: Float64Array.of(1, 9, 8, 7) }]])
    pool.add('bm25', run, 2, true)
    expect([...pool.ranks]).toEqual([
      ['a', 1],
      ['b', 2],
    ])
    expect([...pool.found.get('bm25')!]).toEqual(['a', 'b'])
  })
})

describe('askSplit', () => {
  const queries: Query[] = ids(100, 'q').map((id) => ({ id, text: id }))
  const qrels = new Map(queries.map(({ id }) => [id, new Map([[`d${id}`, 1]])]))
  const collection = {
    split: 'test',
    queries: async () => queries,
    qrels: async () => qrels,
  } as unknown as FileCollection

  it('keeps fewer queries as a part of more, in the order of the file', async () => {
    const few = await askSplit(collection, 10, 1)
    const more = await askSplit(collection, 30, 1)
    expect(few.of).toBe(100)
    expect(more.drawn.slice(0, 10)).toEqual(few.drawn)
    const places = few.queries.map(({ id }) => Number(id.slice(1)))
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    expect([...few.qrels.keys()]).toEqual(few.queries.map(({ id }) => id))
    expect((await askSplit(collection, null, 1)).queries).toHaveLength(100)
  })
})
