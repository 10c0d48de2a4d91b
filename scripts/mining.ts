/**
 * What margins do to mined negatives: a table of rules × retrievers on NFCorpus' training split, with the share of false negatives.
 *
 * usage: node scripts/mining.ts COLLECTION MODEL [WORKSPACE]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Workspace } from '../src/core/workspace.ts'
import { studyFromInput } from '../src/study/parse.ts'
import { mine } from '../src/train/mine/mine.ts'
import { hasMargin, type MiningRules, miningRules } from '../src/train/mine/rules.ts'
import { openMining } from '../src/train/mine/source.ts'

const [collection, model, place] = process.argv.slice(2)
if (collection === undefined || model === undefined)
  throw new Error('usage: node scripts/mining.ts COLLECTION MODEL [WORKSPACE]')

const DEPTH = 1000
const RULES: readonly (readonly [name: string, rules: Partial<MiningRules>])[] = [
  ['no margin', { relativeMargin: null }],
  ['no margin, drawn from ranks 10–100', { relativeMargin: null, from: 10, to: 100, sample: 'random' }],
  ['95 % of the best', { against: 'best' }],
  ['95 % of the mean', { against: 'mean' }],
  ['95 % of the worst', { against: 'worst' }],
]

const folder = await mkdtemp(join(tmpdir(), 'fieldtrial-mining-'))
const workspace = await Workspace.open(place ?? join(folder, 'workspace'))
try {
  const on = await openMining({ source: resolve(collection), training: null }, workspace, {})
  console.log(
    '| retriever | rules | queries | negatives | false negatives | 95 % interval | hidden positives let through |',
  )
  console.log('|---|---|---:|---:|---:|---|---:|')
  for (const [name, retriever] of [
    ['BM25', { baselines: ['bm25'] }],
    ['MiniLM', { models: [resolve(model)] }],
  ] as const)
    for (const [label, given] of RULES) {
      const rules = miningRules(given)
      const study = studyFromInput({ collections: ['./-'], ...retriever } as never, {
        folder: process.cwd(),
        defaultName: 'mining',
      })
      const options = {
        rules,
        depth: hasMargin(rules) ? DEPTH : rules.to,
        study,
        runFiles: [],
        filter: null,
        shortlist: 1,
        estimate: true,
      }
      const output = join(folder, 'mined.jsonl')
      const { card } = await mine(on, options, output, workspace)
      const { counts, falseNegatives: found } = card
      const percent = (share: number) => `${(100 * share).toFixed(1)} %`
      console.log(
        `| ${name} | ${label} | ${counts.written} of ${counts.queries} | ${counts.negatives} | ${percent(found!.rate)} | ${found!.interval.map(percent).join(' to ')} | ${percent(found!.passed!)} |`,
      )
    }
} finally {
  await rm(folder, { recursive: true, force: true })
}
