import type { MergeReport, PreparedMerge } from '../fusion/weights/index.ts'
import type { MergePoint } from '../study/merge/points.ts'
import type { MergeSearchResult } from '../study/merge/search.ts'
import { formatBytes, formatCount, formatSeconds } from './format.ts'
import { alignTable } from './table.ts'

export function plannedText({ output, tensors, parameters, bytes }: PreparedMerge): string {
  return `The models fit. ${output === 'model' ? 'A model' : 'An adapter'} of ${tensors} tensors, ${formatCount(parameters)} parameters, ${formatBytes(bytes)} would be written.\n`
}

export function mergeText(report: MergeReport, folder: string, search: MergeSearchResult | null): string {
  const { spec, output, tensors, parameters, bytes, seconds, kept } = report
  const lines = [
    ...(search === null ? [] : [searchText(search)]),
    `${folder}: ${output} by ${spec.method}, ${tensors} tensors, ${formatCount(parameters)} parameters, ${formatBytes(bytes)}, in ${formatSeconds(seconds)}.`,
    ...(kept === undefined || kept === 1
      ? []
      : [`Rank ${spec.rank} keeps ${(100 * kept).toFixed(2)} % of the squared numbers.`]),
    output === 'model'
      ? 'Name the folder as a model in a study.'
      : `Name it as \`adapter:\` of ${spec.models![0]!.model} in a study, with engine: torch.`,
  ]
  return `${lines.join('\n')}\n`
}

/** E.g. `weights 0.25 0.75, lambda 0.8`. */
export function pointText({ weights, t, lambda, density }: MergePoint): string {
  return [
    ...(weights === undefined ? [] : [`weights ${weights.map((weight) => weight.toFixed(3)).join(' ')}`]),
    ...(t === undefined ? [] : [`t ${t.toFixed(3)}`]),
    ...(lambda === undefined ? [] : [`lambda ${lambda.toFixed(2)}`]),
    ...(density === undefined ? [] : [`density ${density.toFixed(2)}`]),
  ].join(', ')
}

function searchText({ split, measure, tried, best, test }: MergeSearchResult): string {
  const value = Math.max(...tried.map((one) => one.value))
  const chosen = `Of ${tried.length} merges the best on ${split}: ${pointText(best)} (${measure} ${value.toFixed(4)}).\n`
  if (test === null)
    return `${chosen}That figure is of the queries that it was chosen on, so it is too high: name a --test-split for a fair one.\n`
  const compared = new Map(test.comparisons.map((one) => [one.retriever, one]))
  const rows = test.values.map(({ name, value }) => {
    const one = compared.get(name)
    return [
      name,
      value.toFixed(4),
      ...(one === undefined ? ['', ''] : [signed(one.difference), one.pAdjusted.toFixed(4)]),
    ]
  })
  const baseline = test.comparisons[0]?.baseline ?? ''
  return `${chosen}\nOn the ${test.queries} queries of ${test.split}, against ${baseline}:\n${alignTable([['', measure, 'difference', 'p adjusted'], ...rows])}`
}

const signed = (value: number) => `${value < 0 ? '' : '+'}${value.toFixed(4)}`
