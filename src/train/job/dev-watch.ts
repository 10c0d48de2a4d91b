/** Remembers the best value of the watched measure, and says when it is time to stop. */
export class DevWatch {
  best: { readonly step: number; readonly value: number } | null = null
  #without = 0
  readonly #patience: number

  /** @param patience Evaluations without a better value after which it is enough; 0: never. */
  constructor(patience: number) {
    this.#patience = patience
  }

  add(step: number, value: number): { readonly best: boolean; readonly stop: boolean } {
    if (this.best === null || value > this.best.value) {
      this.best = { step, value }
      this.#without = 0
      return { best: true, stop: false }
    }
    this.#without++
    return { best: false, stop: this.#patience > 0 && this.#without >= this.#patience }
  }
}
