import { existsSync } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { benchCollection } from './collections.ts'

const SENTENCES = 5
/** Documents that repeat an earlier one, and that repeat one but for a few words, one in so many. */
const COPY_EVERY = 100
const NEAR_EVERY = 100

/** A small generator of random numbers with a seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** How many copies and near copies were put in. */
export interface Planted {
  readonly copies: number
  readonly near: number
}

/**
 * Writes a collection in BEIR layout of as many documents as wished: sentences of six real collections drawn with a seed, five to a
 * document; one document in a hundred repeats an earlier one, one in a hundred repeats one but for its last words. The queries are 500
 * real ones; each is judged for one document.
 */
export async function recombine(folder: string, documents: number, seed = 1): Promise<Planted> {
  const source = benchCollection('large')
  if (!source.ok) throw new Error(source.reason)
  const sentences = source.value.documents
    .flatMap(({ contents }) => contents.split(/(?<=[.!?;}])\s+/))
    .filter((s) => s.length > 20)
  const queries = source.value.queries.slice(0, 500)
  const next = random(seed)
  const draw = () => sentences[Math.floor(next() * sentences.length)]!
  await mkdir(join(folder, 'qrels'), { recursive: true })
  const file = await open(join(folder, 'corpus.jsonl'), 'w')
  const recent: string[] = []
  let planted = { copies: 0, near: 0 }
  let piece = ''
  for (let i = 0; i < documents; i++) {
    let text = Array.from({ length: SENTENCES }, draw).join(' ')
    if (i % COPY_EVERY === COPY_EVERY - 1) {
      text = recent[Math.floor(next() * recent.length)]!
      planted = { ...planted, copies: planted.copies + 1 }
    } else if (i % NEAR_EVERY === NEAR_EVERY - 2) {
      text = `${recent[Math.floor(next() * recent.length)]!} added ${i}`
      planted = { ...planted, near: planted.near + 1 }
    } else if (recent.length < 1000) recent.push(text)
    else recent[i % 1000] = text
    piece += `${JSON.stringify({ _id: `d${i}`, title: '', text })}\n`
    if (piece.length > 1 << 20) {
      await file.write(piece)
      piece = ''
    }
  }
  await file.write(piece)
  await file.close()
  const lines = (records: readonly string[]) => records.map((record) => `${record}\n`).join('')
  const write = async (name: string, text: string) => {
    const out = await open(join(folder, name), 'w')
    await out.write(text)
    await out.close()
  }
  await write('queries.jsonl', lines(queries.map(({ id, text }) => JSON.stringify({ _id: id, text }))))
  await write(
    'qrels/test.tsv',
    lines([
      'query-id\tcorpus-id\tscore',
      ...queries.map(({ id }, i) => `${id}\td${Math.floor((i * documents) / queries.length)}\t1`),
    ]),
  )
  return planted
}

/** Whether the texts that `recombine` draws from are there. */
export function canRecombine(): boolean {
  return existsSync(new URL('../../../shared/data/scifact', import.meta.url))
}
