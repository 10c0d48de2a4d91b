const EXAMPLES = 5

/** How often something was left out, and the first few cases, by reason. */
export type SkippedCounts = Readonly<Record<string, { readonly count: number; readonly examples: readonly string[] }>>

/** Counts what is left out: nothing goes silently. */
export class Skipped {
  readonly #reasons = new Map<string, { count: number; examples: string[] }>()

  add(reason: string, example: string): void {
    const found = this.#reasons.get(reason)
    if (found === undefined) this.#reasons.set(reason, { count: 1, examples: [example] })
    else {
      found.count++
      if (found.examples.length < EXAMPLES) found.examples.push(example)
    }
  }

  count(reason: string): number {
    return this.#reasons.get(reason)?.count ?? 0
  }

  /** By reason in alphabetical order, so that equal work gives equal bytes. */
  counts(): SkippedCounts {
    return Object.fromEntries([...this.#reasons].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}
