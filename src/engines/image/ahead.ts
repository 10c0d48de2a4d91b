/**
 * Results in order, a few begun before they are asked for: reading and decoding of pictures go on while a model works.
 *
 * @param count How many are under way at once; they are all in memory.
 */
export async function* ahead<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  count: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const waiting: Promise<R>[] = []
  for await (const item of items) {
    const begun = work(item)
    // Whether it fails is told when its turn comes; where that never comes, nobody asks.
    begun.catch(() => undefined)
    waiting.push(begun)
    if (waiting.length >= count) yield await waiting.shift()!
  }
  for (const begun of waiting) yield await begun
}
