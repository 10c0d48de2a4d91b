import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { ERROR_CODES, FieldtrialError } from '../../core/errors.ts'
import { type Child, type Ending, endOf, signalGroup } from '../../engines/torch/child.ts'
import { workerEnvironment } from '../../engines/torch/python.ts'
import type { WorkerEvent } from './events.ts'

/** Characters of standard error that are kept for messages. */
const KEPT_ERROR = 8000
/** How long a job may take to write a checkpoint and end after it was asked to. */
const GRACE_MS = 120_000

/** How the worker is started: by itself, or by torchrun for several devices or hosts. */
export function trainerArguments(
  jobFile: string,
  devices: number,
  hosts: { readonly count: number; readonly address: string; readonly rank: number } | null,
): string[] {
  const module = ['-m', 'fieldtrial_worker.training', jobFile]
  if (devices === 1 && hosts === null) return module
  const where =
    hosts === null
      ? ['--standalone']
      : [
          `--nnodes=${hosts.count}`,
          `--node_rank=${hosts.rank}`,
          `--master_addr=${hosts.address.replace(/:\d+$/, '')}`,
          `--master_port=${hosts.address.match(/:(\d+)$/)?.[1] ?? '29500'}`,
        ]
  return ['-m', 'torch.distributed.run', ...where, `--nproc_per_node=${devices}`, ...module]
}

/**
 * The process that trains. It is the leader of a process group of its own, so that Ctrl-C in the terminal is left to us, and ends when its
 * standard input closes, hence also when this process is killed.
 */
export class TrainerProcess {
  readonly #child: Child
  readonly #ended: Promise<string>
  #errors = ''
  #timer: NodeJS.Timeout | undefined
  readonly #killOnExit = () => this.#kill('SIGKILL')

  constructor(python: string, args: readonly string[], threads: number | null) {
    this.#child = spawn(python, [...args], {
      env: {
        ...workerEnvironment(),
        TOKENIZERS_PARALLELISM: 'false',
        ...(threads === null ? {} : { OMP_NUM_THREADS: String(threads) }),
      },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    })
    process.once('exit', this.#killOnExit)
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-KEPT_ERROR)
    })
    // Writing to a process that has just ended fails, too; its end is what is told.
    this.#child.stdin.on('error', () => undefined)
    this.#ended = endOf(this.#child).then(farewell)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /**
   * What it tells, until it has finished or ends.
   *
   * @throws FieldtrialError what it says of a failure; `ENGINE_FAILED` where it ends without a word.
   */
  async *events(): AsyncGenerator<WorkerEvent> {
    const lines = createInterface({ input: this.#child.stdout, crlfDelay: Number.POSITIVE_INFINITY })
    // Whoever it has started may hold its output open.
    void this.#ended.then(() => lines.close())
    for await (const line of lines) {
      if (!line.startsWith('{')) continue
      const event = JSON.parse(line) as WorkerEvent
      if (event.event === 'failed') {
        const { code, message, hint } = event.error
        throw new FieldtrialError(code in ERROR_CODES ? code : 'ENGINE_FAILED', message, hint === null ? {} : { hint })
      }
      yield event
      // What is left is taking down CUDA and the connections to other processes.
      if (event.event === 'finished') return
    }
    throw this.#failure(await this.#ended)
  }

  #failure(how: string): FieldtrialError {
    const said = this.#errors.trim().split('\n').slice(-4).join(' | ')
    return new FieldtrialError('ENGINE_FAILED', `The training process ${how}${said === '' ? '' : `: ${said}`}.`, {
      hint: /SIGKILL/.test(how)
        ? 'The system does that where memory runs out: set `batch: { chunk: 16 }`, gradientCheckpointing, or shorter texts. Run the same command again: training goes on from the last checkpoint.'
        : 'Run the same command again: training goes on from the last checkpoint.',
    })
  }

  /**
   * Waits for the end of one that tells nothing, on a host that is not the first.
   *
   * @throws FieldtrialError `ENGINE_FAILED` where it fails.
   */
  async ended(): Promise<void> {
    this.#child.stdout.resume()
    const how = await this.#ended
    if (how !== 'ended with status 0') throw this.#failure(how)
  }

  answer(reply: object): void {
    this.#child.stdin.write(`${JSON.stringify(reply)}\n`)
  }

  /** Asks it to write a checkpoint and to end; by force where it does not. Not its group: an update under way needs its compilers. */
  stop(): void {
    this.#child.kill('SIGTERM')
    this.#timer ??= setTimeout(() => this.#kill('SIGKILL'), GRACE_MS)
    this.#timer.unref()
  }

  /** Ends what is left of it. */
  async close(): Promise<void> {
    this.#child.stdin.end()
    this.#child.stdout.resume()
    const timer = setTimeout(() => this.#kill('SIGKILL'), 3000)
    await this.#ended
    clearTimeout(timer)
    clearTimeout(this.#timer)
    process.off('exit', this.#killOnExit)
  }

  #kill(signal: NodeJS.Signals): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) signalGroup(this.#child, signal)
  }
}

function farewell(ending: Ending): string {
  if ('error' in ending) return `cannot be started: ${ending.error.message}`
  return ending.signal === null ? `ended with status ${ending.code}` : `was ended by ${ending.signal}`
}
