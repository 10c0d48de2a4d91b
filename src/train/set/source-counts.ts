import { FieldtrialError, type Where } from '../../core/errors.ts'
import type { OpenedSource } from '../data/open.ts'
import type { Training } from '../training.ts'

/** What became of the examples of one source. */
export interface SourceCounts {
  readonly read: number
  /** Groups in the set; more or fewer than read by the source's weight. */
  readonly taken: number
  /** Left out because they have no negatives. */
  readonly skipped: number
  /** Left out because their query is under test. */
  readonly dropped: number
  /** Documents that are judged or mined but not in the corpus. */
  readonly missing: number
  readonly cutQueries: number
}

/** What is done with examples that have no negatives although some are asked for, or although others of the source have some. */
export class NegativesRule {
  skipped = 0
  readonly #name: string
  readonly #mode: 'error' | 'keep' | 'skip'
  readonly #wanted: number | null
  #some = false
  #without: { readonly id: string; readonly where: Where | undefined } | null = null

  constructor({ name, spec }: Pick<OpenedSource, 'name' | 'spec'>, wanted: number | null) {
    this.#name = name
    this.#mode = spec.withoutNegatives
    this.#wanted = wanted
  }

  /**
   * @param where Where the example stands, where that is known.
   * @returns Whether the example is taken.
   * @throws FieldtrialError `DATA_INVALID` naming one without negatives.
   */
  takes(queryId: string, negatives: number, where?: Where): boolean {
    if (this.#wanted === 0) return true
    if (negatives > 0) this.#some = true
    else if (this.#mode === 'skip') {
      this.skipped++
      return false
    } else this.#without ??= { id: queryId, where }
    const expected = this.#some || this.#wanted !== null
    if (this.#mode === 'error' && this.#without !== null && expected)
      throw new FieldtrialError(
        'DATA_INVALID',
        `${this.#name}: the example ${this.#without.id} has no negatives${this.#some ? ', others have some' : ''}.`,
        {
          hint: 'Mine some (`fieldtrial mine`), write `negatives: 0` to learn from the batch alone, or say with `withoutNegatives: keep` or `skip` what to do with such examples.',
          ...(this.#without.where ? { where: this.#without.where } : {}),
        },
      )
    return true
  }
}

/** Watches for queries that are longer than the recipe takes. */
export class QueryLengths {
  cut = 0
  readonly #name: string
  readonly #mode: Training['tooLong']

  constructor(name: string, mode: Training['tooLong']) {
    this.#name = name
    this.#mode = mode
  }

  /** @throws FieldtrialError `DATA_INVALID` where such queries are refused. */
  add(queryId: string, cutTokens: number, where?: Where): void {
    if (cutTokens === 0) return
    this.cut++
    if (this.#mode === 'error')
      throw new FieldtrialError(
        'DATA_INVALID',
        `${this.#name}: the query ${queryId} is ${cutTokens} tokens longer than the recipe takes.`,
        {
          hint: 'Raise `maxLength: { query: … }` of the recipe, shorten the query, or write `tooLong: cut`.',
          ...(where ? { where } : {}),
        },
      )
  }
}
