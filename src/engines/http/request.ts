import { setTimeout as sleep } from 'node:timers/promises'
import { FieldtrialError, systemCode, throwIfAborted } from '../../core/errors.ts'

/** What a request needs beyond its address and body. */
export interface RequestPolicy {
  readonly key: string | null
  readonly timeoutMs: number
  readonly retries: number
  readonly retryDelayMs: number
}

/** An answer, read to the end. */
export interface HttpAnswer {
  readonly status: number
  /** As received; may hold the key if the server echoes it, so pass it through `snippet` before showing it. */
  readonly body: string
}

const LONGEST_DELAY_MS = 60_000
/** A server that asks for a longer pause than this is not going to serve this run. */
const LONGEST_RETRY_AFTER_MS = 300_000
const SNIPPET = 200

/** Takes the key out of a text, whole or as it stands inside JSON. */
function scrub(text: string, key: string | null): string {
  if (key === null) return text
  const forms = [key, JSON.stringify(key).slice(1, -1), encodeURIComponent(key)]
  return forms.reduce((scrubbed, form) => scrubbed.replaceAll(form, '[key]'), text)
}

/** The start of an answer, on one line, fit to be shown. */
export function snippet(body: string, key: string | null): string {
  // Scrubbed before it is cut: half a key is still a secret.
  const line = scrub(body, key).replace(/\s+/g, ' ').trim()
  if (line === '') return 'an empty body'
  return line.length > SNIPPET ? `${line.slice(0, SNIPPET)}…` : line
}

/**
 * Milliseconds that a `Retry-After` header asks for: seconds or an HTTP date (RFC 9110, 10.2.3).
 *
 * @returns null if the header is absent or makes no sense.
 */
export function retryAfterMs(header: string | null, now = Date.now()): number | null {
  if (header === null) return null
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Number(header) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}

/** Exponential back-off; half of it is chance, so that many clients do not come back at the same moment. */
export function backOffMs(attempt: number, firstMs: number, random = Math.random): number {
  const whole = Math.min(LONGEST_DELAY_MS, firstMs * 2 ** attempt)
  return whole / 2 + (whole / 2) * random()
}

const isTransient = (status: number) => status === 408 || status === 425 || status === 429 || status >= 500

/** The innermost cause says what happened (`ECONNREFUSED`); fetch itself only says that it failed. */
function connectionProblem(error: unknown): string {
  let inner = error
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause
  const message = inner instanceof Error ? inner.message : String(inner)
  const code = systemCode(inner)
  return code === undefined || message.includes(code) ? message : `${message} (${code})`
}

/**
 * One request, tried again with growing pauses after a lost connection, a timeout, 408, 425, 429 and 5xx; `Retry-After` is obeyed.
 * Other answers, errors among them, are returned for the caller to judge. Redirects are not followed: they would carry texts and
 * key to a place that the user did not name.
 *
 * @throws FieldtrialError `NETWORK` after the last try, `CANCELLED`.
 */
export async function request(
  url: URL,
  body: string | null,
  policy: RequestPolicy,
  signal?: AbortSignal,
): Promise<HttpAnswer> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (body !== null) headers['content-type'] = 'application/json'
  if (policy.key !== null) headers.authorization = `Bearer ${policy.key}`
  const place = `${url.origin}${url.pathname}`
  for (let attempt = 0; ; attempt++) {
    throwIfAborted(signal)
    let problem: string
    let asked: number | null = null
    const timeout = AbortSignal.timeout(policy.timeoutMs)
    try {
      const response = await fetch(url, {
        method: body === null ? 'GET' : 'POST',
        headers,
        body,
        redirect: 'manual',
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      })
      const text = await response.text()
      if (response.status >= 300 && response.status < 400)
        throw new FieldtrialError('NETWORK', `${place} sends on to another address (HTTP ${response.status}).`, {
          hint: `Use that address in the study: ${scrub(response.headers.get('location') ?? 'not told', policy.key)}.`,
        })
      if (!isTransient(response.status)) return { status: response.status, body: text }
      problem = `HTTP ${response.status}: ${snippet(text, policy.key)}`
      asked = retryAfterMs(response.headers.get('retry-after'))
    } catch (error) {
      if (error instanceof FieldtrialError) throw error
      throwIfAborted(signal)
      problem = timeout.aborted ? `no answer within ${policy.timeoutMs} ms` : connectionProblem(error)
    }
    const tooLong = asked !== null && asked > LONGEST_RETRY_AFTER_MS
    if (attempt >= policy.retries || tooLong)
      throw new FieldtrialError(
        'NETWORK',
        `${place} gave no usable answer in ${attempt + 1} ${attempt === 0 ? 'try' : 'tries'}; ${tooLong ? `it asks to wait ${Math.round(asked! / 1000)} s` : 'the last'}: ${scrub(problem, policy.key)}`,
        { hint: 'Check that the server is up and that the address is right; finished shards are kept, so run again.' },
      )
    try {
      await sleep(asked ?? backOffMs(attempt, policy.retryDelayMs), undefined, signal === undefined ? {} : { signal })
    } catch {
      throwIfAborted(signal)
    }
  }
}
