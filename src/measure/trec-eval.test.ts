import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { describeShared, sharedPath } from '../../test/support/shared.ts'
import { parseQrels, parseRun, readQrels, readRun } from '../data/trec.ts'
import { evaluate, type Measure, parseMeasure } from './index.ts'

interface Golden {
  relevance_level: number
  empty_result_queries: string[]
  queries_in_qrels: number
  queries_evaluated: number
  /** Null stands for NaN. */
  expected: Record<string, Record<string, number | null>>
  mean_over_evaluated: Record<string, number | null>
}

const root = sharedPath('golden/metrics/')
const TOLERANCE = 1e-12

/** trec_eval's `-l` holds for a whole call; here it is a parameter of each measure that looks at relevance. */
function atLevel(name: string, level: number): Measure {
  const plain = parseMeasure(name)
  const graded = ['nDCG', 'ndcg_rel', 'G', 'NumQ', 'NumRet']
  if (level === 1 || graded.includes(plain.family)) return plain
  const [base, cutoff] = plain.name.split('@')
  return parseMeasure(`${base}(rel=${level})${cutoff === undefined ? '' : `@${cutoff}`}`)
}

async function load(name: string) {
  const text = readFileSync(`${root}${name}/expected.json`, 'utf8').replaceAll(/\bNaN\b/g, 'null')
  const golden = JSON.parse(text) as Golden
  const { run } = await readRun(`${root}${name}/run.trec`)
  // A file cannot hold an empty result list; pytrec_eval was given one in memory.
  for (const query of golden.empty_result_queries) run.set(query, { ids: [], scores: new Float64Array(0) })
  return { golden, run, qrels: await readQrels(`${root}${name}/qrels.trec`) }
}

describeShared("trec_eval's own numbers", ['golden/metrics'], () => {
  const cases = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory())

  it('are there', () => expect(cases.length).toBeGreaterThanOrEqual(20))

  it.each(cases.map((entry) => entry.name))('%s: every measure of every query', async (name) => {
    const { golden, run, qrels } = await load(name)
    const keys = Object.keys(Object.values(golden.expected)[0]!)
    const measures = keys.map((key) => atLevel(key, golden.relevance_level))
    const result = evaluate(qrels, run, measures, { complete: false })
    expect(result.queries).toBe(golden.queries_evaluated)
    let compared = 0
    for (const [query, values] of Object.entries(golden.expected))
      keys.forEach((key, m) => {
        const got = result.perQuery.get(measures[m]!.name)!.get(query)!
        const want = values[key]!
        if (want === null) {
          // 0/0 in C, of an empty ranking, which trec_eval never meets in a file.
          expect(golden.empty_result_queries).toContain(query)
          expect(got, `${query} ${key}`).toBe(0)
        } else expect(Math.abs(got - want), `${query} ${key}: ${got} for ${want}`).toBeLessThanOrEqual(TOLERANCE)
        compared++
      })
    expect(compared).toBe(golden.queries_evaluated * keys.length)
    expect(keys.length).toBeGreaterThanOrEqual(60)

    keys.forEach((key, m) => {
      const want = golden.mean_over_evaluated[key]!
      const mean = result.mean.get(measures[m]!.name)!
      const { aggregate } = measures[m]!
      const got = aggregate === 'sum' ? mean / result.queries : aggregate === 'mean' ? mean : Math.log(mean)
      if (want !== null) expect(Math.abs(got - want), `mean ${key}`).toBeLessThanOrEqual(TOLERANCE)
    })
  })

  it('count judged queries without results as 0, as trec_eval -c', async () => {
    const { golden, run, qrels } = await load('missing_queries_in_run')
    const measures = ['nDCG@10', 'AP', 'gm_map', 'NumRel', 'NumQ'].map(parseMeasure)
    const result = evaluate(qrels, run, measures)
    expect(result.missing).toEqual(['q3', 'q7'])
    expect(result.queries).toBe(golden.queries_in_qrels)
    const ratio = golden.queries_evaluated / golden.queries_in_qrels
    expect(result.mean.get('nDCG@10')).toBeCloseTo(golden.mean_over_evaluated.ndcg_cut_10! * ratio, 12)
    expect(result.perQuery.get('AP')!.get('q3')).toBe(0)
    const logarithms = golden.mean_over_evaluated.gm_map! * golden.queries_evaluated + 2 * Math.log(0.00001)
    expect(result.mean.get('gm_map')).toBeCloseTo(Math.exp(logarithms / golden.queries_in_qrels), 12)
    expect(result.mean.get('NumQ')).toBe(12)
  })

  it('leave out queries without judgments, and name them', async () => {
    const { run, qrels } = await load('queries_without_qrels')
    const result = evaluate(qrels, run, [parseMeasure('AP')])
    expect(result.unjudged.toSorted()).toEqual(['q2', 'q9'])
    expect(result.perQuery.get('AP')!.has('q2')).toBe(false)
  })
})

describeShared("trec_eval's answer to malformed input", ['golden/metrics/summary.json'], () => {
  const summary = JSON.parse(readFileSync(`${root}summary.json`, 'utf8').replaceAll(/\bNaN\b/g, 'null'))

  it('refuses a document twice in a run or in qrels', () => {
    expect(summary.duplicate_run_line.parse_run_error).toMatch(/AssertionError/)
    expect(() => parseRun(summary.duplicate_run_line.lines.join('\n'), 'x')).toThrow(
      /x:4: the document d3 stands twice/,
    )
    expect(summary.duplicate_qrel_line.parse_qrel_error).toMatch(/AssertionError/)
    expect(() => parseQrels(summary.duplicate_qrel_line.lines.join('\n'), 'x')).toThrow(
      /x:2: the document d1 is judged twice/,
    )
  })

  it('holds scores as 32-bit floats', () => {
    expect(summary.float32).toContain('recip_rank 0.5')
    const qrels = parseQrels('q 0 a 1\nq 0 b 0\n', 'x')
    const { run } = parseRun('q Q0 a 1 1.000000001 t\nq Q0 b 2 1.0 t\n', 'x')
    expect(evaluate(qrels, run, [parseMeasure('RR')]).mean.get('RR')).toBe(0.5)
  })

  it('reads whole numbers as scores', () => {
    expect(summary.int_scores.q.recip_rank).toBe(1)
    const { run } = parseRun('q Q0 a 1 3 t\nq Q0 b 2 2 t\n', 'x')
    expect(evaluate(parseQrels('q 0 a 1\n', 'x'), run, [parseMeasure('RR')]).mean.get('RR')).toBe(1)
  })

  it('is stricter with NaN, of which pytrec_eval makes a number that looks sound', () => {
    expect(summary.nan.q.recip_rank).toBe(0.5)
    expect(() => parseRun('q Q0 a 1 nan t\nq Q0 b 2 1.0 t\n', 'x')).toThrow(/NaN/)
  })
})
