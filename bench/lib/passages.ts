import { existsSync, readFileSync } from 'node:fs'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { random } from './recombine.ts'

const pool = fileURLToPath(new URL('../../../shared/data/msmarco-trecdl19-20-pool/', import.meta.url))

/** Queries of a written collection: the real ones of TREC DL 2019 and 2020, and as many known-item ones as are wanting. */
const QUERIES = 1000
/** Words of a known-item query, taken out of its passage in a row. */
const WORDS = 6
/** Characters handed to the disk at a time. */
const PIECE = 1 << 20

interface Passage {
  readonly _id: string
  readonly text: string
}

/** Whether the passages that `writePassages` draws from are there. */
export function havePassages(): boolean {
  return existsSync(pool)
}

/**
 * Writes a collection of passages in BEIR layout, of the length and the words of MS MARCO's: the relevant passages of TREC DL 2019 and
 * 2020, spread evenly, and between them recombinations, which hold as many sentences as a real passage drawn with a seed and each of them
 * out of another real one. Queries are the real ones with their judgments, and known-item ones: six words in a row of one passage, spread
 * evenly too.
 *
 * @param documents At least 10,000, so that the relevant passages find room.
 */
export async function writePassages(folder: string, documents: number, seed = 1): Promise<void> {
  const passages = jsonLines<Passage>('corpus.jsonl.gz')
  const queries = jsonLines<{ readonly _id: string; readonly text: string }>('queries.jsonl')
  const judged = readFileSync(`${pool}qrels/test.tsv`, 'utf8').trim().split('\n').slice(1)
  const relevant = new Set(
    judged.flatMap((line) => {
      const [, document, grade] = line.split('\t')
      return Number(grade) > 0 ? [document!] : []
    }),
  )
  const real = passages.filter(({ _id }) => relevant.has(_id))
  const sentences = passages.map(({ text }) => text.split(/(?<=[.!?])\s+/))
  const known = QUERIES - queries.length
  if (documents < real.length + 2 * known) throw new Error(`${documents} passages are too few for the judged ones`)
  const next = random(seed)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)]!
  const recombined = () => Array.from({ length: pick(sentences).length }, () => pick(pick(sentences))).join(' ')

  await mkdir(join(folder, 'qrels'), { recursive: true })
  const asked = queries.map(({ _id, text }) => `${JSON.stringify({ _id, text })}\n`)
  const qrels = [
    'query-id\tcorpus-id\tscore\n',
    ...judged.filter((line) => relevant.has(line.split('\t')[1]!)).map((line) => `${line}\n`),
  ]
  const file = await open(join(folder, 'corpus.jsonl'), 'w')
  let piece = ''
  let reals = 0
  let asks = 0
  for (let i = 0; i < documents; i++) {
    const isReal = reals * documents < i * real.length
    const passage = isReal ? real[reals++]! : { _id: `r${i}`, text: recombined() }
    if (!isReal && asks * documents < i * known) {
      const words = passage.text.split(/\s+/)
      const from = Math.floor(next() * Math.max(1, words.length - WORDS))
      const text = words.slice(from, from + WORDS).join(' ')
      asked.push(`${JSON.stringify({ _id: `k${asks}`, text })}\n`)
      qrels.push(`k${asks++}\t${passage._id}\t1\n`)
    }
    piece += `${JSON.stringify({ _id: passage._id, title: '', text: passage.text })}\n`
    if (piece.length < PIECE) continue
    await file.writeFile(piece)
    piece = ''
  }
  await file.writeFile(piece)
  await file.close()
  await writeFile(join(folder, 'queries.jsonl'), asked.join(''))
  await writeFile(join(folder, 'qrels', 'test.tsv'), qrels.join(''))
}

function jsonLines<T>(name: string): T[] {
  const bytes = readFileSync(`${pool}${name}`)
  return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes)
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T)
}
