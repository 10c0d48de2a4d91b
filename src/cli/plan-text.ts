import type { Plan, PlannedTrial } from '../study/plan.ts'
import { summariseRetriever } from '../study/summary.ts'
import { formatBytes, formatCount, formatSeconds } from './format.ts'
import type { Terminal } from './terminal.ts'

/** What will be done, what is there already, and what it will cost: printed before any work. */
export function describePlan(plan: Plan, c: Terminal['errColors']): string[] {
  const { study, trials, collections } = plan
  const lines = [
    `${c.bold(study.name)}: ${count(study.retrievers.length, 'retriever')} × ${count(collections.length, 'collection')} = ${count(trials.length, 'trial')}`,
  ]
  if (plan.limit !== null)
    lines.push(
      c.yellow(
        `Smoke run: ${count(plan.limit, 'query', 'queries')} per collection at most. These numbers compare with nothing.`,
      ),
    )
  for (const { collection, summary } of collections) {
    lines.push(
      `  ${collection.name} (${collection.split}): ${formatCount(summary.documents)} documents, ${formatCount(summary.queries)} queries, ${formatCount(summary.judgments)} judgments`,
    )
    for (const finding of summary.findings)
      if (finding.level === 'warning') lines.push(`    ${c.yellow('warning:')} ${finding.message}`)
  }
  for (const spec of study.retrievers) {
    const info = plan.encoders.get(spec.id)?.info
    lines.push(`  ${spec.id}: ${c.dim(summariseRetriever(spec, info?.recipe))}`)
    for (const warning of info?.warnings ?? []) lines.push(`    ${c.yellow('warning:')} ${warning}`)
    for (const trial of trials) {
      const work = describeWork(trial)
      if (trial.spec === spec && work !== '') lines.push(`    on ${trial.on.collection.name}: ${work}`)
    }
  }
  const training = plan.training.trials.map(({ trial }) => trial)
  lines.push(describeTotal(trials, training))
  return lines
}

/** What the groups of a study became: known before any collection is opened. */
export function describeGroups({ groups }: Plan['study']): string[] {
  const lines: string[] = []
  for (const { given, members, left } of groups) {
    lines.push(
      `${given}: ${count(members.length, 'collection')}${members.length > 0 ? ` (${members.join(', ')})` : ''}`,
    )
    for (const { id, why } of left) lines.push(`  left out: ${id}, ${why}`)
  }
  return lines
}

/** The steps that take their time; a trial of which all is cached or quick needs no line. */
function describeWork(trial: PlannedTrial): string {
  return trial.steps
    .filter(({ cached, estimate }) => !cached && (estimate.seconds === null || estimate.seconds >= 1))
    .map(({ what, estimate }) => `${what} ${about(estimate.seconds)}`)
    .join(', ')
}

/** @param training Further work that stands in no table: runs that fusions are learned from. */
function describeTotal(trials: readonly PlannedTrial[], training: readonly PlannedTrial[]): string {
  const left = new Map(
    [...trials, ...training].flatMap((trial) =>
      trial.steps.filter((step) => !step.cached).map((step) => [`${step.kind}/${step.fingerprint}`, step.estimate]),
    ),
  )
  const cached = trials.filter((trial) => trial.cached).length
  const state = `${cached} of ${count(trials.length, 'trial')} cached`
  if (left.size === 0) return `Nothing to do: ${state}.`
  const estimates = [...left.values()]
  const unknown = estimates.some((estimate) => estimate.seconds === null)
  const seconds = estimates.reduce((sum, estimate) => sum + (estimate.seconds ?? 0), 0)
  const memory = Math.max(...estimates.map((estimate) => estimate.memoryBytes))
  const disk = estimates.reduce((sum, estimate) => sum + estimate.diskBytes, 0)
  return `Estimate: ${about(seconds)}${unknown ? ' and what servers take' : ''}, ${formatBytes(memory)} of memory, ${formatBytes(disk)} of disk; ${state}.`
}

function about(seconds: number | null): string {
  return seconds === null
    ? 'for an unknown time'
    : seconds < 1
      ? 'under 1 s'
      : `about ${formatSeconds(seconds < 10 ? Math.ceil(seconds) : seconds)}`
}

function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}
