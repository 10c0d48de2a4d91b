import tab from '@bomb.sh/tab/commander'
import type { Command } from 'commander'

/** Adds `fieldtrial completion SHELL`, which prints a script that completes commands and flags. */
export function registerCompletion(program: Command): void {
  tab(program, { completionCommandName: 'completion' })
  program.commands
    .find((command) => command.name() === 'completion')
    ?.summary('print a shell completion script')
    .addHelpText(
      'after',

      // The shell, not this program, expands the variable.
      // biome-ignore lint/suspicious/noTemplateCurlyInString: shown to the user as it stands
      '\nExamples:\n  fieldtrial completion bash >> ~/.bashrc\n  fieldtrial completion zsh > "${fpath[1]}/_fieldtrial"\n  fieldtrial completion fish > ~/.config/fish/completions/fieldtrial.fish',
    )
}
