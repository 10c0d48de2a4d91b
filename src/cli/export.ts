import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { ExportLayout } from '../train/export/export.ts'
import { type EncoderFlags, encoderSpec, withRecipeFlags } from './encoder-flags.ts'
import { interruptible } from './interrupt.ts'
import { openWorkspace, WORKSPACE_HELP } from './options.ts'
import { ProgressLine } from './progress.ts'
import { createTerminal } from './terminal.ts'

interface ExportFlags extends EncoderFlags {
  to: ExportLayout
  output: string
  dtype?: string
  task?: string
  workspace?: string
  offline?: boolean
  json?: boolean
  quiet?: boolean
}

export function registerExport(program: Command): void {
  withRecipeFlags(
    program
      .command('export')
      .summary('a model for other programs: merged weights, sentence-transformers, ONNX, GGUF')
      .description(
        'Writes a model, with its adapter merged in, into a new folder with a model card. The recipe is the one that it was trained with, or what its files say, unless --recipe names another; one that the layout cannot express is refused.',
      )
      .argument(
        '<model>',
        'a model folder or hub id, a name that `fieldtrial models` lists, or a folder of LoRA weights (its base is the one that it names)',
      )
      .addOption(
        new Option('--to <layout>', 'what is written')
          .choices(['merged', 'sentence-transformers', 'onnx', 'gguf'])
          .makeOptionMandatory(),
      )
      .requiredOption('-o, --output <dir>', 'folder of the export: empty, or not there yet')
      .option('--adapter <folder or id>', 'LoRA weights in PEFT’s layout that are merged into the model')
      .option(
        '--dtype <type>',
        'precision; onnx: float32 (default), int8; gguf: f16 (default), f32, bf16, q8_0; else that of the base',
      ),
  )
    .option('--task <text>', 'instruction that becomes a part of the prompts (sentence-transformers)')
    .option('-w, --workspace <dir>', WORKSPACE_HELP)
    .option('--offline', 'never use the network')
    .option('--json', 'print what was written as JSON')
    .option('-q, --quiet', 'no progress and no notices')
    .addHelpText(
      'after',
      `
Examples:
  fieldtrial export trained/my-docs/model --to merged -o my-docs-whole
  fieldtrial export trained/my-docs/model --to sentence-transformers -o my-docs-st
  fieldtrial export Qwen/Qwen2.5-0.5B --adapter my-adapter --to gguf --dtype q8_0 --recipe last-token -o my-gguf
  fieldtrial export sentence-transformers/all-MiniLM-L6-v2 --to onnx --dtype int8 -o minilm-int8`,
    )
    .action(async (given: string, flags: ExportFlags) => {
      const terminal = createTerminal({ quiet: flags.quiet ?? false })
      const { openExportModel } = await import('../train/export/model.ts')
      const { exportModel } = await import('../train/export/export.ts')
      const workspace = await openWorkspace(flags.workspace)
      const { dtype, ...recipeFlags } = flags
      // Any engine's models can be exported; of these, torch knows the most, and takes adapters.
      const spec = await encoderSpec(given, { ...recipeFlags, engine: 'torch' })
      const wanted = { ...spec, recipe: { ...spec.recipe, byDefault: flags.recipe === undefined } }
      const progress = new ProgressLine(terminal)
      await interruptible(terminal, async (signal) => {
        const work = {
          signal,
          ...(flags.offline ? { offline: true } : {}),
          onProgress: progress.update,
          onNotice: (notice: { message: string }) => {
            progress.clear()
            if (!terminal.quiet) terminal.err.write(`${notice.message}\n`)
          },
        }
        try {
          const model = await openExportModel(wanted, flags.task ?? null, workspace, work)
          const done = await exportModel(model, flags.to, dtype ?? null, resolve(flags.output), workspace, work)
          progress.clear()
          if (flags.json) terminal.out.write(`${JSON.stringify(done)}\n`)
          else
            terminal.out.write(
              `${flags.output}: ${flags.to}, ${done.dtype}, recipe ${model.recipe.id}\n${done.notes.map((note) => `  ${note}\n`).join('')}`,
            )
        } finally {
          progress.clear()
        }
      })
    })
}
