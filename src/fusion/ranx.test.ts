import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { describeShared, sharedPath } from '../../test/support/shared.ts'
import { readRun } from '../data/trec.ts'
import type { Ranking, Run } from '../data/types.ts'
import {
  FUSION_METHODS,
  type FusionMethod,
  type FusionOptions,
  fuse,
  NORMALISATIONS,
  type Normalisation,
} from './index.ts'
import { methodOf } from './registry.ts'

type Scores = Record<string, number>
interface Golden {
  params: Record<string, Partial<FusionOptions>>
  /** Query → ids for each run: ties in ranx's order. */
  input_order_after_ranx_sort: Record<string, string[][]>
  errors: Record<string, string>
  /** Method → normalisation → query → document → score. */
  expected: Record<string, Record<string, Record<string, Scores>>>
}

const root = sharedPath('golden/fusion/')
const TOLERANCE = 1e-12

const methodNamed = (name: string) => name.replace('rrf_k10', 'rrf') as FusionMethod
const normalisationNamed = (name: string) => name.replace('None', 'none') as Normalisation
/** What ranx does not have. */
const OTHERS: readonly string[] = ['promptreps-hybrid', 'wrrf', 'dbsf']
const constant = (ids: readonly string[]): Ranking => ({ ids, scores: new Float64Array(ids.length) })

async function load(name: string): Promise<{ golden: Golden; runs: Run[] }> {
  const golden = JSON.parse(readFileSync(`${root}${name}/expected.json`, 'utf8')) as Golden
  const files = readdirSync(root + name).filter((file) => /^run\d+\.trec$/.test(file))
  const runs: Run[] = []
  for (const [i, file] of files.sort().entries()) {
    const { run } = await readRun(`${root}${name}/${file}`)
    // ranx breaks ties as its sort happens to; `ties: given` takes them over as they stand.
    for (const [query, orders] of Object.entries(golden.input_order_after_ranx_sort)) {
      const { ids, scores } = run.get(query)!
      const score = new Map(ids.map((id, at) => [id, scores[at]!]))
      const order = orders[i]!
      run.set(query, { ids: order, scores: Float64Array.from(order, (id) => score.get(id)!) })
    }
    runs.push(run)
  }
  return { golden, runs }
}

/** How one figure of ranx's can be held against ours. */
function kindOf(
  name: string,
  method: string,
  normalisation: string,
): 'equal' | 'set order' | 'majority' | 'unstable sort' {
  const onRanks = methodOf(methodNamed(method)).on === 'ranks'
  // After Borda's normalisation ranx's lists stand in the order of a Python set, the same for every run; methods on
  // ranks then look at that order and not at the scores.
  if (onRanks && normalisation === 'borda') return 'set order'
  // Inverted scores are sorted again, by a sort that leaves ties in no order that one could know.
  if (onRanks && normalisation === 'min-max-inverted' && name === 'ties') return 'unstable sort'
  return method === 'condorcet' ? 'majority' : 'equal'
}

function expectScores(ranking: Ranking, want: Scores, label: string): void {
  expect([...ranking.ids].sort(), label).toEqual(Object.keys(want).sort())
  ranking.ids.forEach((id, i) => {
    const error = Math.abs(ranking.scores[i]! - want[id]!)
    const message = `${label} ${id}: ${ranking.scores[i]} for ${want[id]}`
    expect(error, message).toBeLessThanOrEqual(TOLERANCE * Math.max(1, Math.abs(want[id]!)))
  })
}

const byScore = (scores: Scores) => Object.keys(scores).sort((a, b) => scores[b]! - scores[a]!)

/**
 * ranx's comparison of two documents for Condorcet, as an order that it allows: not every pair of neighbours is decided,
 * and majorities may run in circles, so its result depends on where the sort starts.
 */
function mayPrecede(orders: readonly ReadonlyMap<string, number>[]): (a: string, b: string) => boolean {
  const wins = (a: string, b: string) => {
    const votes = orders.filter((order) => (order.get(a) ?? Infinity) < (order.get(b) ?? Infinity)).length
    return votes >= orders.length - votes
  }
  return (a, b) => wins(a, b) || !wins(b, a)
}

/** Documents that must stand before others however circles are cut: from the one the other can be reached, and not back. */
function forced(ids: readonly string[], edge: (a: string, b: string) => boolean): [number, number][] {
  const reach = ids.map((a) => ids.map((b) => a !== b && edge(a, b)))
  for (let k = 0; k < ids.length; k++)
    for (let i = 0; i < ids.length; i++)
      if (reach[i]![k]) for (let j = 0; j < ids.length; j++) if (reach[k]![j]) reach[i]![j] = true
  const pairs: [number, number][] = []
  for (let i = 0; i < ids.length; i++)
    for (let j = 0; j < ids.length; j++) if (reach[i]![j] && !reach[j]![i]) pairs.push([i, j])
  return pairs
}

/** The orders of the runs that a method on ranks sees under a normalisation. */
function ordersOf(runs: readonly Run[], query: string, normalisation: string): Map<string, number>[] {
  return runs.map((run) => {
    const { ids, scores } = run.get(query)!
    const order = ids.map((_, i) => i)
    if (normalisation === 'min-max-inverted') order.sort((a, b) => scores[a]! - scores[b]! || a - b)
    return new Map(order.map((at, rank) => [ids[at]!, rank]))
  })
}

describeShared("ranx's own figures", ['golden/fusion'], () => {
  const cases = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory())

  it('are there', () => expect(cases.length).toBeGreaterThanOrEqual(6))

  it.each(cases.map((entry) => entry.name))('%s: every method under every normalisation', async (name) => {
    const { golden, runs } = await load(name)
    expect(golden.errors).toEqual({})
    const methods = Object.keys(golden.expected)
    const ours = FUSION_METHODS.filter((method) => !OTHERS.includes(method))
    expect([...new Set(methods.map(methodNamed))].sort()).toEqual(ours.sort())
    const checked: Record<ReturnType<typeof kindOf>, number> = {
      equal: 0,
      'set order': 0,
      majority: 0,
      'unstable sort': 0,
    }
    for (const method of methods) {
      expect(Object.keys(golden.expected[method]!).map(normalisationNamed).sort()).toEqual(
        NORMALISATIONS.filter((name) => !OTHERS.includes(name)).sort(),
      )
      const options: FusionOptions = {
        method: methodNamed(method),
        ties: 'given',
        ...golden.params[method],
      }
      for (const [norm, queries] of Object.entries(golden.expected[method]!)) {
        const kind = kindOf(name, method, norm)
        checked[kind]++
        const fused = fuse(runs, { ...options, normalisation: normalisationNamed(norm) })
        expect([...fused.keys()].sort()).toEqual(Object.keys(queries).sort())
        for (const [query, want] of Object.entries(queries)) {
          const label = `${name} ${method} ${norm} ${query}`
          const ours = fused.get(query)!
          if (kind === 'equal') expectScores(ours, withoutStandIns(want, ours), label)
          else if (kind === 'set order') {
            const order = byScore(golden.expected.rrf!.borda![query]!)
            const same: Run[] = runs.map(() => new Map([[query, constant(order)]]))
            expectScores(fuse(same, { ...options, normalisation: 'none' }).get(query)!, want, label)
          } else if (kind === 'majority') expectMajority(byScore(want), ours.ids, ordersOf(runs, query, norm), label)
          else expect([...ours.ids].sort(), label).toEqual(Object.keys(want).sort())
        }
      }
    }
    const ranks = methods.filter((method) => methodOf(methodNamed(method)).on === 'ranks')
    const total = methods.length * Object.keys(golden.expected[methods[0]!]!).length
    expect(checked['set order']).toBe(ranks.length)
    expect(checked['unstable sort']).toBe(name === 'ties' ? ranks.length : 0)
    expect(checked.majority).toBe(name === 'ties' ? 6 : 7)
    expect(checked.equal + checked['set order'] + checked.majority + checked['unstable sort']).toBe(total)
  })
})

/**
 * ranx's CombMAX takes −1e9 for the score in a run that lacks the document. Negative scores divided by 1e-9 (`max`
 * normalisation of a list below zero) lie lower still, and the stand-in comes out as if it were a score. Here runs that
 * lack the document have no say.
 */
function withoutStandIns(want: Scores, ours: Ranking): Scores {
  const mended = { ...want }
  ours.ids.forEach((id, i) => {
    if (want[id] === -1e9 && ours.scores[i]! < -1e9) mended[id] = ours.scores[i]!
  })
  return mended
}

function expectMajority(
  theirs: readonly string[],
  ours: readonly string[],
  orders: readonly ReadonlyMap<string, number>[],
  label: string,
): void {
  const edge = mayPrecede(orders)
  const pairs = forced(theirs, edge)
  for (const order of [theirs, ours]) {
    expect(order.length, label).toBe(theirs.length)
    for (let i = 1; i < order.length; i++) expect(edge(order[i - 1]!, order[i]!), `${label} ${order[i]}`).toBe(true)
    const place = new Map(order.map((id, i) => [id, i]))
    for (const [a, b] of pairs) expect(place.get(theirs[a]!)!, label).toBeLessThan(place.get(theirs[b]!)!)
  }
}
