import { setImmediate } from 'node:timers/promises'
import { throwIfAborted } from '../../core/errors.ts'
import type { LongWork, Progress } from '../../core/progress.ts'

/** The longest that work here keeps the event loop waiting, in milliseconds. */
const TURN = 20
/** How often progress is told, in milliseconds. */
const REPORT = 200

/** Lets the event loop have a turn now and then in long work, heeds the signal and tells progress. */
export class Pace {
  readonly #work: LongWork
  readonly #progress: Omit<Progress, 'done'>
  #turn = performance.now()
  #report = this.#turn

  constructor(work: LongWork, progress: Omit<Progress, 'done'>) {
    this.#work = work
    this.#progress = progress
    throwIfAborted(work.signal)
  }

  /** To be called after each unit; waits only when it is time to. */
  step(done: number): Promise<void> | undefined {
    return performance.now() - this.#turn < TURN ? undefined : this.#rest(done)
  }

  async #rest(done: number): Promise<void> {
    await setImmediate()
    throwIfAborted(this.#work.signal)
    this.#turn = performance.now()
    if (this.#turn - this.#report < REPORT) return
    this.#report = this.#turn
    this.finish(done)
  }

  /** Tells the last count. */
  finish(done: number): void {
    this.#work.onProgress?.({ ...this.#progress, done })
  }
}
