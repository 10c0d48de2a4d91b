import type { Command } from 'commander'
import type { Waste } from '../study/waste.ts'
import { formatBytes } from './format.ts'
import { openWorkspace, WORKSPACE_HELP } from './options.ts'
import { createTerminal } from './terminal.ts'

export function registerClean(program: Command): void {
  program
    .command('clean')
    .summary('remove artifacts that no study needs')
    .description(
      'Removes what no study of the workspace needs any more, left-overs of killed processes on this machine, and locks of dead ones.',
    )
    .option('-w, --workspace <dir>', WORKSPACE_HELP)
    .option('--forget <study>', 'forget a study first, so that what only it needed goes too')
    .option('--all', 'remove every artifact, and every converted or rounded copy of a model')
    .option('--dry-run', 'say what would go, and remove nothing')
    .addHelpText('after', '\nExamples:\n  fieldtrial clean --dry-run\n  fieldtrial clean --forget first-look')
    .action(async (flags: { workspace?: string; forget?: string; all?: boolean; dryRun?: boolean }) => {
      const terminal = createTerminal()
      const { findWaste, removeWaste } = await import('../study/waste.ts')
      const workspace = await openWorkspace(flags.workspace)
      const waste = await findWaste(workspace, {
        all: flags.all ?? false,
        ...(flags.forget ? { forget: flags.forget } : {}),
      })
      const tell = (what: string) => (item: Waste) =>
        void terminal.out.write(`${what} ${item.name} (${formatBytes(item.bytes)}): ${item.why}\n`)
      if (flags.dryRun) waste.forEach(tell('would remove'))
      else
        await removeWaste(workspace, waste, {
          ...(flags.forget ? { forget: flags.forget } : {}),
          onRemoved: tell('removed'),
        })
      const bytes = waste.reduce((sum, item) => sum + item.bytes, 0)
      terminal.out.write(waste.length === 0 ? 'Nothing to clean.\n' : `${waste.length} items, ${formatBytes(bytes)}.\n`)
    })
}
