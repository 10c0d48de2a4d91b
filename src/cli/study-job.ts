import type { FieldtrialError } from '../core/errors.ts'
import type { Workspace } from '../core/workspace.ts'
import { renderTable, writeReports } from '../report/index.ts'
import { type Executed, executePlan } from '../study/execute.ts'
import { rememberNeeds, removeStaleRuns, writeResults, writeRuns } from '../study/output.ts'
import { type Plan, planStudy } from '../study/plan.ts'
import type { TrialResult } from '../study/results.ts'
import type { Study } from '../study/study.ts'
import { formatSeconds } from './format.ts'
import { describeGroups, describePlan } from './plan-text.ts'
import { ProgressLine } from './progress.ts'
import { say, type Terminal } from './terminal.ts'
import { trainModels } from './train-study.ts'

export interface StudyJob {
  readonly study: Study
  readonly workspace: Workspace
  readonly terminal: Terminal
  readonly signal: AbortSignal
  readonly limit?: number
  readonly offline?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** Plans, runs, writes and prints a study. Resolves to the exit code: 0, or that of the first failed trial. */
export async function runStudyJob(job: StudyJob): Promise<number> {
  const { terminal, workspace, signal } = job
  const progress = new ProgressLine(terminal)
  const c = terminal.errColors
  const note = (line: string) => {
    progress.clear()
    say(terminal, line)
  }
  const work = {
    signal,
    onProgress: progress.update,
    onNotice: (notice: { level: string; message: string }) =>
      note(`${notice.level === 'warning' ? c.yellow('warning: ') : ''}${notice.message}`),
  }
  for (const line of describeGroups(job.study)) say(terminal, line)
  let study: Study
  let plan: Plan
  try {
    study = await trainModels(job.study, workspace, { ...job, progress, note })
    plan = await planStudy(study, workspace, {
      ...work,
      ...(job.limit ? { limit: job.limit } : {}),
      ...(job.offline ? { offline: true } : {}),
    })
  } finally {
    progress.clear()
  }
  for (const line of describePlan(plan, c)) say(terminal, line)
  if (job.dryRun) {
    if (job.json) terminal.out.write(`${JSON.stringify(planJson(plan), null, 1)}\n`)
    return 0
  }
  await rememberNeeds(workspace, plan)
  const started = performance.now()
  let executed: Executed
  try {
    executed = await executePlan(plan, workspace, {
      ...work,
      onTrial: (trial, progress) => note(describeTrial(trial, progress, plan, terminal)),
    })
  } finally {
    progress.clear()
  }
  const { results, evidence, failures } = executed
  await rememberNeeds(workspace, plan, executed)
  await removeStaleRuns(study.outputFolder, results)
  await writeResults(study.outputFolder, results, evidence)
  const runs = study.formats.includes('trec') ? await writeRuns(study.outputFolder, plan, executed) : []
  const reports = await writeReports(
    study.outputFolder,
    results,
    evidence,
    // results.json is always written, and run files are not made from results.
    study.formats.filter((format) => format !== 'trec' && format !== 'json'),
  )
  const cached = results.trials.filter((trial) => trial.cost.cached).length
  note(
    `${results.trials.length} ${results.trials.length === 1 ? 'trial' : 'trials'} in ${formatSeconds((performance.now() - started) / 1000)}${cached > 0 ? `, ${cached} from the workspace` : ''}.`,
  )
  if (job.json) terminal.out.write(`${JSON.stringify(results)}\n`)
  else {
    terminal.out.write(`${renderTable(results, { palette: terminal.outColors, width: terminal.out.columns ?? 100 })}\n`)
    const page = reports.find((path) => path.endsWith('.html'))
    if (runs.length > 0) say(terminal, `Runs: ${runs.length} TREC files in ${study.outputFolder}/runs`)
    terminal.out.write(`Report: ${page ?? study.outputFolder}\n`)
  }
  return exitCode(failures)
}

function exitCode(failures: readonly FieldtrialError[]): number {
  return failures[0]?.exitCode ?? 0
}

function describeTrial(
  trial: TrialResult,
  { done, of, seconds }: { readonly done: number; readonly of: number; readonly seconds: number },
  plan: Plan,
  terminal: Terminal,
): string {
  const c = terminal.errColors
  const head = `[${done}/${of}] ${trial.retriever} × ${trial.collection}`
  if (trial.error)
    return `${c.red('✗')} ${head}: ${trial.error.message}${trial.error.hint ? `\n    ${c.dim(trial.error.hint)}` : ''}`
  const measure = plan.study.measures[0]!.name
  const value = trial.mean[measure]
  return `${c.green('✓')} ${head}: ${measure} ${value === null || value === undefined ? 'undefined' : value.toFixed(4)} ${c.dim(trial.cost.cached ? '(cached)' : `(${formatSeconds(seconds)})`)}`
}

function planJson(plan: Plan) {
  return {
    study: plan.study.name,
    limit: plan.limit,
    groups: plan.study.groups,
    collections: plan.collections.map(({ collection, summary, fingerprint }) => ({
      name: collection.name,
      source: collection.source,
      split: collection.split,
      fingerprint,
      ...summary,
    })),
    trials: plan.trials.map(({ spec, on, steps, cached }) => ({
      retriever: spec.id,
      collection: on.collection.name,
      cached,
      steps,
    })),
  }
}
