import type { Command } from 'commander'
import { FieldtrialError } from '../core/errors.ts'
import type { Workspace } from '../core/workspace.ts'
import type { Check } from '../study/doctor/check.ts'
import { type EncoderFlags, encoderSpec, withEncoderFlags } from './encoder-flags.ts'
import { interruptible } from './interrupt.ts'
import { openWorkspace, WORKSPACE_HELP } from './options.ts'
import { createTerminal } from './terminal.ts'

interface DoctorFlags extends EncoderFlags {
  model?: string
  serverModel?: string
  int8?: boolean
  workspace?: string
  json?: boolean
  offline?: boolean
}

export function registerDoctor(program: Command): void {
  withEncoderFlags(
    program
      .command('doctor')
      .summary('check the machine, the workspace, an encoder, and a server against it')
      .description(
        'Checks the environment and every artifact of the workspace. With a model, an encoder: tokenizer, batches, padding, norms, prompts, truncation, NaN, self-retrieval. With --url, a server, and, where the model is a folder here or --recipe is given, its vectors against those computed in this process, with the likely cause of a difference.',
      )
      .argument('[model]', 'a folder, or an id on the Hugging Face hub')
      .option('--model <folder or id>', 'the same'),
  )
    .option('--server-model <name>', 'the name by which the server knows the model (default: the model as given)')
    .option('--int8', 'the same as --dtype int8: tells, too, how far its vectors are from those in float32')
    .option('-w, --workspace <dir>', WORKSPACE_HELP)
    .option('--offline', 'never use the network')
    .option('--json', 'print the checks as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  fieldtrial doctor\n  fieldtrial doctor sentence-transformers/all-MiniLM-L6-v2\n  fieldtrial doctor qwen2.5-coder-0.5b-instruct --recipe promptreps\n  fieldtrial doctor path/to/model --recipe last-token --url http://localhost:8000/v1 --server-model my-model\n\nExit code 6 if a check failed.',
    )
    .action(async (argument: string | undefined, flags: DoctorFlags) => {
      const terminal = createTerminal()
      const model = argument ?? flags.model
      if (model === undefined && (flags.recipe !== undefined || flags.url !== undefined))
        throw new FieldtrialError('USAGE', '--recipe and --url are for a model, and none is given.', {
          hint: 'Name it: `fieldtrial doctor MODEL --recipe R`.',
        })
      const workspace = await openWorkspace(flags.workspace)
      const { checkEnvironment } = await import('../study/doctor/environment.ts')
      const { checkWorkspace } = await import('../study/doctor/integrity.ts')
      const checks: Check[] = []
      const c = terminal.outColors
      const mark = { ok: c.green('✓'), warning: c.yellow('!'), failed: c.red('✗') }
      const add = (check: Check) => {
        checks.push(check)
        if (flags.json) return
        terminal.out.write(
          `${mark[check.status]} ${check.name}: ${check.detail}${check.hint ? `\n    ${c.dim(check.hint)}` : ''}\n`,
        )
      }
      await interruptible(terminal, async (signal) => {
        for (const check of await checkEnvironment(workspace)) add(check)
        for (const check of await checkWorkspace(workspace, { signal })) add(check)
        if (model !== undefined) for await (const check of checksOf(model, flags, workspace, signal)) add(check)
      })
      if (flags.json) terminal.out.write(`${JSON.stringify({ checks })}\n`)
      if (checks.some((check) => check.status === 'failed')) process.exitCode = 6
    })
}

async function* checksOf(
  model: string,
  given: DoctorFlags,
  workspace: Workspace,
  signal: AbortSignal,
): AsyncGenerator<Check> {
  const { examineModel, isModelFolder } = await import('../study/doctor/examine.ts')
  const { url, ...local } = given
  const flags: DoctorFlags = given.int8 ? { ...local, dtype: 'int8' } : local
  const here = url === undefined || given.recipe !== undefined || isModelFolder(model)
  const work = { signal }
  const offline = given.offline ?? false
  if (here) {
    const server = url === undefined ? {} : { server: { url, model: given.serverModel ?? model } }
    yield* examineModel(workspace, { spec: await encoderSpec(model, flags), offline, work, ...server })
    return
  }
  const { checkEncoder } = await import('../study/doctor/encoder.ts')
  const { prepareEncoder } = await import('../study/prepare.ts')
  const spec = await encoderSpec(given.serverModel ?? model, given)
  yield* checkEncoder({ prepared: await prepareEncoder(spec, workspace, { work }), folder: null, signal })
  yield {
    name: 'server against engine',
    status: 'warning',
    detail: 'not compared: it is not known which model and recipe the server should follow',
    hint: 'Give the model’s folder or hub id, and --recipe.',
  }
}
