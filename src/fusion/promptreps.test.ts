import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Ranking, Run } from '../data/types.ts'
import type { SparseRows } from '../engines/types.ts'
import { exactSearch, VectorStore } from '../index/dense/index.ts'
import { searchSparse } from '../index/sparse/index.ts'
import { fuse } from './index.ts'

type Terms = Readonly<Record<number, number>>

/** Twenty documents: dense vector, and term → weight. Dense scores are sixteenths, so that float32 holds them. */
const DOCUMENTS: readonly (readonly [id: string, dense: readonly [number, number], sparse: Terms])[] = [
  ['d01', [0.75, 0], {}],
  ['d02', [0.5, 0.25], { 11: 4, 22: 3, 33: 2 }],
  ['d03', [0.5, 0.25], { 11: 4, 22: 4 }],
  ['d04', [0.25, 0.5], { 11: 4 }],
  ['d05', [0, 0.75], { 22: 4 }],
  ['d06', [0.25, 0], { 33: 4 }],
  ['d07', [0.5, -0.5], { 11: 2, 33: 2 }],
  ['d08', [-0.25, 0.5], { 11: 3, 22: 1, 33: 1 }],
  ['d09', [-0.25, 0], { 11: 4, 22: 2 }],
  ['d10', [0.125, 0.125], { 55: 9 }],
  ['d11', [0.0625, 0], { 22: 2 }],
  ['d12', [0, 0], { 11: 1, 22: 1, 33: 1 }],
  ['d13', [0.75, -0.5], { 44: 7 }],
  ['d14', [0.125, 0.5], { 11: 2, 22: 2, 33: 4 }],
  ['d15', [-0.125, 0], { 33: 9 }],
  ['d16', [0.5, 0], { 11: 1, 33: 3 }],
  ['d17', [0, 0.25], {}],
  ['d18', [-0.125, 0.25], { 22: 5 }],
  ['d19', [0.25, 0.25], { 11: 3, 33: 3 }],
  ['d20', [0.375, -0.25], { 11: 5 }],
]

/** The second query has no term that any document has. */
const QUERIES = {
  q1: { dense: [1, 0.5], sparse: { 11: 120, 22: 80, 33: 40 } },
  q2: { dense: [1, 0], sparse: { 99: 300 } },
} as const

/** Worked out from the formulas alone, without the code under test: dense = x + y / 2; sparse = 120·w11 + 80·w22 + 40·w33. */
const DENSE_Q1 =
  'd01 .75, d03 .625, d02 .625, d16 .5, d13 .5, d04 .5, d19 .375, d14 .375, d05 .375, d20 .25, d07 .25, d06 .25, d10 .1875, ' +
  'd17 .125, d11 .0625, d18 0, d12 0, d08 0, d15 -.125, d09 -.25'
const SPARSE_Q1 =
  'd03 800, d02 800, d09 640, d20 600, d14 560, d19 480, d08 480, d04 480, d18 400, d15 360, d07 320, d05 320, d16 240, d12 240, ' +
  'd11 160, d06 160'
/** ½ · (dense + ¼) / 1 + ½ · (sparse − 160) / 640, the second part only for the sixteen that have it. */
const HYBRID_Q1 =
  'd03 .9375, d02 .9375, d14 .625, d04 .625, d20 .59375, d19 .5625, d01 .5, d16 .4375, d05 .4375, d13 .375, d09 .375, d08 .375, ' +
  'd07 .375, d18 .3125, d06 .25, d15 .21875, d10 .21875, d17 .1875, d12 .1875, d11 .15625'
/** Dense alone, whole: (dense + ¼) / 1. */
const HYBRID_Q2 =
  'd13 1, d01 1, d16 .75, d07 .75, d03 .75, d02 .75, d20 .625, d19 .5, d06 .5, d04 .5, d14 .375, d10 .375, d11 .3125, d17 .25, ' +
  'd12 .25, d05 .25, d18 .125, d15 .125, d09 0, d08 0'

const written = (text: string) =>
  text.split(', ').map((pair) => [pair.split(' ')[0], Number(pair.split(' ')[1])] as const)
const told = ({ ids, scores }: Ranking) => ids.map((id, i) => [id, scores[i]! + 0] as const)

function rowsOf(vectors: readonly Terms[]): SparseRows {
  const entries = vectors.map((terms) => Object.entries(terms).map(([term, weight]) => [Number(term), weight] as const))
  const flat = entries.flat()
  let end = 0
  return {
    offsets: Uint32Array.from([0, ...entries.map((some) => (end += some.length))]),
    terms: Uint32Array.from(flat, ([term]) => term),
    weights: Uint16Array.from(flat, ([, weight]) => weight),
  }
}

let folder: string
let store: VectorStore

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-promptreps-'))
  const meta = { identity: 'by hand', dimension: 2, dtype: 'float32', rows: 20, shardRows: 8, sparse: true } as const
  store = await VectorStore.create(folder, meta)
  for (let shard = 0; shard < store.shards; shard++) {
    const some = DOCUMENTS.slice(8 * shard, 8 * (shard + 1))
    const ids = some.map(([id]) => id)
    const dense = Float32Array.from(some.flatMap(([, vector]) => vector))
    const stats = { tokens: 0, truncated: 0, seconds: 0 }
    await store.writeShard(shard, ids, dense, stats, rowsOf(some.map(([, , terms]) => terms)))
  }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const ids = Object.keys(QUERIES) as (keyof typeof QUERIES)[]
const asRun = (rankings: readonly Ranking[]): Run => new Map(ids.map((id, i) => [id, rankings[i]!]))

async function dense(): Promise<Run> {
  const queries = Float32Array.from(ids.flatMap((id) => [...QUERIES[id].dense]))
  return asRun(await exactSearch({ store, queries, k: 1000, similarity: 'dot' }))
}

async function sparse(k = 1000): Promise<Run> {
  return asRun(await searchSparse({ store, queries: rowsOf(ids.map((id) => QUERIES[id].sparse)), k }))
}

describe('PromptReps by hand', () => {
  it('sparse', async () => {
    const run = await sparse()
    expect(told(run.get('q1')!)).toEqual(written(SPARSE_Q1))
    expect(told(run.get('q2')!)).toEqual([])
    // Three documents tie for the sixth place.
    expect(told((await sparse(7)).get('q1')!)).toEqual(written(SPARSE_Q1).slice(0, 7))
  })

  it('hybrid', async () => {
    const halves = [await dense(), await sparse()]
    expect(told(halves[0]!.get('q1')!)).toEqual(written(DENSE_Q1))
    const run = fuse(halves, { method: 'promptreps-hybrid' })
    expect(told(run.get('q1')!)).toEqual(written(HYBRID_Q1))
    expect(told(run.get('q2')!)).toEqual(written(HYBRID_Q2))
  })
})
