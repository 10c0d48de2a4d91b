import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { gapBetween } from '../../measure/domains/index.ts'
import { VectorStore } from '../dense/index.ts'
import {
  fitPostprocess,
  loadPostprocess,
  type PostprocessStep,
  postprocessStore,
  savePostprocess,
  slugOfSteps,
} from './index.ts'

const D = 4
const STEPS: readonly PostprocessStep[] = [{ kind: 'center', by: 'modality' }, { kind: 'normalize' }]
/** Images lie elsewhere than texts; two documents are both. */
const KINDS = Uint8Array.from({ length: 62 }, (_, i) => (i >= 60 ? 2 : i % 3 === 0 ? 1 : 0))
const documents = Float32Array.from({ length: KINDS.length * D }, (_, at) => {
  const [row, i] = [Math.floor(at / D), at % D]
  const noise = Math.sin(row * 12.9898 + i * 78.233) * 43758.5453
  return (KINDS[row] === 1 ? [3, 0, 1, 0] : [0, 2, 0, 1])[i]! + (noise - Math.floor(noise) - 0.5)
})
const queries = Float32Array.from([1, 0, 0, 0, 3, 0, 0, 0])

const fitOn = () =>
  fitPostprocess(STEPS, {
    dimension: D,
    queries,
    modalities: KINDS,
    documents: async function* () {
      for (let at = 0; at < documents.length; at += 7 * D) yield documents.subarray(at, at + 7 * D)
    },
  })

const rowsOf = (vectors: Float32Array, kind: number) => ({
  dimension: D,
  vectors: Float32Array.from(
    [...KINDS.keys()]
      .filter((row) => KINDS[row] === kind)
      .flatMap((row) => [...vectors.subarray(row * D, (row + 1) * D)]),
  ),
})
const meanOf = ({ vectors }: { vectors: Float32Array }) =>
  Array.from(
    { length: D },
    (_, i) => vectors.reduce((sum, x, at) => sum + (at % D === i ? x : 0), 0) / (vectors.length / D),
  )

describe('centring by modality', () => {
  it('subtracts the mean of texts from texts, and that of images from images', async () => {
    const fitted = await fitOn()
    const out = await fitted.apply('document', documents, KINDS)
    const [texts, images] = [meanOf(rowsOf(documents, 0)), meanOf(rowsOf(documents, 1))]
    for (const [row, mean] of [
      [1, texts],
      [3, images],
    ] as const) {
      const expected = Array.from(documents.subarray(row * D, (row + 1) * D), (x, i) => x - mean[i]!)
      const length = Math.hypot(...expected)
      expected.forEach((x, i) => void expect(out[row * D + i]).toBeCloseTo(x / length, 5))
    }
    // Two documents are too few for a mean of their own: that of all is taken.
    const all = meanOf({ vectors: documents })
    const mixed = Array.from(documents.subarray(60 * D, 61 * D), (x, i) => x - all[i]!)
    mixed.forEach((x, i) => void expect(out[60 * D + i]).toBeCloseTo(x / Math.hypot(...mixed), 5))
    const before = gapBetween(rowsOf(documents, 0), rowsOf(documents, 1))!
    const after = gapBetween(rowsOf(out, 0), rowsOf(out, 1))!
    expect(before.distance).toBeGreaterThan(1)
    expect(after.distance).toBeLessThan(0.2 * before.distance)
  })

  it('centres text queries by the queries’ mean, and image queries by the images’', async () => {
    const fitted = await fitOn()
    const asked = Float32Array.from([5, 0, 0, 0, 5, 0, 0, 0])
    const out = await fitted.apply('query', asked, Uint8Array.from([0, 1]))
    expect([...out.subarray(0, D)]).toEqual([1, 0, 0, 0])
    const images = meanOf(rowsOf(documents, 1))
    const expected = [5, 0, 0, 0].map((x, i) => x - images[i]!)
    expected.forEach((x, i) => void expect(out[D + i]).toBeCloseTo(x / Math.hypot(...expected), 5))
    // What is not told is a text.
    expect(await fitted.apply('query', asked.slice(0, D))).toEqual(out.slice(0, D))
  })

  it('is the same from a file, and shard by shard', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fieldtrial-modality-'))
    const fitted = await fitOn()
    await savePostprocess(fitted, join(folder, 'fit.safetensors'))
    const loaded = await loadPostprocess(join(folder, 'fit.safetensors'))
    const whole = await fitted.apply('document', documents, KINDS)
    expect(await loaded.apply('document', documents, KINDS)).toEqual(whole)
    const source = await VectorStore.create(join(folder, 'source'), {
      identity: 'a',
      dimension: D,
      dtype: 'float32',
      rows: KINDS.length,
      shardRows: 16,
    })
    for (let shard = 0; shard < source.shards; shard++) {
      const rows = source.rowsIn(shard)
      const ids = Array.from({ length: rows }, (_, i) => `${shard * 16 + i}`)
      await source.writeShard(shard, ids, documents.slice(shard * 16 * D, (shard * 16 + rows) * D), {
        tokens: 0,
        truncated: 0,
        seconds: 0,
      })
    }
    const { store } = await postprocessStore(
      source,
      loaded,
      'document',
      { folder: join(folder, 'target'), identity: 'b' },
      {},
      KINDS,
    )
    expect(await store.readAll()).toEqual(whole)
    await rm(folder, { recursive: true })
  })

  it('has a name of its own', () => {
    expect(slugOfSteps(STEPS)).toBe('center_modality+normalize')
  })
})
