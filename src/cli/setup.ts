import { type Command, Option } from 'commander'
import { interruptible } from './interrupt.ts'
import { alignTable } from './table.ts'
import { createTerminal } from './terminal.ts'

interface LlamaFlags {
  gpu?: 'cuda' | 'vulkan'
  json?: boolean
}

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
  setup
    .command('llama')
    .summary('llama.cpp, for engine: llama')
    .description(
      'Installs node-llama-cpp with the builds of llama.cpp for this machine alone, by npm, into your folder for data (FIELDTRIAL_LLAMA names another one), and looks whether it works. Nothing is compiled. It is used before one that is installed beside fieldtrial.',
    )
    .addOption(
      new Option('--gpu <kind>', 'a build for this kind of GPU, too (Metal needs none)').choices(['cuda', 'vulkan']),
    )
    .option('--json', 'print what was found as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  fieldtrial setup llama\n  fieldtrial setup llama --gpu cuda\n  fieldtrial doctor                      tells whether it works',
    )
    .action(async (flags: LlamaFlags) => {
      const terminal = createTerminal()
      const { setupLlama } = await import('../engines/llama/setup.ts')
      const found = await interruptible(terminal, (signal) =>
        setupLlama({
          signal,
          say: (line) => terminal.err.write(`${line}\n`),
          ...(flags.gpu === undefined ? {} : { gpu: flags.gpu }),
        }),
      )
      if (flags.json) {
        terminal.out.write(`${JSON.stringify(found)}\n`)
        return
      }
      const { folder, version, release, gpu, devices } = found
      terminal.out.write(
        alignTable([
          ['folder', folder],
          ['node-llama-cpp', version],
          ['llama.cpp', release],
          ['device', gpu === false ? 'cpu' : `${gpu} (${devices.join(', ')})`],
        ]),
      )
    })
}
