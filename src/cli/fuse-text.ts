import type { Learned } from '../fusion/index.ts'
import type { Measure } from '../measure/index.ts'
import type { Candidate, CandidateCost } from '../study/fuse/candidates.ts'
import type { Made } from '../study/fuse/make.ts'
import type { Proposal } from '../study/fuse/search.ts'
import type { FusableRun } from '../study/fuse/source.ts'
import { formatBytes } from './format.ts'
import { alignTable } from './table.ts'

/** Candidates shown of a search. */
const SHOWN = 12

interface Evaluated {
  readonly name: string
  readonly mean: ReadonlyMap<string, number | null>
}

/** Measures of the runs and of the fused one, and what was learned. */
export function describeFused(
  runs: readonly FusableRun[],
  evaluated: readonly Evaluated[],
  measures: readonly Measure[],
  { folds, whole }: Made,
): string {
  const number = (value: number | null | undefined) => (value === null || value === undefined ? '-' : value.toFixed(4))
  const table =
    evaluated.length === 0
      ? ''
      : alignTable([
          ['run', ...measures.map(({ name }) => name)],
          ...evaluated.map(({ name, mean }) => [name, ...measures.map((measure) => number(mean.get(measure.name)))]),
        ])
  if (whole === null) return table
  const names = runs.map(({ name }) => name)
  const lines = [
    ...folds.map((part, i) => [`fold ${i + 1}`, ...learnedCells(part)]),
    ['all queries', ...learnedCells(whole)],
  ]
  const head = whole.kind === 'weights' ? ['learned from', ...names] : ['learned from', 'route', ...names]
  return `${table}\n${alignTable([head, ...lines])}Each query was ranked by what the other folds gave; use the last line for queries to come.\n`
}

function learnedCells(learned: Learned): string[] {
  if (learned.kind === 'weights') return learned.weights.map((weight) => weight.toFixed(4))
  const total = learned.chosen.reduce((sum, count) => sum + count, 0)
  return [
    learned.strength,
    ...learned.choices[0]!.map((_, member) => {
      const count = learned.chosen.reduce((sum, n, choice) => sum + n * learned.choices[choice]![member]!, 0)
      return total === 0 ? '-' : `${((100 * count) / total).toFixed(0)} %`
    }),
  ]
}

/** What was tried, what is proposed, and what it is worth on queries that the search never saw. */
export function describeProposal(proposal: Proposal, measure: string, from: string): string {
  const { candidates, best, single, searched, heldOut, weights } = proposal
  const { comparison } = heldOut
  const shown = candidates.slice(0, SHOWN)
  const costs = shown.some(({ cost }) => cost !== null)
  const table = alignTable([
    ['members', 'kind', 'fusion', measure, ...(costs ? ['ms per query', 'indexes', 'bytes', 'models'] : [])],
    ...shown.map((candidate) => [
      candidate.members.join(', '),
      KINDS[candidate.kind],
      formName(candidate),
      candidate.value.toFixed(4),
      ...(costs && candidate.cost ? costCells(candidate.cost) : []),
    ]),
  ])
  const signed = (x: number) => `${x < 0 ? '' : '+'}${x.toFixed(4)}`
  const p = comparison.p < 0.0001 ? 'p < 0.0001' : `p = ${comparison.p.toFixed(4)}`
  const lead =
    best.kind === 'single'
      ? `No fusion was better than ${best.members[0]} alone on the queries of the search.`
      : `On these the proposal (${KINDS[best.kind]}) has ${measure} ${heldOut.value.toFixed(4)}, ${single.members[0]} alone ${heldOut.singleValue.toFixed(4)}: ${signed(comparison.difference)} [${signed(comparison.interval[0])}, ${signed(comparison.interval[1])}], ${p} (paired randomisation test).`
  return [
    `${from}: ${candidates.length} combinations (${countKinds(candidates)}) on ${searched} queries${candidates.length > SHOWN ? `, the best ${SHOWN}` : ''}. These figures chose the winner and are too high for it:`,
    table,
    `Held out, ${heldOut.queries} queries that the search never saw:`,
    lead,
    ...(best.kind === 'single' ? [] : ['', 'In a study file:', studyLines(best, weights)]),
    ...leftOutLines(proposal),
    '',
  ].join('\n')
}

const KINDS: Readonly<Record<Candidate['kind'], string>> = {
  single: 'one retriever',
  runs: 'runs',
  space: 'one space',
}

function countKinds(candidates: readonly Candidate[]): string {
  const count = (kind: Candidate['kind']) => candidates.filter((candidate) => candidate.kind === kind).length
  return `${count('single')} single, ${count('runs')} of runs, ${count('space')} of spaces`
}

function costCells({ msPerQuery, indexBytes, indexes, encodings }: CandidateCost): string[] {
  return [msPerQuery.toFixed(2), String(indexes), formatBytes(indexBytes), encodings === null ? '-' : String(encodings)]
}

function formName(candidate: Candidate): string {
  if (candidate.kind === 'single') return 'alone'
  return `${candidate.form.name}${candidate.form.learned ? ', learned' : ''}`
}

function studyLines(best: Exclude<Candidate, { kind: 'single' }>, weights: readonly number[] | null): string {
  const { method } = best.form.options
  const more =
    best.kind === 'runs'
      ? { normalisation: best.form.options.normalisation }
      : { dimensions: best.form.options.dimensions }
  // A member that learned weights leave nothing is a cost without a use.
  const used = best.members.flatMap((name, i) => (weights === null || weights[i]! > 0 ? [{ name, i }] : []))
  const kept = used.length > 1 ? used : best.members.map((name, i) => ({ name, i }))
  const fields = [
    `method: ${method}`,
    `of: [${kept
      .map(({ name }) => name)
      .map((name) => (/^[\w.-]+$/.test(name) ? name : JSON.stringify(name)))
      .join(', ')}]`,
    ...Object.entries(more).flatMap(([field, value]) => (value === undefined ? [] : [`${field}: ${value}`])),
    ...(weights === null ? [] : [`weights: [${kept.map(({ i }) => weights[i]).join(', ')}]`]),
  ]
  return `  fusion:\n    - { ${fields.join(', ')} }`
}

/** What was not tried although it might have been. */
function leftOutLines({ leftOut, withoutVectors }: Proposal): string[] {
  const lines = leftOut.map(({ members, form, why }) => `Not made: ${form} of ${members.join(', ')}: ${why}`)
  if (withoutVectors.length > 0)
    lines.push(
      `No spaces of ${withoutVectors.join(', ')}: their vectors are not in the workspace. Run the study again, or name its workspace.`,
    )
  return lines.length === 0 ? [] : ['', ...lines]
}

/** The proposal as JSON. */
export function proposalJson(proposal: Proposal, measure: string) {
  const { candidates, best, single, weights, searched, heldOut, leftOut, withoutVectors } = proposal
  const plain = (candidate: Candidate) => {
    const { kind, members, value, cost } = candidate
    const fusion = candidate.kind === 'single' ? null : { ...candidate.form.options, learned: candidate.form.learned }
    return { kind, members, fusion, value, cost }
  }
  return {
    measure,
    searched,
    proposal: { ...plain(best), weights },
    single: plain(single),
    heldOut,
    candidates: candidates.map(plain),
    leftOut,
    withoutVectors,
  }
}
