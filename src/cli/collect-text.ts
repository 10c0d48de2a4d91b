import type { CollectionCard } from '../data/collect/index.ts'
import { shellQuoted } from './shell.ts'
import { alignTable } from './table.ts'

/** Fewer test queries tell retrievers apart only by chance. */
const FEW_QUERIES = 50

/** What was collected, what was left out, and what to do next; for people. */
export function describeCard(card: CollectionCard, folder: string): string {
  const { queries, documents } = card.counts
  const rows = Object.entries(card.skipped).sort(([, a], [, b]) => b.count - a.count)
  const left =
    rows.length === 0
      ? ''
      : `\nLeft out:\n${alignTable([['what', 'times', 'for example'], ...rows.map(([reason, { count, examples }]) => [reason, String(count), shorten(examples[0]!)])])}`
  return `${folder}: ${documents} documents; queries: ${queries.train} train, ${queries.dev} dev, ${queries.test} test\n${left}${advice(card, folder)}`
}

function advice({ counts: { queries }, options, madeBy }: CollectionCard, folder: string): string {
  const total = queries.train + queries.dev + queries.test
  if (total === 0) return '\nNo query was found, so there is nothing to measure with.\n'
  const few =
    queries.test < FEW_QUERIES && options.test !== 1
      ? `\nOnly ${queries.test === 1 ? '1 query is' : `${queries.test} queries are`} for testing; \`--test 1 --dev 0\` takes all ${total}.\n`
      : ''
  return queries.test === 0 ? few : `${few}\nNext: ${nextCommand(madeBy, shellQuoted(folder))}\n`
}

function nextCommand(madeBy: string, folder: string): string {
  // No retriever that needs no model reads pictures.
  if (madeBy.endsWith(' images')) return `fieldtrial lint ${folder}`
  const retriever = madeBy.endsWith(' code') ? 'bm25:analyzer=code' : 'bm25'
  return `fieldtrial run --collection ${folder} --retriever ${retriever} -m nDCG@10`
}

const shorten = (text: string) => (text.length > 60 ? `${text.slice(0, 59)}…` : text).replace(/\s+/g, ' ')
