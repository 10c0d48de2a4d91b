import type { Recipe } from '../../recipes/types.ts'
import type { PooledRange } from '../text/pooled-range.ts'
import { pooledRange } from '../text/pooled-range.ts'
import type { PromptTokens } from '../text/tokenizer/prompt-tokenizer.ts'

/** Padding to the longest text of a batch, with nothing that masks it. */
export interface Padding {
  readonly side: 'before' | 'behind'
  /** Id of the padding token. */
  readonly token: number
  /** Whether padding is pooled as if it were text: the last position is then padding where it stands behind. */
  readonly pooled: boolean
}

/**
 * How texts are turned into vectors: a recipe, and what encoders in the world do beside it, rightly or wrongly. Pure data, so that a wrong
 * way can be computed as easily as the right one.
 */
export interface Handling {
  readonly recipe: Recipe
  /** How many times the model's last norm is put on the states; a recipe asks for 0 or 1. Of no effect on models without one. */
  readonly norms: 0 | 1 | 2
  /** The special token at the end: as the recipe has it, dropped, or the model's end token put behind all. */
  readonly end: 'recipe' | 'dropped' | 'added'
  /** What is too long: the contents are cut as the recipe says; the whole prompt is cut to so many tokens, at its end or its start; nothing is. */
  readonly cut: 'recipe' | 'none' | { readonly at: 'end' | 'start'; readonly tokens: number }
  readonly lowerCase: boolean
  readonly padding: Padding | null
}

/** The recipe, and nothing beside it. */
export function rightHandling(recipe: Recipe): Handling {
  return {
    recipe,
    norms: recipe.finalNorm === true ? 1 : 0,
    end: 'recipe',
    cut: 'recipe',
    lowerCase: false,
    padding: null,
  }
}

/** What goes through the model for one prompt of one text, and which of its tokens are pooled. */
export interface Sequence {
  readonly ids: readonly number[]
  readonly range: PooledRange
}

/** What handling needs to know of a tokenizer. */
export interface SpecialIds {
  readonly eos: number | null
  isSpecial(id: number): boolean
}

/** @param tokens As tokenised under the handling's recipe, cut only where the handling cuts as the recipe does. */
export function sequenceOf(tokens: PromptTokens, { recipe, end, cut }: Handling, special: SpecialIds): Sequence {
  let changed = tokens
  if (end === 'dropped' && tokens.ids.length > 1 && special.isSpecial(tokens.ids.at(-1)!))
    changed = slice(tokens, 0, tokens.ids.length - 1)
  if (end === 'added' && special.eos !== null) changed = { ...tokens, ids: [...tokens.ids, special.eos] }
  if (typeof cut === 'object' && changed.ids.length > cut.tokens)
    changed =
      cut.at === 'end'
        ? slice(changed, 0, cut.tokens)
        : slice(changed, changed.ids.length - cut.tokens, changed.ids.length)
  return { ids: changed.ids, range: pooledRange(recipe.span, changed) }
}

/** Pads a sequence to a length. */
export function padded({ ids, range }: Sequence, { side, token, pooled }: Padding, length: number): Sequence {
  const missing = Math.max(0, length - ids.length)
  const padding = new Array<number>(missing).fill(token)
  if (side === 'behind')
    return {
      ids: [...ids, ...padding],
      range: pooled && range.end === ids.length ? { start: range.start, end: ids.length + missing } : range,
    }
  return {
    ids: [...padding, ...ids],
    range: { start: pooled && range.start === 0 ? 0 : range.start + missing, end: range.end + missing },
  }
}

function slice(tokens: PromptTokens, from: number, to: number): PromptTokens {
  const within = (at: number) => Math.min(Math.max(at, from), to) - from
  return {
    ...tokens,
    ids: tokens.ids.slice(from, to),
    contents: { start: within(tokens.contents.start), end: within(tokens.contents.end) },
    // A span must keep a token.
    fromContents: Math.min(within(tokens.fromContents), to - from - 1),
  }
}
