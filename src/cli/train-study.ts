import type { Workspace } from '../core/workspace.ts'
import type { Study } from '../study/study.ts'
import type { ProgressLine } from './progress.ts'
import type { Terminal } from './terminal.ts'

/** Trains the models of a study that are to be trained, and says so; resolves to the study with what came of it. */
export async function trainModels(
  study: Study,
  workspace: Workspace,
  at: {
    readonly terminal: Terminal
    readonly progress: ProgressLine
    readonly note: (line: string) => void
    readonly signal: AbortSignal
    readonly offline?: boolean
    readonly dryRun?: boolean
  },
): Promise<Study> {
  if (!study.retrievers.some((spec) => spec.kind === 'dense' && spec.model.training !== undefined)) return study
  const { trainStudy } = await import('../train/study.ts')
  const { describeTrained, describeTraining } = await import('./train-text.ts')
  const { writeTrainingReports } = await import('../report/training/write.ts')
  const { note, terminal } = at
  const trained = await trainStudy(study, workspace, {
    signal: at.signal,
    onProgress: at.progress.update,
    onNotice: ({ message }) => note(message),
    onLine: note,
    ...(at.offline ? { offline: true } : {}),
    ...(at.dryRun ? { planOnly: true } : {}),
    onPlan: (plan) => describeTraining(plan, terminal.errColors).forEach(note),
    onTrained: async (job) => {
      if (!job.cached) await writeTrainingReports(job.folder)
      describeTrained(job).forEach(note)
    },
  })
  if (trained.pending.length > 0)
    note(`Left out of the plan, since they are not trained yet: ${trained.pending.join(', ')}.`)
  return trained.study
}
