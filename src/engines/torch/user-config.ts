import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError, systemCode } from '../../core/errors.ts'

/** What fieldtrial remembers for a user, whatever the workspace. */
export interface UserConfig {
  /** Absolute path of the Python that runs the engine torch. */
  readonly python?: string
}

type Env = Readonly<Record<string, string | undefined>>

/** The user's folder for settings: `XDG_CONFIG_HOME/fieldtrial`, `~/.config/fieldtrial`, or on Windows `APPDATA\fieldtrial`. */
function configFolder(env: Env = process.env): string {
  if (env.XDG_CONFIG_HOME) return join(env.XDG_CONFIG_HOME, 'fieldtrial')
  if (process.platform === 'win32' && env.APPDATA) return join(env.APPDATA, 'fieldtrial')
  return join(homedir(), '.config', 'fieldtrial')
}

/** The user's folder for what programs make: `XDG_DATA_HOME/fieldtrial`, `~/.local/share/fieldtrial`, or `LOCALAPPDATA\fieldtrial`. */
export function dataFolder(env: Env = process.env): string {
  if (env.XDG_DATA_HOME) return join(env.XDG_DATA_HOME, 'fieldtrial')
  if (process.platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, 'fieldtrial')
  return join(homedir(), '.local', 'share', 'fieldtrial')
}

export function configFile(env: Env = process.env): string {
  return join(configFolder(env), 'config.json')
}

/** @throws FieldtrialError `USAGE` where the file is not what fieldtrial wrote. */
export async function readUserConfig(env: Env = process.env): Promise<UserConfig> {
  const file = configFile(env)
  try {
    const { python } = JSON.parse(await readFile(file, 'utf8')) as { python?: unknown }
    return typeof python === 'string' ? { python } : {}
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return {}
    throw new FieldtrialError('USAGE', `${file} cannot be read as JSON.`, {
      where: { file },
      hint: 'Delete the file, and run `fieldtrial setup torch` again.',
      cause: error,
    })
  }
}

export async function writeUserConfig(config: UserConfig, env: Env = process.env): Promise<void> {
  await writeAtomic(configFile(env), `${JSON.stringify(config, null, 2)}\n`)
}
