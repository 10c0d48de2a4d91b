import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { interruptible } from './interrupt.ts'
import { openWorkspace, positiveInteger, WORKSPACE_HELP } from './options.ts'
import { ProgressLine } from './progress.ts'
import { createTerminal, say } from './terminal.ts'

interface TrainFlags {
  plan?: boolean
  restart?: boolean
  output?: string
  threads?: number
  host?: number
  workspace?: string
  offline?: boolean
  json?: boolean
  quiet?: boolean
}

export function registerTrain(program: Command): void {
  program
    .command('train')
    .summary('fine-tune a model into a retriever')
    .description(
      'Trains the model of a training file on queries and the documents that answer them, with the same recipe that encodes later. Goes on from the last checkpoint where an earlier run was stopped. Needs `fieldtrial setup torch`.',
    )
    .argument('<file>', 'training file (YAML or JSON)')
    .option('--plan', 'prepare the data, tell memory and time, and stop')
    .option('--restart', 'give up what an earlier training left in the folder')
    .option('-o, --output <dir>', 'folder of the job (default: that of the file)')
    .option('--threads <n>', 'threads on the processor (default: PyTorch’s own choice)', positiveInteger)
    .option('--host <n>', 'take part as host n (from 1) in a training that another host has started', positiveInteger)
    .option('-w, --workspace <dir>', WORKSPACE_HELP)
    .option('--offline', 'never use the network')
    .option('--json', 'print the plan, or what came of it, as JSON')
    .option('-q, --quiet', 'no progress and no notices')
    .addHelpText(
      'after',
      '\nExamples:\n  fieldtrial train studies/train/own-data.yaml --plan\n  fieldtrial train studies/train/own-data.yaml\n  fieldtrial run --collection data/mine --retriever trained/own-data/model',
    )
    .action(async (file: string, flags: TrainFlags) => {
      const terminal = createTerminal({ quiet: flags.quiet ?? false })
      const { readTrainingFile } = await import('../train/parse.ts')
      const { planTraining } = await import('../train/job/plan.ts')
      const { runTraining } = await import('../train/job/run.ts')
      const { describeTraining, describeTrained } = await import('./train-text.ts')
      const read = await readTrainingFile(file)
      const training = flags.output === undefined ? read : { ...read, folder: resolve(flags.output) }
      const progress = new ProgressLine(terminal)
      const line = (text: string) => {
        progress.clear()
        say(terminal, text)
      }
      await interruptible(terminal, async (signal) => {
        const work = {
          signal,
          onProgress: progress.update,
          onNotice: (notice: { message: string }) => line(notice.message),
        }
        if (flags.host !== undefined) {
          const { joinTraining } = await import('../train/job/join.ts')
          return joinTraining(training, flags.host, work)
        }
        const workspace = await openWorkspace(flags.workspace)
        try {
          const plan = await planTraining(training, workspace, {
            ...work,
            ...(flags.offline ? { offline: true } : {}),
            ...(flags.plan ? { planOnly: true } : {}),
            ...(flags.restart ? { restart: true } : {}),
            ...(flags.threads === undefined ? {} : { threads: flags.threads }),
          })
          if (flags.plan && !flags.json) {
            progress.clear()
            terminal.out.write(`${describeTraining(plan, terminal.outColors).join('\n')}\n`)
            return
          }
          for (const text of describeTraining(plan, terminal.errColors)) line(text)
          if (flags.plan) {
            const { job, estimate, size, set } = plan
            terminal.out.write(`${JSON.stringify({ job, estimate, size, data: set.detail }, null, 1)}\n`)
            return
          }
          const trained = await runTraining(plan, workspace, {
            ...work,
            ...(flags.restart ? { restart: true } : {}),
            onLine: line,
          })
          const { writeTrainingReports } = await import('../report/training/write.ts')
          await writeTrainingReports(training.folder)
          progress.clear()
          if (flags.json) terminal.out.write(`${JSON.stringify(trained.record)}\n`)
          else {
            for (const text of describeTrained(trained)) terminal.out.write(`${text}\n`)
            terminal.out.write(`Report: ${join(training.folder, 'report.html')}\n`)
          }
        } finally {
          progress.clear()
        }
      })
    })
}
