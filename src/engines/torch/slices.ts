import { writeFile } from 'node:fs/promises'
import { pooledRange } from '../text/pooled-range.ts'
import type { SparseHalf } from '../text/sparse-half.ts'
import type { TorchPlan } from './plan.ts'
import { type EncodeRequest, int32Base64 } from './protocol.ts'
import type { VisionItem } from './vision-items.ts'

/** Prompts that go to a worker in one request. */
export interface Slice {
  readonly items: readonly VisionItem[]
  /** Per item, the tokens whose scores are wanted; null where none are. */
  readonly words: readonly (readonly number[])[] | null
}

/** Pixels of a slice's pictures, in bytes: they lie in memory until the slice is done. */
const MOST_PIXELS = 64 * 2 ** 20

/**
 * Cuts items into slices of so many tokens. Slices do not depend on who works on them, so that vectors do not either.
 *
 * @param tokens Of a slice, at most; a longer item is one of its own.
 * @param textOf The text of an item, by its place in the call.
 */
export async function* slicesOf(
  items: Iterable<VisionItem> | AsyncIterable<VisionItem>,
  tokens: number,
  textOf: (text: number) => string,
  sparse: SparseHalf | null,
): AsyncGenerator<Slice> {
  let slice: VisionItem[] = []
  let size = 0
  let bytes = 0
  const take = (): Slice => ({
    items: slice,
    words: sparse === null ? null : slice.map(({ text }) => sparse.wordsOf(textOf(text))),
  })
  for await (const item of items) {
    const pixels = item.image?.pixels.length ?? 0
    const full = size + item.ids.length > tokens || bytes + pixels > MOST_PIXELS
    // The views of a text stay together, so that they are summed in one order.
    if (slice.length > 0 && full && slice.at(-1)!.text !== item.text) {
      yield take()
      slice = []
      size = 0
      bytes = 0
    }
    slice.push(item)
    size += item.ids.length
    bytes += pixels
  }
  if (slice.length > 0) yield take()
}

/** What the worker is asked for a slice. */
export function requestOf(
  { items, words }: Slice,
  plan: TorchPlan,
  vocabulary: number,
  files: { readonly out: string; readonly images: string | null },
): EncodeRequest {
  const { recipe } = plan
  return {
    method: 'encode',
    ids: int32Base64(items.flatMap(({ ids }) => ids)),
    lengths: int32Base64(items.map(({ ids }) => ids.length)),
    from: int32Base64(items.map((item) => pooledRange(recipe.span, item).start)),
    images: files.images === null ? null : { file: files.images, table: imageTable(items) },
    scores:
      words === null
        ? null
        : {
            words: int32Base64(words.flat()),
            counts: int32Base64(words.map(({ length }) => length)),
            vocabulary,
            fallback: Math.min(recipe.sparse!.fallbackTerms, vocabulary),
          },
    out: files.out,
  }
}

function imageTable(items: readonly VisionItem[]): string {
  return int32Base64(
    items.flatMap(({ image }, sequence) =>
      image === undefined ? [] : [sequence, image.offset, image.height, image.width],
    ),
  )
}

/** Writes the levels of a slice's pictures, one behind the other. @returns Whether there are any. */
export async function writePixels({ items }: Slice, file: string): Promise<boolean> {
  const pixels = items.flatMap(({ image }) => (image === undefined ? [] : [image.pixels]))
  if (pixels.length > 0) await writeFile(file, pixels)
  return pixels.length > 0
}
