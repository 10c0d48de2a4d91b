import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Notice } from '../../core/progress.ts'
import { type Dtype, VectorStore } from '../dense/index.ts'
import { documentsOf, fitPostprocess, type PostprocessStep, postprocessStore } from './index.ts'

const [ROWS, D] = [11, 6]
const STEPS: readonly PostprocessStep[] = [{ kind: 'center' }, { kind: 'pca', dimensions: 3 }, { kind: 'normalize' }]
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-post-store-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const vectors = Float32Array.from({ length: ROWS * D }, (_, i) => Math.sin(i * i) + (i % D))

async function source(dtype: Dtype = 'float32', all = vectors): Promise<VectorStore> {
  const meta = { identity: 'model', dimension: D, dtype, rows: ROWS, shardRows: 4 }
  const store = await VectorStore.create(join(folder, 'source'), meta)
  for (let shard = 0; shard < store.shards; shard++) {
    const [from, to] = [shard * 4, shard * 4 + store.rowsIn(shard)]
    const ids = Array.from({ length: to - from }, (_, i) => `d${from + i}`)
    const stats = { tokens: 9, truncated: 1, seconds: 1 }
    await store.writeShard(shard, ids, all.subarray(from * D, to * D), stats)
  }
  return store
}

const fitOn = (store: VectorStore, steps = STEPS) =>
  fitPostprocess(steps, { documents: documentsOf(store), dimension: D, queries: null })

const target = () => ({ folder: join(folder, 'target'), identity: 'post-processed' })

describe('postprocessStore', () => {
  it.each(['float32', 'int8'] as const)('writes what apply gives, with the same ids, from %s', async (dtype) => {
    const from = await source(dtype)
    const fitted = await fitOn(from)
    const { store, zeros } = await postprocessStore(from, fitted, 'document', target())
    expect([store.complete, store.meta.dimension, store.meta.dtype, zeros]).toEqual([true, 3, 'float32', 0])
    expect(await store.ids()).toEqual(await from.ids())
    expect(await store.readAll()).toEqual(await fitted.apply('document', await from.readAll()))
    expect(await store.verify()).toEqual([])
    expect(store.totals()).toMatchObject({ tokens: 0, truncated: 0 })
  })

  it('goes on where it was stopped', async () => {
    const from = await source()
    const fitted = await fitOn(from)
    const stop = new AbortController()
    const work = { signal: stop.signal, onProgress: () => stop.abort() }
    await expect(postprocessStore(from, fitted, 'document', target(), work)).rejects.toMatchObject({
      code: 'CANCELLED',
    })
    const half = await VectorStore.open(target().folder, { identity: 'post-processed' })
    expect(half.missingShards()).toEqual([1, 2])
    const done: number[] = []
    const { store } = await postprocessStore(from, fitted, 'document', target(), {
      onProgress: (progress) => done.push(progress.done),
    })
    expect(done).toEqual([4, 8, 11])
    expect(await store.readAll()).toEqual(await fitted.apply('document', vectors))
  })

  it('counts vectors of which nothing is left, those of earlier runs too', async () => {
    const all = vectors.slice()
    all.fill(0, 2 * D, 3 * D)
    all.fill(0, 9 * D, 10 * D)
    const from = await source('float32', all)
    const fitted = await fitOn(from, [{ kind: 'truncate', dimensions: 4 }, { kind: 'binary' }])
    for (let run = 0; run < 2; run++) {
      const notices: Notice[] = []
      const work = { onNotice: (notice: Notice) => notices.push(notice) }
      expect((await postprocessStore(from, fitted, 'document', target(), work)).zeros).toBe(2)
      expect(notices.map(({ code, message }) => [code, message])).toEqual([
        [
          'postprocess.zero-vectors',
          'After post-processing nothing is left of 2 of 11 document vectors: they are all zeros.',
        ],
      ])
    }
  })

  it('refuses stores that do not fit', async () => {
    const from = await source()
    const other = await fitPostprocess([{ kind: 'normalize' }], {
      documents: documentsOf(from),
      dimension: D + 1,
      queries: null,
    })
    const mismatch = { code: 'FINGERPRINT_MISMATCH' }
    await expect(postprocessStore(from, other, 'document', target())).rejects.toMatchObject(mismatch)
    const fitted = await fitOn(from)
    await postprocessStore(from, fitted, 'document', target())
    const elsewhere = { ...target(), identity: 'something else' }
    await expect(postprocessStore(from, fitted, 'document', elsewhere)).rejects.toMatchObject(mismatch)
    const meta = { identity: 1, dimension: D, dtype: 'float32', rows: 3 } as const
    const empty = await VectorStore.create(join(folder, 'empty'), meta)
    const missing = { code: 'DATA_MISSING' }
    await expect(postprocessStore(empty, fitted, 'document', target())).rejects.toMatchObject(missing)
  })
})
