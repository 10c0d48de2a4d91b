/**
 * BM25 beside bm25s (numba) and Pyserini: indexing and searching the same texts on one thread, SciFact and six collections
 * in one. Also how far the rankings agree.
 *
 * node bench/bm25.ts [--size small|large] [--json FILE]
 */
import { Bm25Index } from '../src/index/bm25/index.ts'
import { type BenchCollection, benchCollection } from './lib/collections.ts'
import { openPeer, type Peer } from './lib/python.ts'
import { type BenchRow, benchRow, flagValue, reportBench, type Skip } from './lib/report.ts'
import { interleave, type Timings } from './lib/timing.ts'

const K = 100
const DEPTH_COMPARED = 10
const rows: BenchRow[] = []
const skips: Skip[] = []
const notes: string[] = [
  'a search begins with the text of the query and ends with ids and scores, on all sides; where bm25s has its queries tokenized before, only we still do that work',
  'large: queries are those of SciFact, NFCorpus, the TREC DL pool, CosQA and Cranfield; the 1,000 queries of the code-to-code collection, whole Java methods, are left out, and bm25s’ pre-tokenized queries without a known term too (it fails on them)',
  'the target against bm25s stands at the row where both sides begin with the query’s text; against queries tokenized before, which spares only bm25s that work, fieldtrial is slightly slower on 5,183 documents',
  'the row against Pyserini at 57,771 documents varies: 17.9×, 19.6×, 19.9×, 38.9× and 70× were seen over several runs of this bench, so it is not shown to hold; why it varies was not found out, Pyserini’s own figure moves most',
]

for (const size of ['small', 'large'] as const) {
  if (flagValue('--size') !== undefined && flagValue('--size') !== size) continue
  const collection = benchCollection(size)
  if (collection.ok) await benchOne(collection.value)
  else skips.push({ name: size, reason: collection.reason })
}
await reportBench(rows, {
  title: 'BM25, one thread',
  skips,
  notes,
  packages: ['bm25s', 'numba', 'PyStemmer', 'pyserini'],
})

async function benchOne({ name, documents, queries, corpusFile, queriesFile }: BenchCollection): Promise<void> {
  const peers: Partial<Record<'bm25s' | 'pyserini', Peer>> = {}
  for (const peer of ['bm25s', 'pyserini'] as const) {
    const opened = await openPeer(`bm25_${peer}.py`, [corpusFile, queriesFile], { threads: 1 })
    if (opened.ok) peers[peer] = opened.peer
    else skips.push({ name: `${peer}, ${name}`, reason: opened.reason })
  }
  const { bm25s, pyserini } = peers
  try {
    const texts = documents.map(({ id, contents }) => ({ id, title: '', text: contents }))
    let index = await Bm25Index.build([])
    const indexOurs = async (): Promise<void> => {
      index = await Bm25Index.build(texts)
      // bm25s works out all impacts while it indexes; so does this.
      index.prepare()
    }
    const build: Partial<Record<'ours' | 'bm25s', Timings>> & { ours: Timings } = bm25s
      ? await interleave({ ours: indexOurs, bm25s: () => bm25s.ask<number>('index') })
      : await interleave({ ours: indexOurs })
    const pyseriniBuild = await pyserini?.ask<number>('index')

    // A turn long enough for caches and clock: some 3,000 queries.
    const passes = Math.ceil(3000 / queries.length)
    const search = async (): Promise<void> => {
      for (let pass = 0; pass < passes; pass++) await index.searchAll(queries, K)
    }
    const times: Partial<Record<'ours' | 'bm25s' | 'bm25sText', Timings>> & { ours: Timings } = bm25s
      ? await interleave(
          {
            ours: search,
            bm25s: () => bm25s.ask<number>('search', { k: K, passes }),
            bm25sText: () => bm25s.ask<number>('search_text', { k: K, passes }),
          },
          { rounds: 15, warmup: 2 },
        )
      : await interleave({ ours: search }, { rounds: 15, warmup: 2 })
    const beside = pyserini
      ? await interleave(
          {
            ours: search,
            pyserini: () => pyserini.ask<number>('search', { k: K }),
            batch: () => pyserini.ask<number>('search_batch', { k: K }),
          },
          { rounds: 5 },
        )
      : undefined

    const d = documents.length
    const q = queries.length
    const many = q * passes
    const count = (n: number): string => n.toLocaleString('en-US')
    const row = (
      what: string,
      n: number,
      unit: string,
      ours: number,
      peer: number | undefined,
      peerName: string,
      ratio?: number,
    ): void => {
      if (peer !== undefined)
        rows.push(
          benchRow({
            name: what,
            unit,
            better: 'higher',
            ours: n / ours,
            peer: n / peer,
            peerName,
            target: ratio === undefined ? null : { ratio },
          }),
        )
    }
    const indexing = `index ${count(d)} documents`
    row(indexing, d, 'documents/s', build.ours.median, build.bm25s?.median, 'bm25s, tokenizer and PyStemmer', 1.5)
    row(indexing, d, 'documents/s', build.ours.median, pyseriniBuild, 'Pyserini, with the start of Java')
    const searching = `search ${count(d)} documents, k=${K}`
    row(searching, many, 'queries/s', times.ours.median, times.bm25sText?.median, 'bm25s numba', 1)
    row(searching, many, 'queries/s', times.ours.median, times.bm25s?.median, 'bm25s numba, queries tokenized before')
    if (beside) {
      const ours = beside.ours.median / passes
      row(searching, q, 'queries/s', ours, beside.pyserini.median, 'Pyserini', 20)
      row(searching, q, 'queries/s', ours, beside.batch.median, 'Pyserini, batch call of one thread')
    }
    if (!bm25s) {
      rows.push(benchRow({ name: indexing, unit: 'documents/s', better: 'higher', ours: d / build.ours.median }))
      rows.push(benchRow({ name: searching, unit: 'queries/s', better: 'higher', ours: many / times.ours.median }))
    }
    const run = await index.searchAll(queries, DEPTH_COMPARED)
    const ours = queries.map(({ id }) => run.get(id)!.ids)
    if (bm25s) {
      const top = await bm25s.ask<number[][]>('top', { k: DEPTH_COMPARED })
      notes.push(
        `${name}: ${percent(
          ours,
          top.map((list) => list.map((i) => documents[i]!.id)),
        )} of the first ${DEPTH_COMPARED} documents are bm25s' (its words and stems are others)`,
      )
    }
    if (pyserini) {
      const top = await pyserini.ask<[string, number][][]>('top', { k: DEPTH_COMPARED })
      notes.push(
        `${name}: ${percent(
          ours,
          top.map((list) => list.map(([id]) => id)),
        )} are Pyserini's`,
      )
    }
  } finally {
    for (const peer of Object.values(peers)) await peer.close()
  }
}

/** Share of our documents that the peer has too. */
function percent(ours: readonly (readonly string[])[], theirs: readonly (readonly string[])[]): string {
  let all = 0
  let both = 0
  for (const [i, ids] of ours.entries()) {
    const other = new Set(theirs[i])
    all += ids.length
    both += ids.filter((id) => other.has(id)).length
  }
  return `${((100 * both) / all).toFixed(1)} %`
}
