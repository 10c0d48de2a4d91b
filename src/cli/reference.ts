import type { Command } from 'commander'
import { createProgram } from './main.ts'

/** The reference of the command line in Markdown: the help of every command, as it is printed. */
export function commandReference(): string {
  const program = createProgram()
  const sections = [
    '# The command line\n\n<!-- Made by `node scripts/references.mjs` from the commands’ own help; change src/cli instead. -->\n\nThe same texts are printed by `fieldtrial COMMAND --help`.\n',
    block('fieldtrial', program),
    ...commandsOf(program, 'fieldtrial'),
  ]
  return `${sections.join('\n')}`
}

function commandsOf(parent: Command, name: string): string[] {
  return parent
    .createHelp()
    .visibleCommands(parent)
    .filter((command) => command.name() !== 'help')
    .flatMap((command) => [
      block(`${name} ${command.name()}`, command),
      ...commandsOf(command, `${name} ${command.name()}`),
    ])
}

function block(name: string, command: Command): string {
  let text = ''
  // The help's width must not depend on the terminal of whoever makes the page.
  command.configureOutput({
    writeOut: (part) => (text += part),
    getOutHelpWidth: () => 100,
    getOutHasColors: () => false,
  })
  command.outputHelp()
  return `## \`${name}\`\n\n\`\`\`text\n${text.trim()}\n\`\`\`\n`
}
