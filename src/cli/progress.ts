import type { OnProgress, Progress } from '../core/progress.ts'
import { formatCount, formatSeconds } from './format.ts'
import type { Terminal } from './terminal.ts'

/** A terminal is redrawn this often; a log gets a line this seldom. */
const REDRAW_MS = 100
const LOG_MS = 10_000

interface Step {
  readonly started: number
  /** What was done already when the step was first heard of: a resumed step must not count it into its rate. */
  readonly from: number
  readonly tokensFrom: number
}

/** Shows progress with rate and time left: one line that is redrawn on a terminal, a line now and then in a log. */
export class ProgressLine {
  readonly #terminal: Terminal
  readonly #steps = new Map<string, Step>()
  #shown = 0
  #drawn = false

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  readonly update: OnProgress = (progress) => {
    if (this.#terminal.quiet) return
    const key = `${progress.subject ?? ''}\n${progress.step}`
    const now = performance.now()
    let step = this.#steps.get(key)
    if (!step) {
      step = { started: now, from: progress.done, tokensFrom: progress.tokens ?? 0 }
      this.#steps.set(key, step)
      if (!this.#terminal.err.isTTY) this.#shown = now // the first line of a step only after it has proved to be long
    }
    const wait = this.#terminal.err.isTTY ? REDRAW_MS : LOG_MS
    if (now - this.#shown < wait) return
    this.#shown = now
    const line = describe(progress, step, (now - step.started) / 1000)
    if (this.#terminal.err.isTTY) {
      const width = (this.#terminal.err.columns || 80) - 1
      this.#terminal.err.write(`\r\u001b[2K${line.slice(0, width)}`)
      this.#drawn = true
    } else this.#terminal.err.write(`${line}\n`)
  }

  /** Removes the line, so that something else can be written. */
  clear(): void {
    if (this.#drawn) this.#terminal.err.write('\r\u001b[2K')
    this.#drawn = false
  }
}

function describe(progress: Progress, step: Step, seconds: number): string {
  const done = progress.done - step.from
  const rate = seconds > 0 ? done / seconds : 0
  const parts = [`${progress.subject ? `${progress.subject}: ` : ''}${progress.step}`]
  parts.push(
    progress.total === undefined
      ? `${formatCount(progress.done)} ${progress.unit}`
      : `${formatCount(progress.done)}/${formatCount(progress.total)} ${progress.unit}`,
  )
  if (progress.total) parts.push(`${Math.floor((100 * progress.done) / progress.total)} %`)
  if (rate > 0 && progress.unit !== 'steps') parts.push(`${formatCount(rate)} ${progress.unit}/s`)
  if (progress.tokens && seconds > 0)
    parts.push(`${formatCount((progress.tokens - step.tokensFrom) / seconds)} tokens/s`)
  if (progress.note) parts.push(progress.note)
  if (progress.total && rate > 0) parts.push(`${formatSeconds((progress.total - progress.done) / rate)} left`)
  return parts.join(' · ')
}
