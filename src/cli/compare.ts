import { basename } from 'node:path'
import { type Command, Option } from 'commander'
import { FieldtrialError } from '../core/errors.ts'
import type { ComparisonSettings, TrialResult } from '../study/results.ts'
import { collect, inputFile, positiveInteger } from './options.ts'
import { alignTable } from './table.ts'
import { createTerminal } from './terminal.ts'

interface CompareFlags {
  measure?: string[]
  test: ComparisonSettings['test']
  correction: ComparisonSettings['correction']
  alpha: string
  resamples: number
  seed: string
  json?: boolean
  removeSelf?: boolean
}

export function registerCompare(program: Command): void {
  program
    .command('compare')
    .summary('test whether runs differ')
    .description(
      'Compares runs with the first one, query by query: difference, interval, paired test, corrected for several comparisons, effect size.',
    )
    .argument('<qrels>', 'judgments, TREC or BEIR')
    .argument('<baseline>', 'TREC run file that the others are tested against')
    .argument('<runs...>', 'the other TREC run files')
    .option('-m, --measure <name>', 'may be repeated (default: nDCG@10)', collect)
    .addOption(
      new Option('--test <name>', 'paired test')
        .choices(['randomisation', 't-test', 'bootstrap'])
        .default('randomisation'),
    )
    .addOption(
      new Option('--correction <name>', 'for several comparisons')
        .choices(['holm', 'benjamini-hochberg', 'none'])
        .default('holm'),
    )
    .option('--alpha <level>', 'level of significance', '0.05')
    .option('--resamples <n>', 'of the randomisation test and the bootstrap', positiveInteger, 10_000)
    .option('--seed <n>', 'of the resampling', '42')
    .option('--remove-self', "drop the document whose id is the query's own")
    .option('--json', 'print the comparisons as JSON')
    .addHelpText(
      'after',
      `
Example:
  fieldtrial compare qrels/test.tsv bm25.trec minilm.trec rrf.trec -m nDCG@10 -m R@100`,
    )
    .action(async (qrelsFile: string, baseline: string, others: string[], flags: CompareFlags) => {
      const terminal = createTerminal()
      const { readQrels, readRun } = await import('../data/trec.ts')
      const { evaluate, parseMeasures } = await import('../measure/index.ts')
      const { compareTrials } = await import('../study/compare.ts')
      const measures = parseMeasures(flags.measure ?? ['nDCG@10'])
      const settings: ComparisonSettings = {
        baseline,
        test: flags.test,
        correction: flags.correction,
        alpha: level(flags.alpha),
        resamples: flags.resamples,
        seed: seed(flags.seed),
      }
      const qrels = await readQrels(inputFile(qrelsFile))
      const trials: Pick<TrialResult, 'retriever' | 'collection' | 'status' | 'perQuery' | 'mean'>[] = []
      for (const file of [baseline, ...others]) {
        if (trials.some((trial) => trial.retriever === file))
          throw new FieldtrialError('USAGE', `${file} is named twice.`, { hint: 'Name each run once.' })
        const { perQuery, mean } = evaluate(qrels, (await readRun(inputFile(file))).run, measures, {
          removeSelf: flags.removeSelf ?? false,
        })
        trials.push({
          retriever: file,
          collection: basename(qrelsFile),
          status: 'done',
          mean: Object.fromEntries(mean),
          perQuery: Object.fromEntries([...perQuery].map(([measure, values]) => [measure, Object.fromEntries(values)])),
        })
      }
      const comparisons = compareTrials(
        trials as TrialResult[],
        measures.map((m) => m.name),
        settings,
      )
      if (flags.json) {
        terminal.out.write(
          `${JSON.stringify({ settings, means: Object.fromEntries(trials.map((t) => [t.retriever, t.mean])), comparisons })}\n`,
        )
        return
      }
      const c = terminal.outColors
      const header = [
        'measure',
        'run',
        'mean',
        'difference',
        `${Math.round((1 - settings.alpha) * 100)} % interval`,
        'p',
        'p adjusted',
        'd_z',
        'wins',
        'losses',
        'ties',
        '',
      ]
      const rows = measures.flatMap(({ name }) => {
        const mean = (file: string) => trials.find((t) => t.retriever === file)?.mean[name]?.toFixed(4) ?? '-'
        return [
          [name, baseline, mean(baseline), '', '', '', '', '', '', '', '', 'baseline'],
          ...comparisons
            .filter((one) => one.measure === name)
            .map((one) => [
              name,
              one.retriever,
              mean(one.retriever),
              signed(one.difference),
              `[${signed(one.interval[0])}, ${signed(one.interval[1])}]`,
              p(one.p),
              p(one.pAdjusted),
              one.effect === null ? '-' : one.effect.toFixed(2),
              String(one.wins),
              String(one.losses),
              String(one.ties),
              one.significant ? c.bold('significant') : 'not significant',
            ]),
        ]
      })
      terminal.out.write(alignTable([header, ...rows]))
      terminal.err.write(
        `${settings.test}, ${settings.correction} correction, alpha ${settings.alpha}, ${settings.resamples} resamples, seed ${settings.seed}\n`,
      )
    })
}

function level(text: string): number {
  const alpha = Number(text)
  if (!(alpha > 0 && alpha < 1))
    throw new FieldtrialError('USAGE', `--alpha must lie between 0 and 1, not ${text}.`, {
      hint: 'For example --alpha 0.05.',
    })
  return alpha
}

function seed(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0)
    throw new FieldtrialError('USAGE', `--seed must be a whole number from 0, not ${text}.`, {
      hint: 'For example --seed 42.',
    })
  return value
}

const signed = (x: number) => `${x < 0 ? '' : '+'}${x.toFixed(4)}`
const p = (x: number) => (x < 0.0001 ? '<0.0001' : x.toFixed(4))
