import { mkdtemp, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { compareIds } from '../../data/id-order.ts'
import type { Ranking } from '../../data/types.ts'
import { type Dtype, ExactSearcher, exactSearch, type StoreMeta, VectorStore } from './index.ts'

let folder: string
let searcher: ExactSearcher

beforeAll(async () => {
  searcher = await ExactSearcher.open()
})
afterAll(() => searcher.close())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-search-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Numbers from -1 to 1, the same every time (mulberry32). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1
  }
}

async function fill(
  vectors: Float32Array,
  ids: string[],
  meta: Partial<StoreMeta> & { dimension: number; dtype: Dtype },
) {
  const store = await VectorStore.create(join(folder, `${meta.dtype}-${meta.shardRows}`), {
    identity: 'test',
    rows: ids.length,
    ...meta,
  })
  const { shardRows, dimension } = store.meta
  for (let shard = 0; shard < store.shards; shard++) {
    const [from, to] = [shard * shardRows, shard * shardRows + store.rowsIn(shard)]
    const stats = { tokens: 0, truncated: 0, seconds: 0 }
    await store.writeShard(shard, ids.slice(from, to), vectors.slice(from * dimension, to * dimension), stats)
  }
  return store
}

/** Every query against every document in double precision, sorted as trec_eval does. */
async function bruteForce(
  store: VectorStore,
  queries: Float32Array,
  k: number,
  similarity: 'cosine' | 'dot',
): Promise<Ranking[]> {
  const [vectors, ids, d] = [await store.readAll(), await store.ids(), store.meta.dimension]
  return Array.from({ length: queries.length / d }, (_, q) => {
    const scored = ids.map((id, row) => {
      let [dot, qq, vv] = [0, 0, 0]
      for (let i = 0; i < d; i++) {
        const [x, y] = [queries[q * d + i]!, vectors[row * d + i]!]
        dot += x * y
        qq += x * x
        vv += y * y
      }
      const lengths = Math.sqrt(qq * vv)
      return { id, score: similarity === 'dot' ? dot : lengths === 0 ? 0 : dot / lengths }
    })
    scored.sort((a, b) => b.score - a.score || compareIds(b.id, a.id))
    const best = scored.slice(0, k)
    return { ids: best.map(({ id }) => id), scores: Float64Array.from(best, ({ score }) => score) }
  })
}

function expectSame(found: readonly Ranking[], want: readonly Ranking[], digits = 5) {
  expect(found.map(({ ids }) => ids)).toEqual(want.map(({ ids }) => ids))
  found.forEach(({ scores }, q) => {
    scores.forEach((score, i) => {
      expect(score).toBeCloseTo(want[q]!.scores[i]!, digits)
    })
  })
}

describe('exact search', () => {
  it.each([
    ['float32', 'dot'],
    ['float32', 'cosine'],
    ['float16', 'dot'],
    ['float16', 'cosine'],
    ['int8', 'dot'],
    ['int8', 'cosine'],
  ] as const)('finds what brute force finds: %s, %s', async (dtype, similarity) => {
    const [rows, d] = [3000, 48]
    const next = random(7)
    // Lengths from 0.1 to 2, so that dot and cosine differ.
    const vectors = Float32Array.from(
      { length: rows * d },
      (_, i) => next() * (0.1 + (1.9 * ((Math.floor(i / d) * 37) % 101)) / 100),
    )
    const queries = Float32Array.from({ length: 9 * d }, next)
    const ids = Array.from({ length: rows }, (_, i) => `doc${i}`)
    for (const shardRows of [256, 1024, 4096]) {
      const store = await fill(vectors, ids, { dimension: d, dtype, shardRows })
      const want = await bruteForce(store, queries, 100, similarity)
      for (const blockRows of [512, 8192])
        expectSame(await searcher.search({ store, queries, k: 100, similarity, blockRows }), want)
      expectSame(await searcher.search({ store, queries, k: 100, similarity, threads: 1 }), want)
    }
  })

  it('settles ties by id, descending bytes, at the cut too, whatever the blocks', async () => {
    const [rows, d] = [2500, 8]
    const next = random(3)
    // Small whole numbers: sums are exact, and a score is shared by many documents.
    const vectors = Float32Array.from({ length: rows * d }, () => Math.round(next()))
    const queries = Float32Array.from({ length: 6 * d }, () => Math.round(next() * 2))
    const ids = Array.from({ length: rows }, (_, i) => ['a', 'é', '\u{1F600}', '｡'][i % 4]! + ((i * 7919) % rows))
    for (const dtype of ['float32', 'float16'] as const)
      for (const shardRows of [256, 1000, 4096]) {
        const store = await fill(vectors, ids, { dimension: d, dtype, shardRows })
        const want = await bruteForce(store, queries, 77, 'dot')
        for (const blockRows of [512, 1024, 8192])
          expectSame(await searcher.search({ store, queries, k: 77, similarity: 'dot', blockRows }), want)
      }
  })

  it('scores copies of a vector alike wherever they lie', async () => {
    const [kinds, d] = [60, 384]
    const next = random(11)
    const originals = Float32Array.from({ length: kinds * d }, next)
    const rows = 2311
    const vectors = new Float32Array(rows * d)
    for (let row = 0; row < rows; row++) {
      const kind = (row * 31) % kinds
      vectors.set(originals.subarray(kind * d, (kind + 1) * d), row * d)
    }
    const ids = Array.from({ length: rows }, (_, i) => `d${i}`)
    // One query alone goes another way through the matrix product.
    for (const count of [1, 5]) {
      const queries = Float32Array.from({ length: count * d }, next)
      const results: Ranking[][] = []
      for (const shardRows of [300, 1024, 4096]) {
        const store = await fill(vectors, ids, { dimension: d, dtype: 'float32', shardRows })
        for (const blockRows of [512, 8192])
          for (const threads of [1, 2, 3, 11])
            results.push(await searcher.search({ store, queries, k: 500, similarity: 'dot', blockRows, threads }))
      }
      for (const { ids, scores } of results[0]!) {
        expect(new Set(scores).size).toBeLessThanOrEqual(14)
        for (let i = 1; i < ids.length; i++)
          if (scores[i] === scores[i - 1]) expect(compareIds(ids[i]!, ids[i - 1]!)).toBeLessThan(0)
      }
      for (const other of results) expect(other).toEqual(results[0])
    }
  })

  it('ranks everything when k is larger than the collection, and nothing for no queries', async () => {
    const ids = ['a', 'b', 'c']
    const store = await fill(new Float32Array([1, 0, 0, 1, 1, 1]), ids, { dimension: 2, dtype: 'float32' })
    const [ranking] = await searcher.search({ store, queries: new Float32Array([1, 0.5]), k: 10, similarity: 'dot' })
    expect(ranking).toEqual({ ids: ['c', 'a', 'b'], scores: new Float64Array([1.5, 1, 0.5]) })
    expect(await searcher.search({ store, queries: new Float32Array(), k: 10, similarity: 'dot' })).toEqual([])
    expect((await searcher.search({ store, queries: new Float32Array(2), k: 0, similarity: 'dot' }))[0]!.ids).toEqual(
      [],
    )
  })

  it('gives vectors of zeros cosine 0, not NaN', async () => {
    const store = await fill(new Float32Array([0, 0, -1, 0, 2, 0]), ['z', 'n', 'p'], { dimension: 2, dtype: 'int8' })
    const found = await searcher.search({ store, queries: new Float32Array([3, 0, 0, 0]), k: 3, similarity: 'cosine' })
    expect(found.map(({ ids }) => ids)).toEqual([
      ['p', 'z', 'n'],
      ['z', 'p', 'n'],
    ])
    expect([...found[0]!.scores]).toEqual([1, 0, -1])
  })

  it('searches more queries than go into one product, and more than are held at once', async () => {
    const d = 4
    const next = random(5)
    const store = await fill(
      Float32Array.from({ length: 600 * d }, next),
      Array.from({ length: 600 }, (_, i) => `${i}`),
      {
        dimension: d,
        dtype: 'float32',
      },
    )
    const queries = Float32Array.from({ length: 14_000 * d }, next)
    const seen: number[] = []
    const found = await searcher.search({
      store,
      queries,
      k: 600,
      similarity: 'cosine',
      onProgress: ({ done, total }) => seen.push(done / total!),
    })
    expect(found).toHaveLength(14_000)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen.at(-1)).toBe(1)
    for (const at of [0, 511, 512, 13_332, 13_333, 13_999]) {
      const want = await bruteForce(store, queries.slice(at * d, (at + 1) * d), 5, 'cosine')
      expect(found[at]!.ids.slice(0, 5)).toEqual(want[0]!.ids)
      expect(found[at]!.ids).toHaveLength(600)
    }
  })

  it('refuses queries that cannot be compared and stores that are not whole', async () => {
    const store = await fill(new Float32Array([1, 2, 3, 4]), ['a', 'b'], { dimension: 2, dtype: 'float32' })
    const search = (queries: number[], k = 1) =>
      searcher.search({ store, queries: Float32Array.from(queries), k, similarity: 'dot' })
    await expect(search([1, 2, 3])).rejects.toMatchObject({ code: 'ENGINE_FAILED' })
    await expect(search([1, Number.NaN])).rejects.toMatchObject({ code: 'ENGINE_FAILED' })
    await expect(search([1, 2], 1.5)).rejects.toMatchObject({ code: 'USAGE' })
    const huge = await fill(new Float32Array([3e38, 3e38]), ['a'], { dimension: 2, dtype: 'float32', shardRows: 1 })
    const over = searcher.search({ store: huge, queries: new Float32Array([1, 1]), k: 1, similarity: 'dot' })
    await expect(over).rejects.toMatchObject({ code: 'ENGINE_FAILED', message: expect.stringContaining('overflow') })
    await truncate(store.shardPath(0), 200)
    await expect(search([1, 2])).rejects.toMatchObject({ code: 'WORKSPACE_CORRUPT' })
    const half = await VectorStore.create(join(folder, 'half'), { identity: 1, dimension: 2, dtype: 'int8', rows: 3 })
    const early = exactSearch({ store: half, queries: new Float32Array(2), k: 1, similarity: 'dot' })
    await expect(early).rejects.toMatchObject({ code: 'DATA_MISSING' })
  })

  it('stops when cancelled and can be used again', async () => {
    const [rows, d] = [40_000, 64]
    const store = await fill(
      new Float32Array(rows * d).fill(1),
      Array.from({ length: rows }, (_, i) => `${i}`),
      {
        dimension: d,
        dtype: 'int8',
      },
    )
    const queries = new Float32Array(2000 * d).fill(1)
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 100)
    const work = searcher.search({ store, queries, k: 10, similarity: 'dot', signal: stop.signal })
    await expect(work).rejects.toMatchObject({ code: 'CANCELLED' })
    const [ranking] = await searcher.search({ store, queries: queries.slice(0, d), k: 2, similarity: 'dot' })
    expect(ranking!.ids).toEqual(['9999', '9998'])
  })
})
