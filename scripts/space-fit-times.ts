import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fitSpace, type MemberSpace, type SpaceOptions, spaceOptions } from '../src/fusion/index.ts'
import { VectorStore } from '../src/index/dense/index.ts'
import { fitPostprocess } from '../src/index/postprocess/index.ts'

/*
 * How long it takes to fit fused spaces, and post-processing, on made-up vectors.
 *
 * usage: node scripts/space-fit-times.ts [DOCUMENTS] [SIZE,SIZE,…]   (default: 20000 384,896)
 */

const [documents = '20000', given = '384,896'] = process.argv.slice(2)
const rows = Number(documents)
const sizes = given.split(',').map(Number)

/** Numbers between -1 and 1 without pattern, always the same. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  }
}

/** Directions that all members see, each in a way of its own, and noise: spaces that agree in part. */
const HIDDEN = 64

async function storeOf(folder: string, dimension: number, member: number): Promise<VectorStore> {
  const store = await VectorStore.create(folder, { identity: { dimension }, dimension, dtype: 'float32', rows })
  const mixing = numbers(100 + member)
  const matrix = Float64Array.from({ length: HIDDEN * dimension }, mixing)
  const shared = numbers(1)
  for (let shard = 0, row = 0; shard < store.shards; shard++) {
    const size = store.rowsIn(shard)
    const vectors = new Float32Array(size * dimension)
    for (let r = 0; r < size; r++) {
      for (let k = 0; k < HIDDEN; k++) {
        const x = shared() * 0.95 ** k
        for (let i = 0; i < dimension; i++) vectors[r * dimension + i]! += x * matrix[k * dimension + i]!
      }
      for (let i = 0; i < dimension; i++) vectors[r * dimension + i]! += 0.3 * mixing()
    }
    const ids = Array.from({ length: size }, () => `d${row++}`)
    await store.writeShard(shard, ids, vectors, { tokens: 0, truncated: 0, seconds: 0 })
  }
  return store
}

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const started = performance.now()
  await work()
  console.log(`${what}: ${((performance.now() - started) / 1000).toFixed(1)} s`)
}

const folder = await mkdtemp(join(tmpdir(), 'fieldtrial-space-fit-'))
try {
  const members: MemberSpace[] = []
  for (const [i, size] of sizes.entries())
    members.push({ name: `m${i}`, similarity: 'cosine', store: await storeOf(join(folder, `${i}`), size, i) })
  console.log(`${rows} documents, ${sizes.join(' + ')} dimensions`)
  const timedFit = (given: Partial<SpaceOptions> & Pick<SpaceOptions, 'method'>) =>
    timed(`${given.method}${given.dimensions ? ` to ${given.dimensions}` : ''}`, () =>
      fitSpace(members, spaceOptions(given, members.length)),
    )
  await timedFit({ method: 'concat', dimensions: 256 })
  await timedFit({ method: 'procrustes' })
  await timedFit({ method: 'cca' })
  const largest = members[sizes.indexOf(Math.max(...sizes))]!
  const vectors = await largest.store.readAll()
  const documentsOf = async function* () {
    yield vectors
  }
  const dimension = largest.store.meta.dimension
  const options = { documents: documentsOf, dimension, queries: null }
  await timed(`postprocess pca to 256 of ${dimension}`, () =>
    fitPostprocess([{ kind: 'pca', dimensions: 256 }], options),
  )
} finally {
  await rm(folder, { recursive: true })
}
