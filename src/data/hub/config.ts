import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { OnNotice, OnProgress } from '../../core/progress.ts'

/** What the hub client depends on. */
export interface HubContext {
  /** Folder for listings of repositories; the files themselves go to the cache that huggingface_hub uses. */
  readonly cacheDir: string
  /** Forbids the network. Default: what `HF_HUB_OFFLINE` says. */
  readonly offline?: boolean
  /** Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv
  readonly signal?: AbortSignal
  readonly onNotice?: OnNotice
  readonly onProgress?: OnProgress
  /** First wait before a request is tried again, doubled each time. Default: 500. */
  readonly retryDelayMs?: number
}

export interface HubConfig extends HubContext {
  /** Address of the hub without a slash at the end. */
  readonly endpoint: string
  readonly token: string | undefined
  /** Root of huggingface_hub's cache: `models--owner--name` and so on. */
  readonly cacheRoot: string
  readonly offline: boolean
  readonly retryDelayMs: number
  /** A download without a byte for so long has broken off. */
  readonly idleTimeoutMs: number
}

/**
 * The hub's settings by the environment variables of huggingface_hub: `HF_ENDPOINT`, `HF_TOKEN` (else the file that
 * `hf auth login` writes), `HF_HOME`, `HF_HUB_CACHE`, `HF_HUB_OFFLINE`, `HF_HUB_DOWNLOAD_TIMEOUT` (seconds).
 */
export function hubConfig(context: HubContext): HubConfig {
  const env = context.env ?? process.env
  const home = env.HF_HOME || join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'huggingface')
  const seconds = Number(env.HF_HUB_DOWNLOAD_TIMEOUT)
  return {
    ...context,
    endpoint: (env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, ''),
    token: readToken(env, home),
    cacheRoot: env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || join(home, 'hub'),
    offline: context.offline ?? isTrue(env.HF_HUB_OFFLINE),
    retryDelayMs: context.retryDelayMs ?? 500,
    idleTimeoutMs: seconds > 0 ? seconds * 1000 : 30_000,
  }
}

function readToken(env: NodeJS.ProcessEnv, home: string): string | undefined {
  const given = (env.HF_TOKEN || env.HUGGING_FACE_HUB_TOKEN)?.trim()
  if (given) return given
  if (isTrue(env.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return undefined
  try {
    return readFileSync(env.HF_TOKEN_PATH || join(home, 'token'), 'utf8').trim() || undefined
  } catch {
    return undefined // nobody has logged in
  }
}

function isTrue(value: string | undefined): boolean {
  return ['1', 'on', 'yes', 'true'].includes(value?.toLowerCase() ?? '')
}
