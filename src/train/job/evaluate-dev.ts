import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FieldtrialError } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Run } from '../../data/types.ts'
import { ExactSearcher, VectorStore } from '../../index/dense/index.ts'
import { evaluate, parseMeasure } from '../../measure/index.ts'
import { type DevDetail, devQrels } from '../set/dev-set.ts'

/**
 * The measure of the watched collection on vectors that the worker wrote.
 *
 * @param file float32, little-endian: all queries, then all documents, row after row.
 * @throws FieldtrialError `ENGINE_FAILED` where the file is not as long as it must be, or holds NaN.
 */
export async function evaluateDev(
  file: string,
  detail: DevDetail,
  measureName: string,
  similarity: 'cosine' | 'dot',
  work: LongWork = {},
): Promise<{ readonly value: number; readonly perQuery: ReadonlyMap<string, number> }> {
  const measure = parseMeasure(measureName)
  const rows = detail.queries.length + detail.documents.length
  const scratch = await mkdtemp(join(tmpdir(), 'fieldtrial-dev-'))
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    const dimension = size / (rows * 4)
    if (!Number.isInteger(dimension) || dimension < 1)
      throw new FieldtrialError(
        'ENGINE_FAILED',
        `${file} holds ${size} bytes, which is no vector for each of ${rows} texts.`,
        {
          hint: 'Look for room on the disk, and run the same command again.',
        },
      )
    const read = async (from: number, count: number) => {
      const vectors = new Float32Array(count * dimension)
      const { bytesRead } = await handle.read(vectors, 0, vectors.byteLength, from * dimension * 4)
      if (bytesRead !== vectors.byteLength) throw new FieldtrialError('ENGINE_FAILED', `${file} was cut short.`)
      return vectors
    }
    const queries = await read(0, detail.queries.length)
    const store = await VectorStore.create(scratch, {
      identity: 'dev',
      dimension,
      dtype: 'float32',
      rows: detail.documents.length,
    })
    for (let shard = 0, at = 0; shard < store.shards; shard++) {
      const count = store.rowsIn(shard)
      const vectors = await read(detail.queries.length + at, count)
      const stats = { tokens: null, truncated: null, seconds: 0 }
      await store.writeShard(shard, detail.documents.slice(at, at + count), vectors, stats)
      at += count
    }
    const searcher = await ExactSearcher.open()
    try {
      const k = Math.max(measure.cutoff ?? 1000, 10) + 1
      const { signal } = work
      const rankings = await searcher.search({ store, queries, k, similarity, ...(signal ? { signal } : {}) })
      const run: Run = new Map(detail.queries.map((id, i) => [id, rankings[i]!]))
      const found = evaluate(devQrels(detail), run, [measure], { removeSelf: detail.removeSelf })
      return { value: found.mean.get(measure.name) ?? 0, perQuery: found.perQuery.get(measure.name)! }
    } finally {
      await searcher.close()
    }
  } finally {
    await handle.close()
    await rm(scratch, { recursive: true, force: true })
  }
}
