import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface TinyCollection {
  readonly documents: readonly (object | string)[]
  readonly queries: readonly (object | string)[]
  /** Lines of the qrels file below the header, tab-separated. */
  readonly qrels: readonly string[]
  readonly split?: string
}

/** Twelve documents on three subjects, three queries. Small enough to reason about, large enough to rank. */
export const TINY: TinyCollection = {
  documents: [
    { _id: 'd1', title: 'Volcanoes', text: 'A volcano erupts when molten rock rises through the crust.' },
    { _id: 'd2', title: 'Lava', text: 'Lava is molten rock that has reached the surface.' },
    { _id: 'd3', title: 'Ash clouds', text: 'Ash from an eruption can stop air traffic for days.' },
    { _id: 'd4', title: 'Geysers', text: 'Hot water and steam burst out of the ground.' },
    { _id: 'd5', title: 'Sourdough', text: 'Wild yeast and bacteria make the dough rise slowly.' },
    { _id: 'd6', title: 'Baker’s yeast', text: 'Yeast turns sugar into gas, and the bread rises.' },
    { _id: 'd7', title: 'Ovens', text: 'A hot stone keeps its heat and gives the loaf a crust.' },
    { _id: 'd8', title: 'Butter', text: 'Churning cream separates the fat from the milk.' },
    { _id: 'd9', title: 'Orbits', text: 'A planet moves around its star on an ellipse.' },
    { _id: 'd10', title: 'Comets', text: 'Ice and dust form a tail when a comet nears the sun.' },
    { _id: 'd11', title: 'Telescopes', text: 'A mirror gathers the faint light of distant galaxies.' },
    { _id: 'd12', title: 'Eclipses', text: 'The moon passes in front of the sun and the day turns dark.' },
  ],
  queries: [
    { _id: 'q1', text: 'why does molten rock come out of a volcano' },
    { _id: 'q2', text: 'what makes bread dough rise' },
    { _id: 'q3', text: 'tail of a comet near the sun' },
  ],
  qrels: ['q1\td1\t2', 'q1\td2\t1', 'q2\td5\t1', 'q2\td6\t2', 'q3\td10\t1'],
}

/** Writes a collection in BEIR layout. Strings are written as they are, so that lines can be broken. */
export async function writeCollection(folder: string, collection: TinyCollection): Promise<string> {
  const jsonl = (items: readonly (object | string)[]) =>
    items.map((item) => `${typeof item === 'string' ? item : JSON.stringify(item)}\n`).join('')
  await mkdir(join(folder, 'qrels'), { recursive: true })
  await writeFile(join(folder, 'corpus.jsonl'), jsonl(collection.documents))
  await writeFile(join(folder, 'queries.jsonl'), jsonl(collection.queries))
  await writeFile(
    join(folder, 'qrels', `${collection.split ?? 'test'}.tsv`),
    ['query-id\tcorpus-id\tscore', ...collection.qrels, ''].join('\n'),
  )
  return folder
}

/** The first judged queries of a BEIR folder with their relevant documents, and other documents up to a number. */
export async function writeSlice(
  from: string,
  to: string,
  size: { readonly queries: number; readonly documents: number },
): Promise<void> {
  const lines = async (file: string) => (await readFile(join(from, file), 'utf8')).trimEnd().split('\n')
  const qrels = (await lines('qrels/test.tsv')).slice(1).map((line) => line.trim().split('\t'))
  const queries = (await lines('queries.jsonl')).map((line) => JSON.parse(line) as { _id: string; text: string })
  const judged = new Set(qrels.map(([query]) => query))
  const kept = queries.filter((query) => judged.has(query._id)).slice(0, size.queries)
  const rows = qrels.filter(([query]) => kept.some(({ _id }) => _id === query))
  const wanted = new Set(rows.map(([, document]) => document))
  const documents = (await lines('corpus.jsonl')).map((line) => JSON.parse(line) as { _id: string })
  const relevant = documents.filter(({ _id }) => wanted.has(_id))
  const others = documents.filter(({ _id }) => !wanted.has(_id)).slice(0, size.documents - relevant.length)
  await writeCollection(to, {
    documents: [...relevant, ...others],
    queries: kept,
    qrels: rows.map((row) => row.join('\t')),
  })
}
