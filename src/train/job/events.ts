import { appendFile, readFile } from 'node:fs/promises'
import { asWriteError, writeAtomic } from '../../core/atomic.ts'
import type { WireError } from '../../engines/torch/protocol.ts'

/** What the worker tells, a JSON object a line. */
export type WorkerEvent =
  | {
      readonly event: 'ready'
      readonly parameters: number
      readonly trainable: number
      readonly steps: number
      /** The step that it goes on from; 0 at the start. */
      readonly from: number
      readonly device: string
      /** Whether layers are compiled; absent in logs of before it was told. */
      readonly compiled?: boolean
    }
  | StepEvent
  | { readonly event: 'note'; readonly step: number; readonly message: string }
  | { readonly event: 'checkpoint'; readonly step: number; readonly folder: string }
  | { readonly event: 'dev'; readonly step: number; readonly vectors: string }
  | {
      readonly event: 'finished'
      readonly step: number
      readonly folder: string | null
      readonly stopped: null | 'early' | 'cancelled'
    }
  | { readonly event: 'failed'; readonly error: WireError }

export interface StepEvent {
  readonly event: 'step'
  readonly step: number
  readonly loss: number
  readonly parts: Readonly<Record<string, number>>
  readonly lr: number
  readonly gradNorm: number
  /** Share of queries whose positive scores highest. */
  readonly accuracy?: number
  /** Real tokens of this step, and how long it took. */
  readonly tokens: number
  readonly seconds: number
}

/** The measure of the watched collection. */
export interface DevScore {
  readonly event: 'score'
  readonly step: number
  readonly value: number
  readonly best: boolean
  /** By query, in the order of the watched set. */
  readonly values: readonly number[]
}

/** A line of events.jsonl. */
export type LoggedEvent = { readonly at: string } & (WorkerEvent | DevScore)

/** The events of a job, kept in a file of lines: what curves are drawn from, and what is remembered when it goes on. */
export class EventLog {
  readonly file: string
  readonly #events: LoggedEvent[]

  private constructor(file: string, events: LoggedEvent[]) {
    this.file = file
    this.#events = events
  }

  /** Opens the log; a last line that was cut short by a kill is dropped. */
  static async open(file: string): Promise<EventLog> {
    const text = await readFile(file, 'utf8').catch(() => '')
    return new EventLog(file, parseEvents(text))
  }

  get events(): readonly LoggedEvent[] {
    return this.#events
  }

  async add(event: WorkerEvent | DevScore): Promise<void> {
    const line = { at: new Date().toISOString(), ...event }
    this.#events.push(line)
    try {
      await appendFile(this.file, `${JSON.stringify(line)}\n`)
    } catch (error) {
      throw asWriteError(error, this.file)
    }
  }

  /**
   * Forgets what came after a step: it is done again from the checkpoint.
   *
   * @param evaluated False where the step's own evaluation is done again, too.
   */
  async rewind(step: number, evaluated = true): Promise<void> {
    const last = (event: LoggedEvent) => (event.event === 'score' && !evaluated ? step - 1 : step)
    const kept = this.#events.filter((event) => !('step' in event) || event.step <= last(event))
    this.#events.splice(0, this.#events.length, ...kept)
    await writeAtomic(this.file, kept.map((event) => `${JSON.stringify(event)}\n`).join(''))
  }
}

/** The events of a log's text. */
export function parseEvents(text: string): LoggedEvent[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as LoggedEvent]
    } catch {
      return []
    }
  })
}
