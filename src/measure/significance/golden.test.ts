import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { describeShared, sharedPath } from '../../../test/support/shared.ts'
import { normalQuantile, studentQuantile, studentTwoSided } from './distributions.ts'
import {
  adjust,
  bootstrap,
  type Correction,
  cohensDz,
  comparePaired,
  randomisationTest,
  signTest,
  tTest,
  wilcoxon,
} from './index.ts'
import { meanOf, standardDeviation } from './moments.ts'

interface Pair {
  n: number
  mean_a: number
  mean_b: number
  mean_diff: number
  sd_diff: number
  t: number
  df: number
  p_t: number
  ci95: [number, number]
  cohens_dz: number
  wilcoxon_wilcox: { stat: number; p: number }
  wilcoxon_pratt: { stat: number; p: number }
  sign_test: { wins: number; losses: number; ties: number; p: number }
  permutation_p_seeds_42_43_n20000: number[]
  bootstrap_percentile_ci95_seed42_B10000: [number, number]
  exact_randomisation_first12_nonzero: { diffs: number[]; p: number }
}

const CORRECTION: Record<string, Correction> = {
  holm: 'holm',
  bonferroni: 'bonferroni',
  'holm-sidak': 'holm-sidak',
  hommel: 'hommel',
  'simes-hochberg': 'hochberg',
  fdr_bh: 'benjamini-hochberg',
  fdr_by: 'benjamini-yekutieli',
}

function near(got: number, want: number, relative = 1e-10): void {
  if (Number.isNaN(want)) expect(got).toBeNaN()
  else expect(Math.abs(got - want), `${got} for ${want}`).toBeLessThanOrEqual(relative * Math.abs(want) + 1e-15)
}

describeShared("scipy's and statsmodels' figures", ['golden/stats/expected.json', 'golden/stats/scores.json'], () => {
  const expected = JSON.parse(readFileSync(sharedPath('golden/stats/expected.json'), 'utf8'))
  const scores = JSON.parse(readFileSync(sharedPath('golden/stats/scores.json'), 'utf8'))
  const pairs = Object.entries(expected.pairs as Record<string, Pair>)

  /** `ndcg_cut_10:minilm-bm25_lucene` is minilm − bm25_lucene. */
  function values(pair: string): { baseline: Map<string, number>; retriever: Map<string, number> } {
    const [measure, names] = pair.split(':') as [string, string]
    const [retriever, baseline] = names.split('-') as [string, string]
    const of = (name: string) =>
      new Map<string, number>(scores.queries.map((q: string, i: number) => [q, scores.scores[name][measure][i]]))
    return { baseline: of(baseline), retriever: of(retriever) }
  }

  function differencesOf(pair: string): Float64Array {
    const { baseline, retriever } = values(pair)
    return Float64Array.from(baseline, ([query, value]) => retriever.get(query)! - value)
  }

  it.each(pairs)('%s', (name, want) => {
    const differences = differencesOf(name)
    expect(differences.length).toBe(want.n)
    const { baseline, retriever } = values(name)
    near(meanOf([...baseline.values()]), want.mean_a)
    near(meanOf([...retriever.values()]), want.mean_b)
    near(meanOf(differences), want.mean_diff)
    near(standardDeviation(differences), want.sd_diff)
    const t = tTest(differences)
    near(t.t, want.t)
    near(t.p, want.p_t)
    expect(t.df).toBe(want.df)
    near(t.interval[0], want.ci95[0])
    near(t.interval[1], want.ci95[1])
    near(cohensDz(differences)!, want.cohens_dz)
    for (const zeros of ['wilcox', 'pratt'] as const) {
      const got = wilcoxon(differences, zeros)
      expect(got.statistic).toBe(want[`wilcoxon_${zeros}`].stat)
      near(got.p, want[`wilcoxon_${zeros}`].p)
    }
    const { p, ...counts } = signTest(differences)
    near(p, want.sign_test.p)
    expect({ ...counts, p: want.sign_test.p }).toEqual(want.sign_test)

    // Two samples of 20,000 differ by chance: five standard errors of their difference. scipy doubles the smaller tail,
    // whose error counts twice, where |mean| is counted here.
    const sampled = randomisationTest(differences, { resamples: 20_000, seed: 7 })
    expect(sampled.exact).toBe(false)
    for (const other of want.permutation_p_seeds_42_43_n20000) {
      const variance = (other * (1 - other) + 4 * (other / 2) * (1 - other / 2)) / 20_000
      expect(Math.abs(sampled.p - other)).toBeLessThan(5 * Math.sqrt(variance))
    }
    const exact = randomisationTest(want.exact_randomisation_first12_nonzero.diffs)
    expect(exact).toEqual({ p: want.exact_randomisation_first12_nonzero.p, exact: true, resamples: 4096 })

    // A 2.5 % quantile of 10,000 resamples has a standard error of 0.027 standard errors of the mean.
    const interval = bootstrap(differences, { seed: 7 }).interval
    const error = want.sd_diff / Math.sqrt(want.n)
    for (const end of [0, 1] as const)
      expect(Math.abs(interval[end] - want.bootstrap_percentile_ci95_seed42_B10000[end])).toBeLessThan(0.2 * error)
  })

  it('a comparison holds the same figures', () => {
    const [name, want] = pairs[2]!
    const { baseline, retriever } = values(name)
    const got = comparePaired(baseline, retriever, { test: 't-test' })
    near(got.p, want.p_t)
    near(got.difference, want.mean_diff)
    near(got.effect!, want.cohens_dz)
    expect([got.wins, got.losses, got.ties]).toEqual([want.sign_test.wins, want.sign_test.losses, want.sign_test.ties])
    const random = comparePaired(baseline, retriever)
    expect(Math.abs(random.p - want.permutation_p_seeds_42_43_n20000[0]!)).toBeLessThan(0.015)
  })

  it.each(Object.entries(CORRECTION))('correction of the t-tests: %s', (theirs, ours) => {
    const given = expected.corrections_of_ndcg_t_tests.p as Record<string, number>
    const want = expected.corrections_of_ndcg_t_tests[theirs] as Record<string, number>
    const got = adjust(Object.values(given), ours)
    for (const [i, pair] of Object.keys(given).entries()) near(got[i]!, want[pair]!, 1e-12)
  })

  it.each(Object.keys(expected.correction_cases))('corrections: %s', (name) => {
    const { p, ...methods } = expected.correction_cases[name] as Record<string, number[]>
    expect(Object.keys(methods).length).toBeGreaterThan(4)
    for (const [theirs, want] of Object.entries(methods))
      for (const [i, got] of adjust(p!, CORRECTION[theirs]!).entries()) near(got, want[i]!, 1e-12)
  })

  it('tables of Student and normal distribution', () => {
    for (const [df, t, p] of expected.t_sf_two_sided) near(studentTwoSided(t, df), p, 1e-11)
    for (const [df, p, t] of expected.t_ppf) near(studentQuantile(p, df), t, 1e-11)
    for (const [p, z] of expected.norm_ppf) near(normalQuantile(p), z, 1e-13)
  })

  it.each(Object.keys(expected.degenerate))('degenerate: %s', (name) => {
    const { x, y, t, p } = expected.degenerate[name] as { x: number[]; y: number[]; t: string; p: string }
    const got = tTest(x.map((value, i) => value - y[i]!))
    // All of this t is rounding noise (0.2 − 0.1 is not 0.3 − 0.2); only its size can be compared.
    const tolerance = name === 'constant_difference' ? 0.5 : 1e-12
    near(Math.abs(got.t), Math.abs(Number(t)), tolerance)
    near(got.p, Number(p), tolerance)
  })
})
