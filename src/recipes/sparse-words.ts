import { FieldtrialError } from '../core/errors.ts'
import type { SparseRecipe } from './types.ts'
import { PUNCTUATION, STOP_WORDS } from './words/english.ts'
import { splitSentences } from './words/punkt.ts'
import { treebankWords } from './words/treebank.ts'

/** Words as nltk's `word_tokenize(text.lower())` gives them for English. */
export function wordTokenize(text: string): string[] {
  return splitSentences(text.toLowerCase()).flatMap(treebankWords)
}

/** The words of a text whose tokens may become terms, none twice: without stop words and single punctuation marks. */
export function sparseWords(text: string): string[] {
  return [...new Set(wordTokenize(text))].filter((word) => !STOP_WORDS.has(word) && !PUNCTUATION.has(word))
}

/** A row of a sparse matrix: ids ascending, whole weights from 1 on. */
export interface SparseVector {
  readonly terms: Uint32Array
  readonly weights: Uint16Array
}

/**
 * The sparse vector of a text: of the scores z = log(1 + relu(logit)) those of the text's own tokens, the largest first, `terms` of them at
 * most; of the whole vocabulary the `fallbackTerms` largest where the text has no words. A weight is `scale` × z, rounded half to even;
 * terms without weight are left out.
 *
 * Of equal scores the lower id is taken.
 *
 * @param logits Of the tokenizer's vocabulary; ids at or beyond their number are no terms (models pad their last layer).
 * @param words Ids of the tokens of the text's words, in any order.
 * @throws FieldtrialError `ENGINE_FAILED` on a score of these that is NaN or infinite: what overflowed has no weight.
 */
export function sparseVector(logits: Float32Array, words: Iterable<number>, recipe: SparseRecipe): SparseVector {
  const own = [...new Set(words)].filter((id) => id < logits.length)
  const candidates = own.length > 0 ? own : Array.from(logits.keys())
  const count = own.length > 0 ? recipe.terms : recipe.fallbackTerms
  return sparseOfScores(
    candidates,
    candidates.map((id) => logits[id]!),
    count,
    recipe.scale,
  )
}

/**
 * As `sparseVector`, of candidates and their scores.
 *
 * @param ids Token ids, none twice.
 * @param scores Logits, in the order of `ids`.
 * @param count Terms kept at most.
 * @throws FieldtrialError as `sparseVector`.
 */
export function sparseOfScores(
  ids: ArrayLike<number>,
  scores: ArrayLike<number>,
  count: number,
  scale: number,
): SparseVector {
  for (let i = 0; i < ids.length; i++)
    if (Number.isNaN(scores[i]) || scores[i] === Number.POSITIVE_INFINITY)
      throw new FieldtrialError('ENGINE_FAILED', `The model's score of the token ${ids[i]} is ${scores[i]}.`, {
        hint: 'Use dtype float32: numbers overflow in narrower types. If it stays, the weights are damaged.',
      })
  const kept = Array.from(ids, (id, i) => [id, scores[i]!] as const)
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, count)
    .sort((a, b) => a[0] - b[0])
  const pairs = kept.map(([id, score]) => [id, termWeight(score, scale)] as const).filter(([, weight]) => weight > 0)
  return {
    terms: Uint32Array.from(pairs, ([id]) => id),
    weights: Uint16Array.from(pairs, ([, weight]) => weight),
  }
}

/** numpy's `rint(scale * log(1 + relu(logit)))`, in float32 as PyTorch computes it. */
function termWeight(logit: number, scale: number): number {
  const z = Math.fround(Math.log(Math.fround(1 + Math.max(0, logit))))
  const scaled = Math.fround(z * scale)
  const below = Math.floor(scaled)
  const rest = scaled - below
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below
}
