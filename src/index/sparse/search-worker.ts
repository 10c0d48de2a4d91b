import { parentPort } from 'node:worker_threads'
import { FieldtrialError } from '../../core/errors.ts'
import { VectorStore } from '../dense/store.ts'
import { Best } from './best.ts'
import type { Found, SparseReply, SparseTask } from './messages.ts'
import { QueryTerms } from './postings.ts'
import { scoreShard } from './score.ts'

const port = parentPort!
const reply = (message: SparseReply) => port.postMessage(message)

/** Milliseconds between two messages about progress. */
const TELL_EVERY = 100

async function search({ folder, queries, k, claims, stop }: SparseTask): Promise<void> {
  const store = await VectorStore.open(folder)
  const { offsets, weights } = queries
  const terms = new QueryTerms(queries)
  const best = Array.from({ length: offsets.length - 1 }, () => new Best(k))
  const sums = new Float64Array(store.meta.shardRows)
  let told = performance.now()
  let documents = 0
  for (;;) {
    const shard = Atomics.add(claims, 0, 1)
    if (shard >= store.shards) break
    const postings = terms.postings(await store.readSparse(shard))
    const ids = await store.idsOf(shard)
    const firstRow = shard * store.meta.shardRows
    for (const [query, found] of best.entries()) {
      if (Atomics.load(stop, 0) !== 0) return reply({ kind: 'stopped' })
      const [from, end] = [offsets[query]!, offsets[query + 1]!]
      scoreShard(terms.numbers.subarray(from, end), weights.subarray(from, end), postings, sums, firstRow, ids, found)
    }
    documents += postings.rows
    if (performance.now() - told < TELL_EVERY) continue
    told = performance.now()
    reply({ kind: 'progress', documents })
    documents = 0
  }
  reply({ kind: 'done', found: gather(best) })
}

function gather(best: readonly Best[]): Found {
  const lists = best.map((one) => one.finish())
  const offsets = new Uint32Array(lists.length + 1)
  for (const [i, { rows }] of lists.entries()) offsets[i + 1] = offsets[i]! + rows.length
  const rows = new Uint32Array(offsets[lists.length]!)
  const scores = new Float64Array(rows.length)
  const ids = new Map<number, string>()
  for (const [i, list] of lists.entries()) {
    rows.set(list.rows, offsets[i])
    scores.set(list.scores, offsets[i])
    for (const [at, id] of list.ids.entries()) ids.set(list.rows[at]!, id)
  }
  return { offsets, rows, scores, ids }
}

port.on('message', (task: SparseTask | null) => {
  if (task === null) return port.close()
  search(task).catch((error: unknown) => {
    const known = error instanceof FieldtrialError
    reply({
      kind: 'failed',
      code: known ? error.code : 'INTERNAL',
      message: known ? error.message : String((error as Error)?.stack ?? error),
      hint: known ? error.hint : undefined,
      where: known ? error.where : undefined,
    })
  })
})
