import { setTimeout as sleep } from 'node:timers/promises'
import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import type { HubConfig } from './config.ts'
import type { RepoRef } from './ref.ts'

const ATTEMPTS = 5
const MAX_REDIRECTS = 10
const MAX_WAIT_MS = 60_000

/** A passing fault: the same request may succeed later. */
export class Transient extends Error {
  readonly retryAfterMs: number | undefined

  constructor(message: string, retryAfterMs?: number, cause?: unknown) {
    super(message, { cause })
    this.retryAfterMs = retryAfterMs
  }
}

/**
 * Tries again with growing waits as long as `attempt` throws `Transient`. An attempt that got further than the one
 * before (a longer part of a file) does not count against the limit.
 *
 * @throws FieldtrialError `NETWORK` after five attempts in vain, `CANCELLED`.
 */
export async function withRetries<T>(
  hub: HubConfig,
  what: string,
  attempt: () => Promise<T>,
  progress: () => number = () => 0,
): Promise<T> {
  let failures = 0
  let reached = progress()
  for (;;) {
    throwIfAborted(hub.signal)
    try {
      return await attempt()
    } catch (error) {
      throwIfAborted(hub.signal)
      if (!(error instanceof Transient)) throw error
      const now = progress()
      failures = now > reached ? 1 : failures + 1
      reached = now
      if (failures >= ATTEMPTS)
        throw new FieldtrialError('NETWORK', `${what} failed: ${error.message}.`, {
          hint: `Check the connection to ${hub.endpoint} and run the same command again: what was fetched is kept.`,
          cause: error,
        })
      const wait = error.retryAfterMs ?? hub.retryDelayMs * 2 ** (failures - 1) * (0.75 + Math.random() / 2)
      await sleep(Math.min(wait, MAX_WAIT_MS), undefined, hub.signal ? { signal: hub.signal } : {}).catch(
        () => undefined,
      )
    }
  }
}

/**
 * One GET with redirects followed here rather than by `fetch`, so that the token goes to the hub's own address only.
 *
 * @throws Transient on 429, 5xx and broken connections; FieldtrialError when the hub says no.
 */
export async function hubGet(
  hub: HubConfig,
  repo: RepoRef,
  url: string,
  headers: Readonly<Record<string, string>> = {},
  signal: AbortSignal | undefined = hub.signal,
): Promise<Response> {
  const origin = new URL(hub.endpoint).origin
  let address = new URL(url)
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const authorization =
      hub.token !== undefined && address.origin === origin ? { authorization: `Bearer ${hub.token}` } : undefined
    let response: Response
    try {
      response = await fetch(address, {
        headers: { 'user-agent': 'fieldtrial', ...headers, ...authorization },
        redirect: 'manual',
        ...(signal ? { signal } : {}),
      })
    } catch (error) {
      throw new Transient(`${address.host} cannot be reached (${reason(error)})`, undefined, error)
    }
    const location = response.headers.get('location')
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel()
      address = new URL(location, address)
      continue
    }
    if (response.ok) return response
    await response.body?.cancel()
    throw refusal(response, address, repo, hub)
  }
  throw new FieldtrialError('NETWORK', `${hub.endpoint} redirects in a circle.`, { hint: 'Check HF_ENDPOINT.' })
}

function refusal(response: Response, address: URL, repo: RepoRef, hub: HubConfig): Error {
  const { status, headers } = response
  const place = `${address.host} answered ${status}`
  if (status === 429 || status >= 500 || status === 408) return new Transient(place, retryAfter(headers))
  const missing = repo.type === 'model' ? 'MODEL_MISSING' : 'DATA_MISSING'
  const code = headers.get('x-error-code')
  const kind = repo.type === 'model' ? 'model' : 'data set'
  const page = `${hub.endpoint}/${repo.type === 'model' ? '' : 'datasets/'}${repo.id}`
  if (code === 'GatedRepo')
    return new FieldtrialError(
      missing,
      `The ${kind} ${repo.id} is gated: the hub gives it only to those who agreed to its terms (${place}).`,
      {
        hint: `Agree to the terms at ${page}, then set HF_TOKEN to a token of that account.`,
      },
    )
  if (code === 'RevisionNotFound')
    return new FieldtrialError(missing, `The ${kind} ${repo.id} has no revision "${repo.revision}".`, {
      hint: `Look at ${page}/tree/main for branches, tags and commits.`,
    })
  if (code === 'EntryNotFound')
    return new FieldtrialError(missing, `The ${kind} ${repo.id} has no file ${address.pathname.split('/').pop()}.`, {
      hint: `Look at ${page}/tree/main.`,
    })
  if (status === 401 || status === 403 || status === 404)
    return new FieldtrialError(
      missing,
      `There is no ${kind} ${repo.id} on ${new URL(hub.endpoint).host}, or it is private (${place}).`,
      {
        hint: `Check the name; for a private one set HF_TOKEN${hub.token === undefined ? '' : ' to a token that may read it'}.`,
      },
    )
  return new FieldtrialError('NETWORK', `${place} for ${address.pathname}.`, { hint: 'Check HF_ENDPOINT.' })
}

function retryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after')
  if (value === null) return undefined
  const seconds = Number(value)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now()
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}

export function reason(error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause
  return cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : String(error))
}
