import { type ChildProcess, fork } from 'node:child_process'
import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import { workerUrl } from '../../core/worker-url.ts'
import { wasKilled } from '../killed.ts'
import { type FromWorker, fromWire, type LlamaRequest, type ToWorker } from './protocol.ts'

/** Characters of the process's standard error that are kept for messages. */
const KEPT_ERROR = 4000
/** After it was told to end, the process has this long to do so by itself. */
const GRACE_MS = 2000

/** The process ended while something was asked of it. */
export class LlamaDied extends FieldtrialError {
  /** Whether it was ended from outside: what it was at may well go through another time. */
  readonly killed: boolean

  constructor(message: string, options: { readonly killed: boolean; readonly cause?: unknown }) {
    super('ENGINE_FAILED', message, {
      hint: 'If memory is short, use a file of fewer bits or a smaller maxLength; else the file may be damaged: fetch it again.',
      cause: options.cause,
    })
    this.killed = options.killed
  }
}

interface Waiting {
  resolve(value: unknown): void
  reject(error: unknown): void
  onDone?(done: number): void
}

/**
 * llama.cpp in a process of its own: where it meets a file that it cannot read it may end its process without a word, and must not take a study
 * with it. The process ends when this one does, also when this one is killed. It is in a group of its own, so that Ctrl-C is left to us.
 */
export class LlamaProcess {
  private readonly child: ChildProcess
  private readonly waiting = new Map<number, Waiting>()
  private readonly exited: Promise<void>
  private readonly killOnExit = () => this.child.kill('SIGKILL')
  private lastId = 0
  private errors = ''
  private died: LlamaDied | null = null

  constructor() {
    this.child = fork(workerUrl(import.meta.url, './llama-worker'), {
      // What was given to this process (a debugger, a test runner's loader) is not for that one.
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      detached: process.platform !== 'win32',
    })
    process.once('exit', this.killOnExit)
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.errors = (this.errors + text).slice(-KEPT_ERROR)
    })
    this.child.on('message', (message: FromWorker) => this.answer(message))
    this.exited = new Promise((resolve) => {
      this.child.once('error', (error) => {
        this.end(`The process of llama.cpp cannot be started: ${error.message}.`, false, error)
        resolve()
      })
      this.child.once('close', (code, signal) => {
        this.end(this.farewell(code, signal), wasKilled(signal))
        resolve()
      })
    })
    this.hold(false)
  }

  /**
   * @param options.onDone Told how many sequences of an `encode` request are done.
   * @throws FieldtrialError what the process says; `CANCELLED`; `LlamaDied` where it ends first.
   */
  async request<T>(
    request: LlamaRequest,
    options: { readonly signal?: AbortSignal | undefined; readonly onDone?: (done: number) => void } = {},
  ): Promise<T> {
    throwIfAborted(options.signal)
    if (this.died) throw this.died
    const id = ++this.lastId
    const cancel = () => {
      this.send({ id, method: 'cancel' })
      this.take(id)?.reject(cancelled())
    }
    options.signal?.addEventListener('abort', cancel, { once: true })
    try {
      return (await new Promise((resolve, reject) => {
        this.waiting.set(id, { resolve, reject, ...(options.onDone ? { onDone: options.onDone } : {}) })
        this.hold(true)
        this.send({ id, ...request })
      })) as T
    } finally {
      options.signal?.removeEventListener('abort', cancel)
    }
  }

  /** Ends the process, by force where it does not end by itself. */
  async close(): Promise<void> {
    this.hold(true)
    // Not by closing the channel: Node would then never tell that the process has ended.
    this.send({ id: 0, method: 'end' })
    const timer = setTimeout(() => this.child.kill('SIGKILL'), GRACE_MS)
    await this.exited
    clearTimeout(timer)
    process.off('exit', this.killOnExit)
  }

  private send(message: ToWorker): void {
    // That it has just ended is told by its end.
    if (this.child.connected) this.child.send(message, () => undefined)
  }

  private take(id: number): Waiting | undefined {
    const caller = this.waiting.get(id)
    this.waiting.delete(id)
    if (this.waiting.size === 0) this.hold(false)
    return caller
  }

  /** Whether this process stays alive for the other's sake: an idle one that someone forgot to close must not keep it. */
  private hold(on: boolean): void {
    const parts = [this.child, this.child.channel, this.child.stderr] as unknown as {
      ref?(): void
      unref?(): void
    }[]
    for (const part of parts) on ? part?.ref?.() : part?.unref?.()
  }

  private answer(message: FromWorker): void {
    if ('done' in message) {
      this.waiting.get(message.id)?.onDone?.(message.done)
      return
    }
    const caller = this.take(message.id)
    if (message.ok) caller?.resolve(message.value)
    else caller?.reject(fromWire(message.error))
  }

  private end(message: string, killed: boolean, cause?: unknown): void {
    this.died ??= new LlamaDied(message, { killed, cause })
    for (const id of [...this.waiting.keys()]) this.take(id)?.reject(this.died)
  }

  private farewell(code: number | null, signal: NodeJS.Signals | null): string {
    const how =
      signal === 'SIGKILL'
        ? 'was killed (the system does that where memory runs out)'
        : signal === null
          ? `ended with status ${code}`
          : `was ended by ${signal}`
    const lines = this.errors.split('\n').filter((line) => line.trim() !== '')
    // Node ends with a stack and its version; what went wrong stands before.
    const last = lines.find((line) => /Error\b/.test(line)) ?? lines.slice(-3).join(' | ')
    return `The process of llama.cpp ${how}${last === '' ? '' : `: ${last}`}.`
  }
}

function cancelled(): FieldtrialError {
  return new FieldtrialError('CANCELLED', 'Stopped.', { hint: 'Run the same command again: finished work is kept.' })
}
