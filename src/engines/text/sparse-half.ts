import { FieldtrialError } from '../../core/errors.ts'
import { sparseOfScores, sparseVector, sparseWords } from '../../recipes/sparse-words.ts'
import type { SparseRecipe } from '../../recipes/types.ts'
import type { SparseRows } from '../types.ts'
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
   * @param logits Of the whole vocabulary, at the place where the text is represented.
   * @throws FieldtrialError `ENGINE_FAILED` where the model gave no logits, or NaN.
   */
  add(text: number, given: string, logits: Float32Array | null): void {
    if (logits === null) throw new FieldtrialError('ENGINE_FAILED', 'The model gave no scores of its vocabulary.')
    const scores = logits.subarray(0, this.tokenizer.size)
    this.rows.set(text, sparseVector(scores, this.wordsOf(given), this.recipe))
  }

  /** As `add`, from the scores of the text's own words, or where it has none, from the largest of the vocabulary. */
  addScores(text: number, ids: ArrayLike<number>, scores: ArrayLike<number>, own: boolean): void {
    const { terms, fallbackTerms, scale } = this.recipe
    this.rows.set(text, sparseOfScores(ids, scores, own ? terms : fallbackTerms, scale))
  }

  /** Ids of the tokens whose scores a text's sparse vector is made from; empty where these are those of the whole vocabulary. */
  wordsOf(given: string): number[] {
    return this.tokenizer.wordIds(sparseWords(given.trim()))
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
