import type { Command } from 'commander'
import type { Evaluation, Measure } from '../measure/index.ts'
import { collect, inputFile } from './options.ts'
import { alignTable } from './table.ts'
import { createTerminal } from './terminal.ts'

const DEFAULT_MEASURES = ['nDCG@10', 'R@100', 'MRR@10', 'AP']

interface MeasureFlags {
  measure?: string[]
  perQuery?: boolean
  json?: boolean
  removeSelf?: boolean
  onlyRetrieved?: boolean
}

export function registerMeasure(program: Command): void {
  program
    .command('measure')
    .summary('measure TREC run files')
    .description("Measures runs against judgments, equal to trec_eval's numbers to the last digit that it prints.")
    .argument(
      '<qrels>',
      'judgments: TREC (query, iteration, document, grade) or BEIR (tab-separated, with a header); .gz accepted',
    )
    .argument('<runs...>', 'TREC run files; .gz accepted')
    .option('-m, --measure <name>', 'e.g. nDCG@10, R@100, P(rel=2)@10; may be repeated', collect)
    .option('--per-query', 'print every query too')
    .option('--json', 'print {"mean": {…}, "perQuery": {…}}; for several runs {"runs": [{"run": …, "mean": …}, …]}')
    .option('--remove-self', "drop the document whose id is the query's own")
    .option(
      '--only-retrieved',
      'average over the queries in the run only (trec_eval without -c); default: judged queries that the run lacks count 0',
    )
    .addHelpText(
      'after',
      `
Examples:
  fieldtrial measure qrels/test.tsv run.trec -m nDCG@10 -m R@100
  fieldtrial measure qrels.txt a.run b.run.gz -m AP --per-query`,
    )
    .action(async (qrelsFile: string, runFiles: string[], flags: MeasureFlags) => {
      const terminal = createTerminal()
      const { readQrels, readRun } = await import('../data/trec.ts')
      const { evaluate, parseMeasures } = await import('../measure/index.ts')
      const measures = parseMeasures(flags.measure ?? DEFAULT_MEASURES)
      const qrels = await readQrels(inputFile(qrelsFile))
      const evaluated: { file: string; evaluation: Evaluation }[] = []
      for (const file of runFiles) {
        const { run } = await readRun(inputFile(file))
        evaluated.push({
          file,
          evaluation: evaluate(qrels, run, measures, {
            complete: !flags.onlyRetrieved,
            removeSelf: flags.removeSelf ?? false,
          }),
        })
      }
      if (flags.json) {
        const all = evaluated.map(({ file, evaluation }) => ({ run: file, ...toJson(evaluation) }))
        terminal.out.write(`${JSON.stringify(all.length === 1 ? toJson(evaluated[0]!.evaluation) : { runs: all })}\n`)
      } else terminal.out.write(toText(evaluated, measures, flags.perQuery ?? false))
      for (const { file, evaluation } of evaluated)
        for (const note of notes(evaluation)) terminal.err.write(`${file}: ${note}\n`)
    })
}

function toJson(evaluation: Evaluation) {
  const perQuery = new Map<string, [string, number][]>()
  for (const [measure, values] of evaluation.perQuery)
    for (const [query, value] of values) perQuery.set(query, [...(perQuery.get(query) ?? []), [measure, value]])
  return {
    mean: Object.fromEntries(evaluation.mean),
    // Built from entries, so that a query called `constructor` or `__proto__` is a query like any other.
    perQuery: Object.fromEntries([...perQuery].map(([query, values]) => [query, Object.fromEntries(values)])),
    queries: evaluation.queries,
    missing: evaluation.missing,
    unjudged: evaluation.unjudged,
  }
}

function toText(
  evaluated: readonly { file: string; evaluation: Evaluation }[],
  measures: readonly Measure[],
  perQuery: boolean,
): string {
  const names = measures.map((measure) => measure.name)
  const number = (value: number | null | undefined) => (value === null || value === undefined ? '-' : value.toFixed(4))
  const rows = evaluated.flatMap(({ file, evaluation }) => {
    const queries = perQuery
      ? [...new Set([...evaluation.perQuery.values()].flatMap((values) => [...values.keys()]))]
      : []
    return [
      ...queries.map((query) => [
        file,
        query,
        ...names.map((name) => number(evaluation.perQuery.get(name)?.get(query))),
      ]),
      [file, ...(perQuery ? ['all'] : []), ...names.map((name) => number(evaluation.mean.get(name)))],
    ]
  })
  return alignTable([['run', ...(perQuery ? ['query'] : []), ...names], ...rows])
}

/** What a reader of the numbers must know. */
function notes(evaluation: Evaluation): string[] {
  const some = (ids: readonly string[]) => `${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ', …' : ''}`
  return [
    ...(evaluation.missing.length > 0
      ? [`${evaluation.missing.length} judged queries are not in the run (${some(evaluation.missing)})`]
      : []),
    ...(evaluation.unjudged.length > 0
      ? [
          `${evaluation.unjudged.length} queries of the run have no judgments and are left out (${some(evaluation.unjudged)})`,
        ]
      : []),
  ]
}
