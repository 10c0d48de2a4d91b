import { spawn } from 'node:child_process'
import { ERROR_CODES, FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import { wasKilled } from '../killed.ts'
import { type Child, type Ending, endOf, signalGroup } from './child.ts'
import { type Hello, PROTOCOL, type WireError, type WorkerLine, type WorkerRequest } from './protocol.ts'
import { workerEnvironment } from './python.ts'

/** Lines of the worker's standard error that are kept for messages. */
const KEPT_ERROR = 4000
/** After its input was closed, the worker has this long to end by itself. */
const GRACE_MS = 3000

/** The worker's process ended while something was asked of it. */
export class WorkerDied extends FieldtrialError {
  /** Whether it was ended from outside: what it was at may well go through another time. */
  readonly killed: boolean

  constructor(
    message: string,
    options: { readonly killed: boolean; readonly hint?: string; readonly cause?: unknown },
  ) {
    super('ENGINE_FAILED', message, {
      hint:
        options.hint ??
        'If memory is short, use dtype bfloat16, a smaller model or another device; else look at what the worker said.',
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
 * One process of the Python worker. It is the leader of a process group of its own, so that Ctrl-C in the terminal is left to us; it ends
 * when its standard input closes, hence also when this process is killed.
 */
export class WorkerProcess {
  readonly hello: Promise<Hello>
  private readonly child: Child
  private readonly waiting = new Map<number, Waiting>()
  /** Requests without an answer, those that nobody waits for any more included; 0 while it starts. */
  private readonly open = new Set<number>([0])
  private readonly exited: Promise<void>
  private readonly killOnExit = () => this.kill()
  private lastId = 0
  private errors = ''
  private died: WorkerDied | null = null

  constructor(python: string) {
    this.child = spawn(python, ['-m', 'fieldtrial_worker'], {
      env: workerEnvironment(),
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    })
    this.hello = this.wait(0) as Promise<Hello>
    // Its failure is told by whoever awaits it.
    this.hello.catch(() => undefined)
    process.once('exit', this.killOnExit)
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.errors = (this.errors + text).slice(-KEPT_ERROR)
    })
    this.readLines()
    // Writing to a process that has just ended fails, too; its end is what is told.
    this.child.stdin.on('error', () => undefined)
    this.exited = endOf(this.child).then((ending) => this.end(ending))
  }

  /** Whether it is at work, be it at what was given up. */
  get busy(): boolean {
    return this.open.size > 0
  }

  get alive(): boolean {
    return this.died === null
  }

  /**
   * @param options.onDone Told how many sequences of an `encode` request are done.
   * @throws FieldtrialError what the worker says; `CANCELLED`; `WorkerDied` where its process ends first.
   */
  async request<T>(
    request: WorkerRequest,
    options: { readonly signal?: AbortSignal | undefined; readonly onDone?: (done: number) => void } = {},
  ): Promise<T> {
    throwIfAborted(options.signal)
    await this.ready(options.signal)
    if (this.died) throw this.died
    const id = ++this.lastId
    const cancel = () => {
      this.write({ id, method: 'cancel' })
      this.take(id)?.reject(cancelled())
    }
    options.signal?.addEventListener('abort', cancel, { once: true })
    try {
      const answer = this.wait(id, options.onDone)
      this.open.add(id)
      this.write({ id, ...request })
      return (await answer) as T
    } finally {
      options.signal?.removeEventListener('abort', cancel)
    }
  }

  /** Ends the process, by force where it does not end by itself. */
  async close(): Promise<void> {
    this.hold(true)
    this.child.stdin.end()
    const timer = setTimeout(() => this.kill(), GRACE_MS)
    await this.exited
    clearTimeout(timer)
    process.off('exit', this.killOnExit)
  }

  /** Importing PyTorch takes seconds, on a busy machine a minute: who has given up does not wait for it. */
  private async ready(signal: AbortSignal | undefined): Promise<void> {
    let stop = () => {}
    const stopped = new Promise<never>((_, reject) => {
      stop = () => reject(cancelled())
    })
    signal?.addEventListener('abort', stop, { once: true })
    try {
      await Promise.race([this.hello, stopped])
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  private kill(): void {
    if (this.child.exitCode === null && this.child.signalCode === null) signalGroup(this.child, 'SIGKILL')
  }

  private wait(id: number, onDone?: (done: number) => void): Promise<unknown> {
    this.hold(true)
    return new Promise((resolve, reject) => {
      if (this.died) reject(this.died)
      else this.waiting.set(id, { resolve, reject, ...(onDone ? { onDone } : {}) })
    })
  }

  private take(id: number): Waiting | undefined {
    const caller = this.waiting.get(id)
    this.waiting.delete(id)
    if (this.waiting.size === 0) this.hold(false)
    return caller
  }

  /** Whether this process stays alive for the worker's sake: an idle one that someone forgot to close must not keep it. */
  private hold(on: boolean): void {
    const parts = [this.child, this.child.stdin, this.child.stdout, this.child.stderr] as unknown as {
      ref?(): void
      unref?(): void
    }[]
    for (const part of parts) on ? part.ref?.() : part.unref?.()
  }

  private write(message: object): void {
    if (!this.died) this.child.stdin.write(`${JSON.stringify(message)}\n`)
  }

  private readLines(): void {
    let rest = ''
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop()!
      for (const line of lines) this.answer(line)
    })
  }

  private answer(line: string): void {
    const message = JSON.parse(line) as WorkerLine
    if ('done' in message) {
      this.waiting.get(message.id)?.onDone?.(message.done)
      return
    }
    this.open.delete(message.id)
    const caller = this.take(message.id)
    if (!message.ok) caller?.reject(fromWire(message.error))
    else if (message.id === 0 && (message.value as Hello).protocol !== PROTOCOL)
      caller?.reject(new FieldtrialError('INTERNAL', 'The PyTorch worker is of another version of fieldtrial.'))
    else caller?.resolve(message.value)
  }

  private end(ending: Ending): void {
    this.died ??= new WorkerDied(`The PyTorch worker ${this.farewell(ending)}.`, {
      killed: 'signal' in ending && wasKilled(ending.signal),
      cause: 'error' in ending ? ending.error : undefined,
    })
    for (const id of [...this.waiting.keys()]) this.take(id)?.reject(this.died)
  }

  private farewell(ending: Ending): string {
    if ('error' in ending) return `cannot be started: ${ending.error.message}`
    const { code, signal } = ending
    const how =
      signal === 'SIGKILL'
        ? 'was killed (the system does that where memory runs out)'
        : signal === null
          ? `ended with status ${code}`
          : `was ended by ${signal}`
    const last = this.errors.trim().split('\n').slice(-3).join(' | ')
    return `${how}${last === '' ? '' : `: ${last}`}`
  }
}

function fromWire({ code, message, hint }: WireError): FieldtrialError {
  return new FieldtrialError(code in ERROR_CODES ? code : 'ENGINE_FAILED', message, hint === null ? {} : { hint })
}

function cancelled(): FieldtrialError {
  return new FieldtrialError('CANCELLED', 'Stopped.', { hint: 'Run the same command again: finished work is kept.' })
}
