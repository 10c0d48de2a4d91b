import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Progress } from '../../core/progress.ts'
import { compareIds } from '../../data/id-order.ts'
import type { Ranking } from '../../data/types.ts'
import type { SparseRows } from '../../engines/types.ts'
import { VectorStore } from '../dense/index.ts'
import { Best } from './best.ts'
import { SparseSearcher, searchSparse } from './index.ts'

let folder: string
let searcher: SparseSearcher

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-sparse-search-'))
  searcher = await SparseSearcher.open()
})
afterAll(async () => {
  await searcher.close()
  await rm(folder, { recursive: true, force: true })
})

/** Term → weight. */
type Vector = Readonly<Record<number, number>>

function rowsOf(vectors: readonly Vector[]): SparseRows {
  const offsets = new Uint32Array(vectors.length + 1)
  const entries = vectors.map((vector) =>
    Object.entries(vector).map(([term, weight]) => [Number(term), weight] as const),
  )
  entries.forEach((some, i) => {
    offsets[i + 1] = offsets[i]! + some.length
  })
  const flat = entries.flat()
  return {
    offsets,
    terms: Uint32Array.from(flat, ([term]) => term),
    weights: Uint16Array.from(flat, ([, weight]) => weight),
  }
}

let stores = 0
async function storeOf(vectors: readonly Vector[], ids: readonly string[], shardRows: number): Promise<VectorStore> {
  const meta = { identity: 'test', dimension: 1, dtype: 'float32', rows: ids.length, shardRows, sparse: true } as const
  const store = await VectorStore.create(join(folder, String(stores++)), meta)
  for (let shard = 0; shard < store.shards; shard++) {
    const [from, rows] = [shard * shardRows, store.rowsIn(shard)]
    const sparse = rowsOf(vectors.slice(from, from + rows))
    const stats = { tokens: 0, truncated: 0, seconds: 0 }
    await store.writeShard(shard, ids.slice(from, from + rows), new Float32Array(rows), stats, sparse)
  }
  return store
}

/** Every query against every document with whole numbers of any size. */
function bruteForce(
  documents: readonly Vector[],
  ids: readonly string[],
  queries: readonly Vector[],
  k: number,
): Ranking[] {
  return queries.map((query) => {
    const scored = documents.map((document, row) => {
      const score = Object.entries(query).reduce(
        (sum, [term, weight]) => sum + BigInt(weight) * BigInt(document[Number(term)] ?? 0),
        0n,
      )
      return { id: ids[row]!, score: Number(score) }
    })
    const best = scored
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score || compareIds(b.id, a.id))
      .slice(0, k)
    return { ids: best.map(({ id }) => id), scores: Float64Array.from(best, ({ score }) => score) }
  })
}

/** Numbers from 0 up to below 1, the same every time (mulberry32). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Terms as uneven as those of language: the first is in most vectors, the last in few. */
function someVectors(seed: number, count: number, terms: number, vocabulary: number, heaviest = 300): Vector[] {
  const next = random(seed)
  return Array.from({ length: count }, () =>
    Object.fromEntries(
      Array.from({ length: terms }, () => [Math.floor(vocabulary ** next()) - 1, 1 + Math.floor(next() * heaviest)]),
    ),
  )
}

describe('sparse search', () => {
  it('finds what brute force finds, ties over the cut included', async () => {
    const vector = fc.dictionary(fc.integer({ min: 0, max: 9 }).map(String), fc.integer({ min: 1, max: 3 }), {
      maxKeys: 4,
    })
    const id = fc.oneof(fc.string({ maxLength: 2 }), fc.constantFrom('\uFF61', '\u{1F600}', 'd9', 'd10', ''))
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(id, vector), { minLength: 1, maxLength: 40, selector: ([name]) => name }),
        fc.array(vector, { maxLength: 6 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 15 }),
        fc.integer({ min: 1, max: 2 }),
        async (documents, queries, k, shardRows, threads) => {
          const [ids, vectors] = [documents.map(([name]) => name), documents.map(([, content]) => content)]
          const store = await storeOf(vectors, ids, shardRows)
          const found = await searcher.search({ store, queries: rowsOf(queries), k, threads })
          expect(found).toEqual(bruteForce(vectors, ids, queries, k))
          await rm(store.folder, { recursive: true })
        },
      ),
      { numRuns: 60 },
    )
  })

  it('finds the same with any shards and threads: lists shorter and longer than shards', async () => {
    const documents = someVectors(1, 3000, 40, 2000)
    const ids = documents.map((_, i) => `d${i}`)
    const queries = [...someVectors(2, 40, 1, 2000), ...someVectors(3, 40, 25, 2000), {}, { 1000000: 5 }]
    const want = bruteForce(documents, ids, queries, 100)
    expect(want.slice(0, 80).some((ranking) => ranking.ids.length < 100)).toBe(true)
    for (const [shardRows, threads] of [
      [256, 1],
      [256, 3],
      [4096, 1],
    ] as const) {
      const store = await storeOf(documents, ids, shardRows)
      expect(await searcher.search({ store, queries: rowsOf(queries), k: 100, threads })).toEqual(want)
    }
  })

  it('adds exactly beyond what float32 can hold', async () => {
    const documents: Vector[] = [
      { 1: 65535, 2: 65535, 3: 1 },
      { 1: 65535, 2: 65535 },
      { 1: 65535, 2: 65534, 3: 65535 },
    ]
    const store = await storeOf(documents, ['a', 'b', 'c'], 2)
    const [found] = await searcher.search({ store, queries: rowsOf([{ 1: 65535, 2: 65535, 3: 1 }]), k: 3 })
    // 2 × 65,535² = 8,589,672,450; the third lacks 65,535 and gains as much.
    expect([found!.ids, [...found!.scores]]).toEqual([
      ['a', 'c', 'b'],
      [8589672451, 8589672450, 8589672450],
    ])
  })

  it('takes several passes where more is to be held than fits', async () => {
    const documents = someVectors(4, 300, 5, 50)
    const ids = documents.map((_, i) => `d${i}`)
    const store = await storeOf(documents, ids, 256)
    const few = someVectors(5, 100, 3, 50)
    // 2 × 300 slots for each query and thread: 13,333 of 16 million fit with two threads.
    const queries = Array.from({ length: 14_000 }, (_, i) => few[i % 100]!)
    const seen: Progress[] = []
    const found = await searcher.search({
      store,
      queries: rowsOf(queries),
      k: 300,
      threads: 2,
      subject: 'p × d',
      onProgress: (progress) => seen.push(progress),
    })
    const want = bruteForce(documents, ids, few, 300)
    found.forEach((ranking, i) => {
      if (ranking.ids.join() !== want[i % 100]!.ids.join()) throw new Error(`query ${i} differs`)
    })
    expect(seen.at(-1)).toEqual({ step: 'search', subject: 'p × d', done: 600, total: 600, unit: 'documents' })
    expect(seen.every(({ done }, i) => i === 0 || done >= seen[i - 1]!.done)).toBe(true)
  })

  it('lets the event loop turn, stops when cancelled, and can be used again', async () => {
    const documents = someVectors(6, 4000, 60, 200)
    const store = await storeOf(
      documents,
      documents.map((_, i) => `d${i}`),
      1000,
    )
    const queries = rowsOf(someVectors(7, 4000, 30, 200))
    const stop = new AbortController()
    let turns = 0
    const clock = setInterval(() => {
      if (++turns === 5) stop.abort()
    }, 20)
    const work = searcher.search({ store, queries, k: 10, threads: 2, signal: stop.signal })
    await expect(searcher.search({ store, queries, k: 1 })).rejects.toThrow(/one search at a time/)
    await expect(work).rejects.toMatchObject({ code: 'CANCELLED' })
    clearInterval(clock)
    await expect(searcher.search({ store, queries, k: 10, signal: stop.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    })
    const some = rowsOf([{ 1: 1 }])
    expect((await searcher.search({ store, queries: some, k: 3 }))[0]!.ids).toHaveLength(3)
  })

  it('gives nothing for nothing', async () => {
    const store = await storeOf([{ 1: 1 }], ['a'], 1)
    expect(await searchSparse({ store, queries: rowsOf([]), k: 5 })).toEqual([])
    expect(await searchSparse({ store, queries: rowsOf([{ 1: 1 }, {}]), k: 0 })).toEqual(
      [0, 1].map(() => ({ ids: [], scores: new Float64Array() })),
    )
  })

  it('refuses what cannot be searched', async () => {
    const store = await storeOf([{ 1: 1 }, { 1: 2 }], ['a', 'b'], 1)
    const queries = rowsOf([{ 1: 1 }])
    await expect(searcher.search({ store, queries, k: 1.5 })).rejects.toMatchObject({ code: 'USAGE' })
    const broken = { ...queries, weights: Uint16Array.of(0) }
    await expect(searcher.search({ store, queries: broken, k: 1 })).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: 'The queries have a term without weight in sparse vector 0.',
    })
    await writeFile(store.sparsePath(1), 'x'.repeat(300))
    await expect(searcher.search({ store, queries, k: 1 })).rejects.toMatchObject({
      code: 'WORKSPACE_CORRUPT',
      hint: expect.stringMatching(/only this shard/),
      where: { file: store.sparsePath(1) },
    })
    await rm(store.shardPath(0))
    const incomplete = await VectorStore.open(store.folder)
    await expect(searcher.search({ store: incomplete, queries, k: 1 })).rejects.toMatchObject({ code: 'DATA_MISSING' })
    const meta = { identity: 'dense', dimension: 1, dtype: 'float32', rows: 1 } as const
    const dense = await VectorStore.create(join(folder, 'dense'), meta)
    await expect(searcher.search({ store: dense, queries, k: 1 })).rejects.toMatchObject({
      code: 'DATA_MISSING',
      message: expect.stringMatching(/no sparse vectors/),
    })
  })
})

describe('the best', () => {
  it('do not depend on the order in which they come', () => {
    const documents = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 6 })), {
      selector: ([id]) => id,
      maxLength: 300,
      size: 'max',
    })
    fc.assert(
      fc.property(documents, fc.integer({ min: 1, max: 80 }), (given, k) => {
        const best = new Best(k)
        for (const [id, score] of given) best.offer(score, id, `d${id}`)
        const want = given
          .map(([id, score]) => ({ id: `d${id}`, score }))
          .sort((a, b) => b.score - a.score || compareIds(b.id, a.id))
          .slice(0, k)
        const { ids, scores, rows } = best.finish()
        expect(ids.map((id, i) => ({ id, score: scores[i] }))).toEqual(want)
        expect(ids).toEqual(Array.from(rows, (row) => `d${row}`))
      }),
    )
  })
})
