import type { Command } from 'commander'
import type { Check } from '../study/doctor/check.ts'
import { type EncoderFlags, encoderSpec } from './encoder-flags.ts'
import { interruptible } from './interrupt.ts'
import { openWorkspace, WORKSPACE_HELP } from './options.ts'
import { createTerminal } from './terminal.ts'

interface DoctorFlags extends EncoderFlags {
  model?: string
  int8?: boolean
  workspace?: string
  json?: boolean
  offline?: boolean
}

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .summary('check the machine, the workspace and an encoder')
    .description(
      'Checks the environment, every artifact of the workspace, and, with --model, an encoder: batch and padding invariance, norms, NaN, repeatability.',
    )
    .option('--model <folder or id>', 'an encoder to check')
    .option('--url <address>', 'its server, if it runs on one')
    .option('--int8', 'load it with int8 weights, and tell how far its vectors are from those in float32')
    .option('-w, --workspace <dir>', WORKSPACE_HELP)
    .option('--offline', 'never use the network')
    .option('--json', 'print the checks as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  fieldtrial doctor\n  fieldtrial doctor --model sentence-transformers/all-MiniLM-L6-v2\n\nExit code 6 if a check failed.',
    )
    .action(async (flags: DoctorFlags) => {
      const terminal = createTerminal()
      const workspace = await openWorkspace(flags.workspace)
      const { checkEnvironment } = await import('../study/doctor/environment.ts')
      const { checkWorkspace } = await import('../study/doctor/integrity.ts')
      const checks: Check[] = []
      const c = terminal.outColors
      const mark = { ok: c.green('✓'), warning: c.yellow('!'), failed: c.red('✗') }
      const add = (more: readonly Check[]) => {
        checks.push(...more)
        if (flags.json) return
        for (const check of more)
          terminal.out.write(
            `${mark[check.status]} ${check.name}: ${check.detail}${check.hint ? `\n    ${c.dim(check.hint)}` : ''}\n`,
          )
      }
      await interruptible(terminal, async (signal) => {
        add(await checkEnvironment(workspace))
        add(await checkWorkspace(workspace, { signal }))
        if (flags.model) {
          const { checkEncoder, checkQuantisation } = await import('../study/doctor/encoder.ts')
          const { prepareEncoder } = await import('../study/prepare.ts')
          const spec = await encoderSpec(flags.model, flags)
          const prepare = (dtype: 'float32' | 'int8') =>
            prepareEncoder({ ...spec, model: { ...spec.model, dtype } }, workspace, {
              ...(flags.offline ? { offline: true } : {}),
              work: { signal },
            })
          add(await checkEncoder(await prepare(flags.int8 ? 'int8' : 'float32'), signal))
          if (flags.int8) add(await checkQuantisation(await prepare('float32'), await prepare('int8'), signal))
        }
      })
      if (flags.json) terminal.out.write(`${JSON.stringify({ checks })}\n`)
      if (checks.some((check) => check.status === 'failed')) process.exitCode = 6
    })
}
