import { FieldtrialError } from '../../core/errors.ts'

/** The most entries that a JavaScript Map takes; also the most documents and different terms of an index. */
export const MAX_ENTRIES = 2 ** 24 - 1

/** Terms and their numbers, in order of appearance. */
export class Vocabulary {
  readonly terms: string[] = []
  readonly #numbers = new Map<string, number>()

  get size(): number {
    return this.terms.length
  }

  get(term: string): number | undefined {
    return this.#numbers.get(term)
  }

  /** @throws FieldtrialError `DATA_INVALID` beyond 16.7 million different terms. */
  add(term: string): number {
    const known = this.#numbers.get(term)
    if (known !== undefined) return known
    const number = this.terms.length
    if (number >= MAX_ENTRIES)
      throw new FieldtrialError('DATA_INVALID', `The documents have more than ${MAX_ENTRIES} different terms.`, {
        hint: 'Split the collection, or use an analyzer that gives fewer different terms.',
      })
    this.#numbers.set(term, number)
    this.terms.push(term)
    return number
  }
}
