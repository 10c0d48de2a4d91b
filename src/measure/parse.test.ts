import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { describeShared, sharedPath } from '../../test/support/shared.ts'
import { FieldtrialError } from '../core/errors.ts'
import { MEASURE_FAMILIES, parseMeasure, parseMeasures } from './index.ts'

function failure(text: string | string[]): FieldtrialError {
  try {
    if (typeof text === 'string') parseMeasure(text)
    else parseMeasures(text)
  } catch (error) {
    expect(error).toBeInstanceOf(FieldtrialError)
    expect((error as FieldtrialError).code).toBe('USAGE')
    return error as FieldtrialError
  }
  throw new Error(`${text} was taken`)
}

describe('names of measures', () => {
  it.each([
    ['nDCG@10', 'nDCG@10'],
    ['NDCG@10', 'nDCG@10'],
    [' ndcg @ 10 ', 'nDCG@10'],
    ['nDCG', 'nDCG'],
    ["nDCG(dcg='exp-log2')@10", "nDCG(dcg='exp-log2')@10"],
    ['nDCG(dcg=exp-log2)@10', "nDCG(dcg='exp-log2')@10"],
    ['nDCG(gains={2:7, 1:3})@5', 'nDCG(gains={1:3,2:7})@5'],
    ['MRR@10', 'MRR@10'],
    ['mrr@10', 'MRR@10'],
    ['RR@10', 'RR@10'],
    ['RR', 'RR'],
    ['MAP', 'AP'],
    ['map@100', 'AP@100'],
    ['Recall@100', 'R@100'],
    ['Precision@5', 'P@5'],
    ['P(rel=2)@10', 'P(rel=2)@10'],
    ['P(judged_only=true, rel=2)@10', 'P(rel=2,judged_only=True)@10'],
    ['Success@5', 'Success@5'],
    ['hit_rate@5', 'Success@5'],
    ['Judged@10', 'Judged@10'],
    ['bpref', 'Bpref'],
    ['RBP', 'RBP'],
    ['RBP(p=0.8)', 'RBP(p=0.8)'],
    ['RBP(p=0.95)@20', 'RBP(p=0.95)@20'],
    ['IPrec@0.1', 'IPrec@0.1'],
    ['ERR@20', 'ERR@20'],
    ['SetF(beta=0.5)', 'SetF(beta=0.5)'],
    ['r-precision', 'Rprec'],
    ['ndcg_cut_10', 'nDCG@10'],
    ['ndcg_cut.10', 'nDCG@10'],
    ['map', 'AP'],
    ['map_cut_100', 'AP@100'],
    ['recip_rank', 'RR'],
    ['recall_100', 'R@100'],
    ['P_10', 'P@10'],
    ['P.10', 'P@10'],
    ['iprec_at_recall_0.10', 'IPrec@0.1'],
    ['set_recall', 'SetR'],
    ['num_rel_ret', 'NumRelRet'],
    ['ndcg_at_10', 'nDCG@10'],
    ['mrr_at_10', 'MRR@10'],
    ['recall_at_100', 'R@100'],
  ])('%s is %s', (written, name) => {
    expect(parseMeasure(written).name).toBe(name)
    expect(parseMeasure(name).name).toBe(name)
  })

  it.each([
    ['nDGC@10', 'There is no measure nDGC@10.', 'Did you mean nDCG@10?'],
    ['nDCG10', 'There is no measure nDCG10.', 'Did you mean nDCG@10?'],
    ['Recal@100', 'There is no measure Recal@100.', 'Did you mean R@100?'],
    ['precison', 'There is no measure precison.', 'Did you mean P@10?'],
    ['ndcg_cutt_10', 'There is no measure ndcg_cutt_10.', 'Did you mean nDCG@10?'],
    ['bleu', 'There is no measure bleu.', 'Known: nDCG'],
    ['', 'The name of a measure is empty.', 'Known: nDCG'],
    ['R', 'The measure R needs a cutoff.', 'R@10'],
    ['P@0', 'The measure P@0 cannot be cut at 0.', 'whole number'],
    ['nDCG@ten', 'The measure nDCG@ten cannot be cut at ten.', 'whole number'],
    ['nDCG@1.5', 'The measure nDCG@1.5 cannot be cut at 1.5.', 'whole number'],
    ['Bpref@10', 'The measure Bpref@10 has no cutoff.', 'Bpref'],
    ['IPrec@2', 'The measure IPrec@2 needs a recall from 0 to 1.', 'IPrec@0.1'],
    ['P(rle=2)@10', 'The measure P(rle=2)@10 cannot be read: it has no parameter rle.', 'Did you mean rel?'],
    ['P(rel=0)@10', 'The measure P(rel=0)@10 cannot be read: rel cannot be 0.', 'from 1 on'],
    ['P(rel)@10', 'The measure P(rel)@10 cannot be read: "rel" is no parameter.', 'name=value'],
    ['P(rel=1,rel=2)@10', 'The measure P(rel=1,rel=2)@10 cannot be read: the parameter rel stands twice.', 'Keep one'],
    ['RBP(p=1)', 'The measure RBP(p=1) cannot be read: p cannot be 1.', 'below 1'],
    ['NumQ(rel=1)', 'The measure NumQ(rel=1) cannot be read: it has no parameter rel.', 'It has none.'],
    ["nDCG(dcg='log10')@10", "cannot be read: dcg cannot be 'log10'.", 'exp-log2'],
    ['nDCG(gains={1})@10', 'cannot be read: gains cannot be {1}.', '{1:1,2:3}'],
  ])('%s is refused with a hint', (written, message, hint) => {
    const error = failure(written)
    expect(error.message).toContain(message)
    expect(error.hint).toContain(hint)
  })

  it('may stand in one text, and count once', () => {
    expect(
      parseMeasures(['nDCG@10, R@100 P(rel=2,judged_only=True)@5', 'ndcg_cut_10', 'P.5,10']).map((m) => m.name),
    ).toEqual(['nDCG@10', 'R@100', 'P(rel=2,judged_only=True)@5', 'P@5', 'P@10'])
  })

  it('are all reported when several are wrong', () => {
    expect(failure(['nDGC@10', 'AP', 'P@0']).problems.map((problem) => problem.message)).toEqual([
      'There is no measure nDGC@10.',
      'The measure P@0 cannot be cut at 0.',
    ])
    expect(failure(['nDGC@10', 'AP']).message).toBe('There is no measure nDGC@10.')
  })

  it('never mean two things', () => {
    const names = MEASURE_FAMILIES.flatMap((f) => [f.name, ...f.aliases, ...(f.trec ? [f.trec] : [])])
    for (const name of names) {
      const meant = MEASURE_FAMILIES.filter((f) =>
        [f.name, ...f.aliases, f.trec].some((other) => other?.toLowerCase() === name.toLowerCase()),
      )
      expect(meant.length, name).toBe(1)
    }
  })
})

describeShared("trec_eval's names", ['golden/metrics/graded/expected.json'], () => {
  it('are all known', () => {
    const golden = JSON.parse(readFileSync(sharedPath('golden/metrics/graded/expected.json'), 'utf8'))
    const keys = Object.keys(golden.mean_over_evaluated)
    expect(new Set(keys.map((key) => parseMeasure(key).name)).size).toBe(keys.length)
  })
})
