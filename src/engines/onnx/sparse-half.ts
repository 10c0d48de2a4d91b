import { FieldtrialError } from '../../core/errors.ts'
import { sparseVector, sparseWords } from '../../recipes/sparse-words.ts'
import type { SparseRecipe } from '../../recipes/types.ts'
import type { SparseRows } from '../types.ts'
import type { Output } from './model-runner.ts'
import type { PromptTokenizer } from './tokenizer/prompt-tokenizer.ts'

interface Row {
  readonly terms: Uint32Array
  readonly weights: Uint16Array
}

/** Collects the sparse vectors of a call, text by text in any order. */
export class SparseHalf {
  private readonly recipe: SparseRecipe
  private readonly tokenizer: PromptTokenizer
  private rows = new Map<number, Row>()

  constructor(recipe: SparseRecipe, tokenizer: PromptTokenizer) {
    this.recipe = recipe
    this.tokenizer = tokenizer
  }

  /**
   * @param given The text as it came: its words count also where the prompt was cut (as PromptReps' own code has it).
   * @throws FieldtrialError `ENGINE_FAILED` where the model gave no logits, or NaN.
   */
  add(text: number, given: string, { logits, vocabulary }: Output, row: number): void {
    if (logits === null) throw new FieldtrialError('ENGINE_FAILED', 'The model gave no scores of its vocabulary.')
    const scores = logits.subarray(row * vocabulary, row * vocabulary + Math.min(vocabulary, this.tokenizer.size))
    const words = this.tokenizer.wordIds(sparseWords(given.trim()))
    this.rows.set(text, sparseVector(scores, words, this.recipe))
  }

  /** The rows of texts 0 to `texts` − 1, and forgets them. */
  take(texts: number): SparseRows {
    const offsets = new Uint32Array(texts + 1)
    for (let text = 0; text < texts; text++) offsets[text + 1] = offsets[text]! + this.rows.get(text)!.terms.length
    const terms = new Uint32Array(offsets[texts]!)
    const weights = new Uint16Array(offsets[texts]!)
    for (let text = 0; text < texts; text++) {
      terms.set(this.rows.get(text)!.terms, offsets[text]!)
      weights.set(this.rows.get(text)!.weights, offsets[text]!)
    }
    this.rows = new Map()
    return { offsets, terms, weights }
  }
}
