import { FieldtrialError } from '../../core/errors.ts'
import type { Document, Query } from '../../data/index.ts'
import { inParallel } from '../../engines/http/batches.ts'
import { readKey, resolveHttpOptions } from '../../engines/http/options.ts'
import { request, snippet } from '../../engines/http/request.ts'
import { documentText } from '../../study/identity.ts'
import type { NegativeFilter } from './filter.ts'

export interface LlmFilterOptions {
  /** Base address of an OpenAI-compatible server, up to `/v1`. */
  readonly url: string
  readonly model: string
  /** Environment variable with the key; as `HttpOptions.apiKeyEnv`. */
  readonly apiKeyEnv?: string
  /** With `{query}` and `{passage}`; it must ask for yes or no. Default: {@link JUDGE_PROMPT}. */
  readonly prompt?: string
  /** Questions under way at the same time. Default: 4. */
  readonly concurrency?: number
  /** Tokens of an answer; more than a word, for models that think first. Default: 512. */
  readonly maxTokens?: number
  readonly timeoutMs?: number
  readonly retries?: number
  readonly retryDelayMs?: number
}

const JUDGE_PROMPT =
  'Query: {query}\n\nPassage: {passage}\n\nDoes the passage answer the query, or hold what somebody who asks it is looking for? Reply with one word: yes or no.'

/**
 * A language model's opinion on single passages, through `POST {base}/chat/completions`. An answer that is neither yes nor no is unclear:
 * such a passage does not become a negative.
 *
 * @throws FieldtrialError `USAGE` for a prompt without its slots or a bad address; later `NETWORK` where the server refuses.
 */
export function llmFilter(options: LlmFilterOptions): NegativeFilter {
  const { model, prompt = JUDGE_PROMPT, maxTokens = 512, concurrency = 4 } = options
  for (const slot of ['{query}', '{passage}'])
    if (!prompt.includes(slot))
      throw new FieldtrialError('USAGE', `The prompt for the judging model has no ${slot}.`, {
        hint: 'Write where query and passage go, and ask for yes or no.',
      })
  const http = resolveHttpOptions({
    url: options.url.replace(/\/chat\/completions\/?$/, ''),
    model,
    api: 'openai',
    concurrency,
    ...(options.apiKeyEnv === undefined ? {} : { apiKeyEnv: options.apiKeyEnv }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    ...(options.retries === undefined ? {} : { retries: options.retries }),
    ...(options.retryDelayMs === undefined ? {} : { retryDelayMs: options.retryDelayMs }),
  })
  const { timeoutMs, retries, retryDelayMs } = http
  const policy = { key: readKey(http.apiKeyEnv), timeoutMs, retries, retryDelayMs }
  const url = new URL(`${http.base.href.replace(/\/+$/, '')}/chat/completions`)

  const ask = async (query: Query, document: Document, signal: AbortSignal): Promise<number | null> => {
    const content = filled(prompt, query.text, documentText(document))
    const messages = [{ role: 'user', content }]
    const body = JSON.stringify({ model, messages, temperature: 0, max_tokens: maxTokens })
    const answer = await request(url, body, policy, signal)
    const told = `${url.origin}${url.pathname} answered HTTP ${answer.status}: ${snippet(answer.body, policy.key)}`
    if (answer.status !== 200)
      throw new FieldtrialError('NETWORK', told, {
        hint: 'Check the address (with /v1), the name of the model and the key; what was judged is kept, so run again.',
      })
    const text = contentOf(answer.body)
    if (text === null)
      throw new FieldtrialError('NETWORK', `${told}; there is no choices[0].message.content in it.`, {
        hint: 'Name an OpenAI-compatible server that serves chat completions.',
      })
    return opinionOf(text)
  }
  return {
    identity: { filter: 'llm', url: http.base.href, model, prompt, maxTokens },
    summary: `${model} on ${http.base.host}, asked for yes or no`,
    scoresPositives: false,
    async score(query, documents, signal) {
      const scores = documents.map((): number | null => null)
      await inParallel(
        [...documents.keys()],
        http.concurrency,
        async (i, stop) => {
          scores[i] = await ask(query, documents[i]!, stop)
        },
        signal,
      )
      return scores
    },
    verdict: (score) => (score === null ? 'unclear' : score > 0 ? 'filter' : 'keep'),
    close: async () => undefined,
  }
}

/** Both slots are filled at once, so that a query with `{passage}` in it changes nothing. */
function filled(prompt: string, query: string, passage: string): string {
  return prompt.replace(/\{(query|passage)\}/g, (_, slot) => (slot === 'query' ? query : passage))
}

function contentOf(body: string): string | null {
  try {
    const answer = JSON.parse(body) as { choices?: readonly { message?: { content?: unknown } }[] }
    const content = answer.choices?.[0]?.message?.content
    return typeof content === 'string' ? content : null
  } catch {
    return null
  }
}

/** 1 for yes, 0 for no, null for neither; what a model thinks aloud before (`<think>…</think>`) does not count. */
export function opinionOf(answer: string): number | null {
  const said = /^[\s*"'`.]*(yes|no)\b/i.exec(answer.replace(/^[\s\S]*<\/think>/i, ''))?.[1]?.toLowerCase()
  return said === undefined ? null : said === 'yes' ? 1 : 0
}
