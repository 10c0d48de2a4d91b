/** Often enough to see a batch's peak, seldom enough to cost nothing. */
const EVERY_MS = 100

/** Watches the process's resident memory while something runs, since the system's own maximum is of the whole life of the process. */
export class PeakMemory {
  #peak = process.memoryUsage.rss()
  readonly #timer = setInterval(() => this.#look(), EVERY_MS).unref()

  /** Ends the watch. @returns The largest resident memory that was seen, in bytes. */
  stop(): number {
    clearInterval(this.#timer)
    this.#look()
    return this.#peak
  }

  #look(): void {
    this.#peak = Math.max(this.#peak, process.memoryUsage.rss())
  }
}
