import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeTransformers, runPython } from '../../../test/support/python.ts'
import { VectorStore } from '../../index/dense/index.ts'
import { product } from '../../index/postprocess/algebra/product.ts'
import type { Side } from '../../recipes/types.ts'
import {
  type FittedSpace,
  fitSpace,
  fusedDimension,
  fuseStores,
  loadSpace,
  type MemberSpace,
  type SpaceOptions,
  saveSpace,
  spaceOptions,
} from './index.ts'
import { inverseFactor } from './inverse-factor.ts'
import { unitRows } from './members.ts'
import { orthonormalRows } from './polar.ts'
import { rowSample } from './sample.ts'

const ROWS = 500
const QUERIES = 20
const SIZES = [12, 8, 10]

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-space-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Normal numbers, always the same for a seed. */
function normal(seed: number): () => number {
  let state = seed
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
}

/** Views of the same hidden points through different matrices, with noise of their own: spaces that agree in part. */
function views(rows: number, seed: number): Float32Array[] {
  const next = normal(seed)
  const hidden = Array.from({ length: rows }, () => Array.from({ length: 6 }, (_, k) => next() * 0.8 ** k))
  return SIZES.map((size, member) => {
    const mixing = normal(1000 + member)
    const matrix = Array.from({ length: 6 }, () => Array.from({ length: size }, mixing))
    const offset = Array.from({ length: size }, () => 0.5 * mixing())
    return unitRows(
      Float32Array.from({ length: rows * size }, (_, at) => {
        const [row, column] = [Math.floor(at / size), at % size]
        return hidden[row]!.reduce((sum, x, k) => sum + x * matrix[k]![column]!, offset[column]!) + 0.3 * next()
      }),
      size,
    )
  })
}

const VECTORS: Record<Side, Float32Array[]> = { document: views(ROWS, 1), query: views(QUERIES, 2) }

async function storeOf(name: string, vectors: Float32Array, dimension: number, prefix = 'd'): Promise<VectorStore> {
  const rows = vectors.length / dimension
  const store = await VectorStore.create(join(folder, name), { identity: { name }, dimension, dtype: 'float32', rows })
  for (let shard = 0; shard < store.shards; shard++) {
    const from = shard * store.meta.shardRows
    const size = store.rowsIn(shard)
    const ids = Array.from({ length: size }, (_, i) => `${prefix}${from + i}`)
    const part = vectors.slice(from * dimension, (from + size) * dimension)
    await store.writeShard(shard, ids, part, { tokens: 0, truncated: 0, seconds: 0 })
  }
  return store
}

async function members(side: Side, count = SIZES.length): Promise<MemberSpace[]> {
  return Promise.all(
    SIZES.slice(0, count).map(async (size, i) => ({
      name: `m${i}`,
      similarity: 'cosine' as const,
      store: await storeOf(`${side}-${i}`, VECTORS[side][i]!, size),
    })),
  )
}

let made = 0
/** Inner products of all fused documents with all fused queries, and the fit. */
async function similarities(options: SpaceOptions, count = options.weights.length) {
  const fitted = await fitSpace(await members('document', count), options)
  const fused = async (side: Side) => {
    const target = { folder: join(folder, `fused-${made++}`), identity: { made }, dtype: 'float32' as const }
    const { store, zeros } = await fuseStores(await members(side, count), fitted, side, target)
    expect(zeros).toBe(0)
    expect(store.complete).toBe(true)
    return { data: await store.readAll(), rows: store.meta.rows, columns: store.meta.dimension }
  }
  const [documents, queries] = [await fused('document'), await fused('query')]
  return { fitted, documents, values: (await product(documents, queries, 'second')).data }
}

function expectClose(values: Float32Array, want: readonly (readonly number[])[], error: number): void {
  const flat = want.flat()
  expect(values.length).toBe(flat.length)
  const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - flat[i]!)), 0)
  expect(worst).toBeLessThan(error)
}

describeTransformers('space fusion equals numpy and scikit-learn', () => {
  const weights = [0.5, 0.3, 0.2]
  let golden: Record<'concat' | 'pca' | 'procrustes2' | 'procrustes3' | 'cca', number[][]> & { correlations: number[] }
  beforeAll(async () => {
    const rows = (side: Side) =>
      VECTORS[side].map((vectors, i) =>
        Array.from({ length: vectors.length / SIZES[i]! }, (_, row) => [
          ...vectors.subarray(row * SIZES[i]!, (row + 1) * SIZES[i]!),
        ]),
      )
    const file = join(folder, 'given.json')
    await writeFile(
      file,
      JSON.stringify({ documents: rows('document'), queries: rows('query'), weights, dimensions: 5 }),
    )
    golden = JSON.parse(runPython('space_fusion.py', [file]))
  })

  it('concatenated: the weighted sum of cosines', async () => {
    const { values, fitted } = await similarities(spaceOptions({ method: 'concat', weights }, 3))
    expect(fitted.dimension).toBe(30)
    expectClose(values, golden.concat, 1e-6)
  })

  it('concatenated and cut by principal components', async () => {
    const { values, fitted } = await similarities(spaceOptions({ method: 'concat', weights, dimensions: 5 }, 3))
    expect(fitted.dimension).toBe(5)
    expectClose(values, golden.pca, 1e-5)
  })

  it('averaged after Procrustes alignment, of two and of three', async () => {
    const two = await similarities(spaceOptions({ method: 'procrustes', weights: [0.4, 0.6] }, 2))
    expect(two.fitted.dimension).toBe(12)
    expectClose(two.values, golden.procrustes2, 1e-5)
    const three = await similarities(spaceOptions({ method: 'procrustes', weights }, 3))
    // Both go on until nothing changes, by float32 here.
    expectClose(three.values, golden.procrustes3, 1e-3)
  })

  it('by canonical correlation analysis', async () => {
    const options = spaceOptions({ method: 'cca', weights: [0.4, 0.6], dimensions: 5, shrinkage: 0.05 }, 2)
    const { values, fitted } = await similarities(options)
    expectClose(values, golden.cca, 1e-5)
    const [first, last] = [golden.correlations[0]!, golden.correlations.at(-1)!].map((x) => Number(x.toPrecision(3)))
    expect(fitted.notes[0]).toContain(`from ${first} to ${last} over 500 documents`)
  })
})

describe('space fusion', () => {
  it('cuts as Matryoshka: the first numbers of each member by its share, scaled to length 1 again', async () => {
    const options = spaceOptions({ method: 'concat', weights: [0.75, 0.25], dimensions: 5, cut: 'truncate' }, 2)
    const { documents } = await similarities(options)
    const [a, b] = [documents.data.subarray(0, 3), documents.data.subarray(3, 5)]
    expect(Math.hypot(...a)).toBeCloseTo(Math.sqrt(0.75), 6)
    expect(Math.hypot(...b)).toBeCloseTo(0.5, 6)
    const first = VECTORS.document[0]!
    expect(a[1]! / a[0]!).toBeCloseTo(first[1]! / first[0]!, 5)
  })

  it('of more than two by cca finds what all have in common', async () => {
    const { values, documents } = await similarities(spaceOptions({ method: 'cca', dimensions: 4 }, 3))
    expect(documents.columns).toBe(4)
    expect(values.every(Number.isFinite)).toBe(true)
    for (let row = 0; row < ROWS; row += 97)
      expect(Math.hypot(...documents.data.subarray(row * 4, row * 4 + 4))).toBeCloseTo(1, 5)
  })

  it('by cca of two does not depend on which comes first', async () => {
    const [a, b] = await members('document', 2)
    const [qa, qb] = await members('query', 2)
    const similaritiesOf = async (documents: MemberSpace[], queries: MemberSpace[], weights: number[]) => {
      const fitted = await fitSpace(documents, spaceOptions({ method: 'cca', weights }, 2))
      const fused = async (side: Side, spaces: MemberSpace[]) => {
        const target = { folder: join(folder, `either-${made++}`), identity: { made }, dtype: 'float32' as const }
        const { store } = await fuseStores(spaces, fitted, side, target)
        return { data: await store.readAll(), rows: store.meta.rows, columns: store.meta.dimension }
      }
      return (await product(await fused('document', documents), await fused('query', queries), 'second')).data
    }
    const one = await similaritiesOf([a!, b!], [qa!, qb!], [0.3, 0.7])
    const other = await similaritiesOf([b!, a!], [qb!, qa!], [0.7, 0.3])
    for (const [i, value] of one.entries()) expect(Math.abs(value - other[i]!)).toBeLessThan(1e-5)
  })

  it('is fitted on a sample of many documents, the same one every time, and says so', async () => {
    const options = spaceOptions({ method: 'concat', dimensions: 5, fitDocuments: 200 }, 2)
    const [one, again] = [
      await fitSpace(await members('document', 2), options),
      await fitSpace(await members('document', 2), options),
    ]
    expect(one).toEqual(again)
    expect(one.notes).toEqual([
      expect.stringMatching(/^5 of 20 dimensions hold .* of the variance of 200 documents\.$/),
      'Fitted on 200 of 500 documents, drawn with seed 42.',
    ])
    const whole = await fitSpace(await members('document', 2), { ...options, fitDocuments: 500 })
    expect(whole.notes).toHaveLength(1)
    const matrix = (space: FittedSpace) => (space.members[0] as { matrix: Float32Array }).matrix
    expect(matrix(one)).not.toEqual(matrix(whole))
    // The first principal axis is much the same: the sample is of all documents, not of the first ones.
    const axis = (space: FittedSpace) => Array.from({ length: 12 }, (_, r) => matrix(space)[r * 5]!)
    const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0)
    const cosine = dot(axis(one), axis(whole)) / Math.sqrt(dot(axis(one), axis(one)) * dot(axis(whole), axis(whole)))
    expect(cosine).toBeGreaterThan(0.95)
  })

  it('by Procrustes changes no similarity within a member', async () => {
    const fitted = await fitSpace(
      await members('document', 2),
      spaceOptions({ method: 'procrustes', weights: [0, 1] }, 2),
    )
    const { values } = await similarities(spaceOptions({ method: 'procrustes', weights: [0, 1] }, 2))
    const own = (side: Side, rows: number) => ({ data: VECTORS[side][1]!, rows, columns: SIZES[1]! })
    const { data } = await product(own('document', ROWS), own('query', QUERIES), 'second')
    expect(fitted.dimension).toBe(12)
    for (const [i, value] of values.entries()) expect(Math.abs(value - data[i]!)).toBeLessThan(1e-5)
  })

  it('is loaded as it was saved', async () => {
    const one = await fitSpace(await members('document'), spaceOptions({ method: 'cca', dimensions: 4 }, 3))
    const path = join(folder, 'fitted.safetensors')
    await saveSpace(one, path)
    expect(await loadSpace(path)).toEqual(one)
  })

  it('divides vectors that are compared by dot product by their usual length, so that no order changes', async () => {
    const long = VECTORS.document[0]!.map((x, i) => x * (5 + (Math.floor(i / 12) % 3)))
    const dot: MemberSpace = { name: 'dot', similarity: 'dot', store: await storeOf('dot', long, 12) }
    const [, other] = await members('document', 2)
    const fitted = await fitSpace([dot, other!], spaceOptions({ method: 'concat' }, 2))
    const map = fitted.members[0]!
    const squares = long.reduce((sum, x) => sum + x * x, 0) / ROWS
    expect(map.divisor).toBeCloseTo(Math.sqrt(squares), 4)
  })

  it('resumes shard by shard, and refuses vectors of other texts or sizes', async () => {
    const fitted: FittedSpace = await fitSpace(await members('document', 2), spaceOptions({ method: 'concat' }, 2))
    const target = { folder: join(folder, 'resumed'), identity: { resumed: 1 }, dtype: 'float32' as const }
    const whole = await fuseStores(await members('document', 2), fitted, 'document', target)
    const before = await whole.store.readAll()
    expect(whole.store.shards).toBeGreaterThan(1)
    await rm(whole.store.shardPath(1))
    const again = await fuseStores(await members('document', 2), fitted, 'document', target)
    expect(await again.store.readAll()).toEqual(before)

    const [first, second] = await members('document', 2)
    const foreign = { ...second!, name: 'foreign', store: await storeOf('foreign', VECTORS.document[1]!, 8, 'x') }
    await expect(fitSpace([first!, foreign], spaceOptions({ method: 'procrustes' }, 2))).rejects.toThrow(
      'm0 and foreign hold vectors of different texts: d0 and x0 in one row.',
    )
    const fewer = { ...second!, name: 'fewer', store: await storeOf('fewer', VECTORS.query[1]!, 8) }
    await expect(fitSpace([first!, fewer], spaceOptions({ method: 'procrustes' }, 2))).rejects.toThrow(
      '500 and 20 texts',
    )
    await expect(
      fuseStores([second!, first!], fitted, 'document', { ...target, folder: join(folder, 'swapped') }),
    ).rejects.toThrow('have 8 dimensions; the fusion was fitted on 12')
  })

  it('refuses sizes that cannot be', () => {
    const dimension = (options: Parameters<typeof spaceOptions>[0], sizes: number[]) =>
      fusedDimension(spaceOptions(options, sizes.length), sizes)
    expect(dimension({ method: 'concat' }, [384, 768])).toBe(1152)
    expect(dimension({ method: 'procrustes' }, [384, 768])).toBe(768)
    expect(dimension({ method: 'cca' }, [384, 768])).toBe(384)
    expect(() => dimension({ method: 'cca', dimensions: 385 }, [384, 768])).toThrow('384')
    expect(dimension({ method: 'cca' }, [8192, 3584])).toBe(3584)
    expect(() => dimension({ method: 'cca' }, [8192, 5120])).toThrow('5120 × 5120')
    expect(() => dimension({ method: 'cca' }, [1536, 1536, 1536])).toThrow('4608 × 4608')
    expect(() => dimension({ method: 'concat', dimensions: 1024 }, [3584, 3584])).toThrow('448 is the most')
    expect(dimension({ method: 'concat', dimensions: 448 }, [3584, 3584])).toBe(448)
    expect(dimension({ method: 'concat', dimensions: 1024, cut: 'truncate' }, [3584, 3584])).toBe(1024)
    expect(() => spaceOptions({ method: 'concat', weights: [1, -1] }, 2)).toThrow('from 0 on')
    expect(() => spaceOptions({ method: 'procrustes', cut: 'pca' }, 2)).toThrow('`cut`')
    expect(() => spaceOptions({ method: 'cca', fitDocuments: 1 }, 2)).toThrow('fitted on 1 documents')
  })
})

describe('a sample of rows', () => {
  it('has as many as asked, the same for the same seed, and favours none', () => {
    const drawn = (seed: number) => {
      const takes = rowSample(300, 90, seed)
      return Array.from({ length: 300 }, () => takes())
    }
    expect(drawn(1).filter(Boolean)).toHaveLength(90)
    expect(drawn(1)).toEqual(drawn(1))
    expect(drawn(1)).not.toEqual(drawn(2))
    const counts = new Array<number>(300).fill(0)
    for (let seed = 0; seed < 1000; seed++)
      for (const [row, taken] of drawn(seed * 7919).entries()) if (taken) counts[row]!++
    // 300 expected of each, with a standard deviation of 14.5.
    expect(Math.min(...counts)).toBeGreaterThan(230)
    expect(Math.max(...counts)).toBeLessThan(370)
    const all = rowSample(4, 9)
    expect([all(), all(), all(), all()]).toEqual([true, true, true, true])
  })
})

describe('the inverse of a Cholesky factor', () => {
  it('makes vectors white, large ones in halves too, and is none where a direction has no variance', async () => {
    for (const size of [3, 48, 130]) {
      const next = normal(size)
      const x = { data: Float64Array.from({ length: (size + 5) * size }, next), rows: size + 5, columns: size }
      const covariance = await product(x, x, 'first')
      const factor = (await inverseFactor(covariance))!
      const white = await product(await product(factor, covariance), factor, 'second')
      const worst = white.data.reduce(
        (most, value, at) => Math.max(most, Math.abs(value - (at % (size + 1) === 0 ? 1 : 0))),
        0,
      )
      expect(worst).toBeLessThan(1e-8)
      for (let r = 0; r < size; r++) for (let c = r + 1; c < size; c++) expect(factor.data[r * size + c]).toBe(0)
      const few = { ...x, data: x.data.slice(0, (size - 1) * size), rows: size - 1 }
      expect(await inverseFactor(await product(few, few, 'first'))).toBeNull()
    }
  })
})

describe('the matrix with orthonormal rows nearest to another', () => {
  it('is the matrix itself where it has them, and settles where directions are missing', async () => {
    const data = Float64Array.from([0, 1, 0, 0, 0, 1])
    const turned = await orthonormalRows({ data, rows: 2, columns: 3 })
    for (const [i, x] of turned.data.entries()) expect(x).toBeCloseTo(data[i]!, 8)
    // Rank 1: the second row is free, and is orthogonal to the first all the same.
    const flat = await orthonormalRows({ data: Float64Array.from([1, 1, 1, 1, 1, 1]), rows: 2, columns: 3 })
    const gram = await product(flat, flat, 'second')
    for (const [i, x] of gram.data.entries()) expect(x).toBeCloseTo(i === 0 || i === 3 ? 1 : 0, 8)
  })
})
