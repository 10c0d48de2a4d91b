import type { Command } from 'commander'
import { interruptible } from './interrupt.ts'
import { alignTable } from './table.ts'
import { createTerminal } from './terminal.ts'

interface SetupFlags {
  python?: string
  basePython?: string
  folder?: string
  pip: string[]
  json?: boolean
}

export function registerSetup(program: Command): void {
  const setup = program.command('setup').summary('install what an engine needs beside Node.js')
  setup
    .command('torch')
    .summary('Python with PyTorch, for engine: torch')
    .description(
      'Makes a virtual environment with the pinned versions of PyTorch, transformers and PEFT, looks whether it works, and remembers it in your settings. With --python, an environment that is there already is checked and remembered; nothing is installed. FIELDTRIAL_PYTHON overrides what is remembered.',
    )
    .option('--python <path>', 'a Python that has torch and transformers already')
    .option('--base-python <path>', 'the Python to make the environment with (default: python3, 3.10 or newer)')
    .option('--folder <dir>', 'where to make the environment (default: in your folder for data)')
    .option(
      '--pip <argument>',
      'a further argument for `pip install`, such as --pip=--index-url=ADDRESS for another build; can be given again',
      (argument: string, before: string[]) => [...before, argument],
      [],
    )
    .option('--json', 'print what was found as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  fieldtrial setup torch\n  fieldtrial setup torch --python ~/venvs/torch/bin/python\n  fieldtrial doctor                      tells whether it works, and which GPUs it sees',
    )
    .action(async (flags: SetupFlags) => {
      const terminal = createTerminal()
      const { setupTorch } = await import('../engines/torch/setup.ts')
      const found = await interruptible(terminal, (signal) =>
        setupTorch({
          signal,
          say: (line) => terminal.err.write(`${line}\n`),
          ...(flags.python === undefined ? {} : { python: flags.python }),
          ...(flags.basePython === undefined ? {} : { basePython: flags.basePython }),
          ...(flags.folder === undefined ? {} : { folder: flags.folder }),
          pipArguments: flags.pip,
        }),
      )
      if (flags.json) {
        terminal.out.write(`${JSON.stringify(found)}\n`)
        return
      }
      terminal.out.write(
        alignTable([
          ['python', found.python],
          ...Object.entries(found.versions).map(([name, version]) => [name, version ?? 'absent']),
          ['devices', found.devices!.map(({ name, label }) => `${name} (${label})`).join(', ')],
          ['remembered in', found.remembered],
        ]),
      )
    })
}
