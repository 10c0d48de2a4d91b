import type { MeasureBias, RankingKept, RetrieverBias, SampleCard } from '../data/sample-card.ts'
import { alignTable } from './table.ts'

/** What was drawn, and what it does to scores, for a terminal. */
export function sampleText(card: SampleCard, folder: string): string {
  const { source, documents, splits, bias } = card
  const parts = [
    `${folder}: ${exact(documents.total)} of ${exact(source.documents)} documents of ${source.name}: ${exact(documents.judged)} judged, ${exact(documents.hard)} hard${documents.hardRank === null ? '' : ` (${documents.hardRank === 0 ? 'not all of rank 1' : `all down to rank ${documents.hardRank}`})`}, ${exact(documents.random)} random\n`,
    ...Object.entries(splits).map(
      ([split, { queries, of }]) => `${split}: ${exact(queries)} of ${exact(of)} queries\n`,
    ),
    ...Object.entries(documents.found).map(
      ([name, { kept, of }]) => `${name}: ${exact(kept)} of its ${exact(of)} first documents are kept\n`,
    ),
  ]
  if (bias === null) return `${parts.join('')}The bias was not measured.\n`
  for (const [measure, found] of Object.entries(bias.measures))
    parts.push(`\n${alignTable(biasRows(measure, found))}${rankingLine(found)}`, ...notes(found))
  return `${parts.join('')}\nBias: score on the sample less that on the whole, over the same ${exact(bias.queries)} queries. No score of a sample compares with a published one.\n`
}

function biasRows(measure: string, { retrievers }: MeasureBias): string[][] {
  const row = ({ id, how, whole, sample, bias, spread }: RetrieverBias) => [
    id,
    `${whole.toFixed(4)}${how === 'estimated' ? '*' : ''}`,
    sample.toFixed(4),
    signed(bias),
    spread === null ? '-' : spread.sd.toFixed(3),
    spread === null ? '-' : `${signed(spread.p5, 2)} to ${signed(spread.p95, 2)}`,
    spread === null ? '-' : `${(100 * spread.changed).toFixed(0)}%`,
  ]
  return [[measure, 'whole', 'sample', 'bias', 'sd', '5-95% of queries', 'queries changed'], ...retrievers.map(row)]
}

function rankingLine({ ranking, retrievers }: MeasureBias): string {
  const { tau, pairs, swapped } = ranking
  if (tau === null) return 'No order to keep: too few retrievers, or all alike.\n'
  const words = [
    `Order of ${retrievers.length} retrievers: Kendall's tau ${tau.toFixed(2)}`,
    swapped === 0 ? 'no pair changes places' : `${swapped} of ${pairs} pairs change places`,
    ...swapWords(ranking),
  ]
  return `${words.join('; ')}.\n`
}

function swapWords({ largest, significant }: RankingKept): string[] {
  return [
    ...(largest === null
      ? []
      : [
          `the largest: ${largest.better} is ${largest.whole.toFixed(4)} above ${largest.worse} on the whole, ${Math.abs(largest.sample).toFixed(4)} below on the sample`,
        ]),
    ...(significant === null
      ? []
      : [`of ${significant.pairs} pairs that differ significantly on the whole ${significant.kept} keep their order`]),
  ]
}

function notes({ retrievers }: MeasureBias): string[] {
  const short = retrievers.filter((one) => one.short > 0)
  const estimated = retrievers.some(({ how }) => how === 'estimated')
  return [
    ...(estimated
      ? ['* An estimate: extrapolated from samples of several sizes; it was not run over the whole.\n']
      : []),
    ...short.map(
      ({ id, short: queries }) =>
        `${id}: for ${queries} queries fewer documents of its run are in the sample than the measure looks at; its score on the sample is a lower bound.\n`,
    ),
  ]
}

function exact(count: number): string {
  return count.toLocaleString('en-US')
}

function signed(value: number, digits = 4): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(digits)}`
}
