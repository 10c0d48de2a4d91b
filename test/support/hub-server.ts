import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export type RepoFiles = Readonly<Record<string, string | Uint8Array>>

export interface LoggedRequest {
  /** `hub` for the API, `cdn` for the store of large files, which is another origin. */
  readonly host: 'hub' | 'cdn'
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  readonly range: string | undefined
}

/** Something that goes wrong with the next requests whose path matches. */
export interface Fault {
  readonly match: RegExp
  /** How many requests it hits; default 1. */
  times?: number
  /** Answer with this status … */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** … or close the connection after so many bytes of the body … */
  readonly cutAfter?: number
  /** … or send other bytes of the same length … */
  readonly garble?: boolean
  /** … or send nothing more after the headers. */
  readonly stall?: boolean
}

interface Repo {
  readonly commits: Map<string, RepoFiles>
  readonly refs: Map<string, string>
  gated: boolean
}

interface Blob {
  readonly bytes: Buffer
  readonly oid: string
  /** SHA-256 for large files, which live on the other host. */
  readonly sha256: string | undefined
}

/** Large to this hub: real ones start at 10 MB, or at the endings in .gitattributes. */
const LARGE = /\.(safetensors|parquet|onnx|bin)$/
const PAGE = 3

/**
 * A Hugging Face hub with the routes, headers and redirects of the real one, for tests: revisions, paged trees, resolve
 * with ETag, Range and X-Repo-Commit, large files behind a redirect to another origin, gated repositories, and faults.
 */
export class TestHub {
  readonly requests: LoggedRequest[] = []
  readonly faults: Fault[] = []
  /** Whether the server knows the Range header. */
  ranges = true
  readonly #repos = new Map<string, Repo>()
  readonly #large = new Map<string, Buffer>()
  /** Address for HF_ENDPOINT. */
  endpoint = ''
  readonly #hub: Server
  readonly #cdn: Server

  constructor() {
    this.#hub = createServer((request, response) => this.#answerHub(request, response))
    this.#cdn = createServer((request, response) => this.#answerCdn(request, response))
  }

  /** Starts a hub that stops when the running test ends. */
  static async start(): Promise<TestHub> {
    const hub = new TestHub()
    for (const server of [hub.#hub, hub.#cdn])
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    hub.endpoint = `http://127.0.0.1:${(hub.#hub.address() as AddressInfo).port}`
    onTestFinished(() => hub.stop())
    return hub
  }

  stop(): void {
    for (const server of [this.#hub, this.#cdn]) {
      server.closeAllConnections()
      server.close()
    }
  }

  /**
   * Puts files into a repository as a new commit.
   *
   * @param repo `models/owner/name` or `datasets/owner/name`.
   * @param commit What the commit is to be called, for names that pin one. Default: made up.
   * @returns The commit.
   */
  push(repo: string, files: RepoFiles, ref = 'main', commit?: string): string {
    const known = this.#repos.get(repo) ?? { commits: new Map(), refs: new Map(), gated: false }
    this.#repos.set(repo, known)
    const name = commit ?? createHash('sha1').update(`${repo} ${known.commits.size}`).digest('hex')
    known.commits.set(name, files)
    known.refs.set(ref, name)
    return name
  }

  gate(repo: string): void {
    this.#repos.get(repo)!.gated = true
  }

  /** Paths of the requests so far, for a look at what was asked; forgets them. */
  takePaths(): string[] {
    return this.requests.splice(0).map(({ host, path }) => (host === 'cdn' ? `cdn:${path}` : path))
  }

  #answerHub(request: IncomingMessage, response: ServerResponse): void {
    const path = this.#log('hub', request)
    const fault = this.#fault(path)
    if (fault?.status !== undefined) {
      response.writeHead(fault.status, fault.headers).end('broken')
      return
    }
    const url = new URL(path, this.endpoint)
    const api = /^\/api\/(models|datasets)\/(.+?)\/(revision|tree)\/([^/]+)$/.exec(url.pathname)
    const resolve = /^\/(datasets\/)?(.+?)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname)
    if (api) {
      const [, type, id, what, revision] = api as unknown as string[]
      const found = this.#find(`${type}/${id}`, decodeURIComponent(revision!), request, response)
      if (found && what === 'revision') json(response, { id, sha: found.commit, private: false })
      else if (found) this.#tree(found.files, url, response)
      return
    }
    if (!resolve) {
      refuse(response, 404, undefined, 'Not found')
      return
    }
    const [, dataset, id, revision, file] = resolve as unknown as string[]
    const found = this.#find(
      `${dataset ? 'datasets' : 'models'}/${id}`,
      decodeURIComponent(revision!),
      request,
      response,
    )
    if (!found) return
    const content = found.files[decodeURIComponent(file!)]
    if (content === undefined) {
      refuse(response, 404, 'EntryNotFound', 'Entry not found')
      return
    }
    const blob = blobOf(decodeURIComponent(file!), content)
    const headers = { 'X-Repo-Commit': found.commit, 'Accept-Ranges': 'bytes' }
    if (blob.sha256 === undefined) {
      this.#send(request, response, blob.bytes, { ...headers, ETag: `"${blob.oid}"` }, fault)
      return
    }
    this.#large.set(blob.sha256, blob.bytes)
    const port = (this.#cdn.address() as AddressInfo).port
    response
      .writeHead(302, {
        ...headers,
        // Another name for the same machine is another origin.
        Location: `http://localhost:${port}/lfs/${blob.sha256}?signature=abc`,
        'X-Linked-Size': blob.bytes.length,
        'X-Linked-ETag': `"${blob.sha256}"`,
      })
      .end()
  }

  #answerCdn(request: IncomingMessage, response: ServerResponse): void {
    const path = this.#log('cdn', request)
    const fault = this.#fault(path)
    if (fault?.status !== undefined) {
      response.writeHead(fault.status, fault.headers).end('broken')
      return
    }
    const bytes = this.#large.get(/^\/lfs\/([0-9a-f]+)/.exec(path)?.[1] ?? '')
    if (bytes) this.#send(request, response, bytes, { 'Accept-Ranges': 'bytes' }, fault)
    else refuse(response, 404, undefined, 'Not found')
  }

  #find(name: string, revision: string, request: IncomingMessage, response: ServerResponse) {
    const repo = this.#repos.get(name)
    // The real hub does not tell strangers whether a repository exists.
    if (!repo) return refuse(response, 401, 'RepoNotFound', 'Invalid username or password.')
    if (repo.gated && request.headers.authorization !== 'Bearer good-token')
      return refuse(
        response,
        request.headers.authorization ? 403 : 401,
        'GatedRepo',
        `Access to ${name} is restricted.`,
      )
    const commit = repo.refs.get(revision) ?? revision
    const files = repo.commits.get(commit)
    if (!files) return refuse(response, 404, 'RevisionNotFound', `Invalid rev id: ${revision}`)
    return { commit, files }
  }

  #tree(files: RepoFiles, url: URL, response: ServerResponse): void {
    const folders = new Set(
      Object.keys(files).flatMap((path) => path.split('/').map((_, i, parts) => parts.slice(0, i).join('/'))),
    )
    const entries = [
      ...[...folders].filter(Boolean).map((path) => ({ type: 'directory', path, size: 0, oid: '0'.repeat(40) })),
      ...Object.entries(files).map(([path, content]) => {
        const { bytes, oid, sha256 } = blobOf(path, content)
        const size = bytes.length
        return { type: 'file', path, size, oid, ...(sha256 ? { lfs: { oid: sha256, size, pointerSize: 130 } } : {}) }
      }),
    ]
    const start = Number(url.searchParams.get('cursor') ?? 0)
    if (start + PAGE < entries.length) {
      url.searchParams.set('cursor', String(start + PAGE))
      response.setHeader('Link', `<${url.href}>; rel="next"`)
    }
    json(response, entries.slice(start, start + PAGE))
  }

  #send(
    request: IncomingMessage,
    response: ServerResponse,
    whole: Buffer,
    headers: Readonly<Record<string, string>>,
    fault: Fault | undefined,
  ): void {
    const from = this.ranges ? /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] : undefined
    const start = Number(from ?? 0)
    if (from !== undefined && start >= whole.length) {
      response.writeHead(416).end()
      return
    }
    const bytes = fault?.garble ? Buffer.alloc(whole.length - start, '?') : whole.subarray(start)
    response.writeHead(from === undefined ? 200 : 206, {
      ...headers,
      'Content-Length': bytes.length,
      ...(from === undefined ? {} : { 'Content-Range': `bytes ${start}-${whole.length - 1}/${whole.length}` }),
    })
    if (fault?.stall) response.write(bytes.subarray(0, 1))
    else if (fault?.cutAfter !== undefined)
      response.write(bytes.subarray(0, fault.cutAfter), () => setTimeout(() => response.destroy(), 20))
    else response.end(request.method === 'HEAD' ? undefined : bytes)
  }

  #log(host: LoggedRequest['host'], request: IncomingMessage): string {
    const path = request.url!
    const { authorization, range } = request.headers
    this.requests.push({ host, method: request.method!, path, authorization, range })
    return path
  }

  #fault(path: string): Fault | undefined {
    const fault = this.faults.find(({ match }) => match.test(path))
    if (!fault) return undefined
    fault.times = (fault.times ?? 1) - 1
    if (fault.times === 0) this.faults.splice(this.faults.indexOf(fault), 1)
    return fault
  }
}

function blobOf(path: string, content: string | Uint8Array): Blob {
  const bytes = Buffer.from(content as string)
  return {
    bytes,
    oid: createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex'),
    sha256: LARGE.test(path) ? createHash('sha256').update(bytes).digest('hex') : undefined,
  }
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
}

function refuse(response: ServerResponse, status: number, code: string | undefined, message: string): undefined {
  response
    .writeHead(status, {
      ...(code ? { 'X-Error-Code': code, 'X-Error-Message': message } : {}),
      'Content-Type': 'application/json',
    })
    .end(JSON.stringify({ error: message }))
  return undefined
}
