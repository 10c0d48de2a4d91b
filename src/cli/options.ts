import { resolve } from 'node:path'
import { InvalidArgumentError } from 'commander'
import type { Workspace } from '../core/workspace.ts'

/** For flags that may be given several times. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value]
}

export function positiveInteger(value: string): number {
  const number = Number(value)
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('It must be a whole number from 1.')
  return number
}

export const WORKSPACE_HELP = 'folder of all artifacts (default: $FIELDTRIAL_WORKSPACE, else .fieldtrial)'

/** Opens the workspace that the flag, the environment or the default names. */
export async function openWorkspace(flag: string | undefined): Promise<Workspace> {
  const { Workspace } = await import('../core/workspace.ts')
  return Workspace.open(workspaceFolder(flag))
}

export function workspaceFolder(flag: string | undefined): string {
  return resolve(flag ?? process.env.FIELDTRIAL_WORKSPACE ?? '.fieldtrial')
}

/** `-` is standard input, as for other tools. */
export function inputFile(name: string): string {
  return name === '-' ? '/dev/stdin' : name
}
