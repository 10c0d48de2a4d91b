// Prints pairs of query and document of a collection, chosen by hash, to be read by a person: does the query describe the document?
// node scripts/sample-pairs.ts COLLECTION [COUNT] [SEED]
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const SHOWN = 600
// Whoever reads may have seen enough (`| head`).
process.stdout.on('error', () => process.exit(0))
const [folder, count = '10', seed = '1'] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: node scripts/sample-pairs.ts COLLECTION [COUNT] [SEED]')

const records = <T>(name: string) =>
  readFileSync(join(folder, name), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T)
const documents = new Map(records<{ _id: string; text: string }>('corpus.jsonl').map(({ _id, text }) => [_id, text]))
const queries = new Map(records<{ _id: string; text: string }>('queries.jsonl').map(({ _id, text }) => [_id, text]))
const pairs = ['train', 'dev', 'test']
  .map((split) => join(folder, 'qrels', `${split}.tsv`))
  .filter((file) => existsSync(file))
  .flatMap((file) => readFileSync(file, 'utf8').split('\n').slice(1))
  .filter(Boolean)
const place = (pair: string) => createHash('sha256').update(`${seed}\0${pair}`).digest('hex')
const chosen = pairs.sort((a, b) => (place(a) < place(b) ? -1 : 1)).slice(0, Number(count))
for (const [i, pair] of chosen.entries()) {
  const [query, document] = pair.split('\t') as [string, string]
  const text = documents.get(document)!.slice(0, SHOWN).replaceAll('\n', '\n    ')
  process.stdout.write(`${i + 1}. ${queries.get(query)}\n   ${document}\n    ${text}\n\n`)
}
