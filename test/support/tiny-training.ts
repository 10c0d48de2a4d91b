import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TINY, writeCollection } from './collections.ts'

const TRAIN = [
  ['t1', 'how does magma reach the surface', 'd1'],
  ['t2', 'hot liquid stone outside of a mountain', 'd2'],
  ['t3', 'planes stay on the ground after eruptions', 'd3'],
  ['t4', 'steam from the ground', 'd4'],
  ['t5', 'wild yeast for a loaf', 'd5'],
  ['t6', 'gas in dough', 'd6'],
  ['t7', 'stone oven heat', 'd7'],
  ['t8', 'cream to butter', 'd8'],
  ['t9', 'path of a planet', 'd9'],
  ['t10', 'ice with a bright tail', 'd10'],
  ['t11', 'mirror for faint light', 'd11'],
  ['t12', 'moon before the sun', 'd12'],
] as const
const DEV = [
  ['v1', 'hot spring that bursts', 'd4'],
  ['v2', 'day turns dark', 'd12'],
  ['v3', 'faint galaxies', 'd11'],
] as const

/** A training file of a tiny random model, in YAML, with other fields put over it. */
export function training(name: string, changes: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    name,
    model: './models/qwen2',
    recipe: { recipe: 'last-token', maxLength: { query: 16, document: 24 } },
    data: [{ source: './tiny', negatives: 'random' }],
    negatives: 2,
    batch: { queries: 4 },
    optimizer: { lr: 0.01 },
    adapter: { r: 4, dropout: 0 },
    budget: { steps: 8 },
    checkpoints: { every: 2 },
    device: 'cpu',
    ...changes,
  })
}

/** The tiny collection with judgments to train on and to watch. */
export async function writeTinyTraining(folder: string, documents: typeof TINY.documents = TINY.documents) {
  const queries = [...TRAIN, ...DEV].map(([_id, text]) => ({ _id, text }))
  await writeCollection(folder, { ...TINY, documents, queries: [...TINY.queries, ...queries] })
  const qrels = (rows: readonly (readonly [string, string, string])[]) =>
    ['query-id\tcorpus-id\tscore', ...rows.map(([query, , document]) => `${query}\t${document}\t1`), ''].join('\n')
  await writeFile(join(folder, 'qrels', 'train.tsv'), qrels(TRAIN))
  await writeFile(join(folder, 'qrels', 'dev.tsv'), qrels(DEV))
}
