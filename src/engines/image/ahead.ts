/**
 * Results in order, a few begun before they are asked for: reading and decoding of pictures go on while a model works.
 *
 * @param count How many are under way at once; they are all in memory.
 */
export async function* ahead<T, R>(
  items: Iterable<T>,
  count: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const iterator = items[Symbol.iterator]()
  const waiting: Promise<R>[] = []
  const begin = () => {
    const next = iterator.next()
    if (next.done) return
    const begun = work(next.value)
    // Whether it fails is told when its turn comes; where that never comes, nobody asks.
    begun.catch(() => undefined)
    waiting.push(begun)
  }
  while (waiting.length < count) {
    const before = waiting.length
    begin()
    if (waiting.length === before) break
  }
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    begin()
    yield await next
  }
}
