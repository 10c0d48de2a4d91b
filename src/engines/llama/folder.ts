import { join } from 'node:path'
import { dataFolder } from '../torch/user-config.ts'

/** Where `fieldtrial setup llama` installs: `FIELDTRIAL_LLAMA`, else a folder in the user's folder for data. */
export function llamaFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return env.FIELDTRIAL_LLAMA ?? join(dataFolder(env), 'llama')
}
