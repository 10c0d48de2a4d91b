import { describe, expect, it } from 'vitest'
import { Bm25Index } from '../../index/bm25/index.ts'
import { searchInSlices } from './bm25-slices.ts'

const words = ['lava', 'rock', 'ash', 'steam', 'yeast', 'dough', 'comet', 'moon']
const texts = Array.from({ length: 90 }, (_, i) => ({
  id: `d${i}`,
  title: '',
  text: `${words[i % 8]} ${words[(i * 3) % 8]} ${words[(i * 5 + 1) % 7]} ${'filler '.repeat(i % 5)}`,
}))
async function* documents() {
  yield* texts
}
const queries = [
  { id: 'q1', text: 'lava rock' },
  { id: 'q2', text: 'comet' },
]

describe('searchInSlices', () => {
  it('is BM25 itself up to one slice', async () => {
    const { run, slices } = await searchInSlices(documents(), {}, queries, 10, {}, 90)
    const index = await Bm25Index.build(texts)
    expect(slices).toBe(1)
    expect(run).toEqual(await index.searchAll(queries, 10))
  })

  it('merges what the slices find, best score first, every document once', async () => {
    const { run, slices } = await searchInSlices(documents(), {}, queries, 100, {}, 40)
    const parts = await Promise.all(
      [texts.slice(0, 40), texts.slice(40, 80), texts.slice(80)].map(async (part) =>
        (await Bm25Index.build(part)).search('lava rock', 100),
      ),
    )
    expect(slices).toBe(3)
    const { ids, scores } = run.get('q1')!
    expect(ids).toHaveLength(parts.reduce((sum, part) => sum + part.ids.length, 0))
    expect(new Set(ids).size).toBe(ids.length)
    expect([...scores]).toEqual(parts.flatMap((part) => [...part.scores]).toSorted((a, b) => b - a))
    const short = (await searchInSlices(documents(), {}, queries, 5, {}, 40)).run.get('q1')!
    expect(short.ids).toEqual(ids.slice(0, 5))
  })
})
