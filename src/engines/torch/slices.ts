import type { Item, itemsOf } from '../text/items.ts'
import { pooledRange } from '../text/pooled-range.ts'
import type { SparseHalf } from '../text/sparse-half.ts'
import type { TorchPlan } from './plan.ts'
import { type EncodeRequest, int32Base64 } from './protocol.ts'

/** Prompts that go to a worker in one request. */
export interface Slice {
  readonly items: readonly Item[]
  /** Per item, the tokens whose scores are wanted; null where none are. */
  readonly words: readonly (readonly number[])[] | null
}

/**
 * Cuts items into slices of so many tokens. Slices do not depend on who works on them, so that vectors do not either.
 *
 * @param tokens Of a slice, at most; a longer item is one of its own.
 */
export function* slicesOf(
  items: ReturnType<typeof itemsOf>,
  tokens: number,
  texts: readonly string[],
  sparse: SparseHalf | null,
): Generator<Slice> {
  let slice: Item[] = []
  let size = 0
  const take = (): Slice => ({
    items: slice,
    words: sparse === null ? null : slice.map(({ text }) => sparse.wordsOf(texts[text]!)),
  })
  for (const item of items) {
    // The views of a text stay together, so that they are summed in one order.
    if (slice.length > 0 && size + item.ids.length > tokens && slice.at(-1)!.text !== item.text) {
      yield take()
      slice = []
      size = 0
    }
    slice.push(item)
    size += item.ids.length
  }
  if (slice.length > 0) yield take()
}

/** What the worker is asked for a slice. */
export function requestOf({ items, words }: Slice, plan: TorchPlan, vocabulary: number, out: string): EncodeRequest {
  const { recipe } = plan
  return {
    method: 'encode',
    ids: int32Base64(items.flatMap(({ ids }) => ids)),
    lengths: int32Base64(items.map(({ ids }) => ids.length)),
    from: int32Base64(items.map((item) => pooledRange(recipe.span, item).start)),
    scores:
      words === null
        ? null
        : {
            words: int32Base64(words.flat()),
            counts: int32Base64(words.map(({ length }) => length)),
            vocabulary,
            fallback: Math.min(recipe.sparse!.fallbackTerms, vocabulary),
          },
    out,
  }
}
