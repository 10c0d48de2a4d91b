import { describe, expect, it } from 'vitest'
import { bandingFor } from './minhash.ts'
import { NearDuplicates, type NumberedText } from './near-duplicates.ts'
import { jaccard, Shingler } from './shingles.ts'

/** Texts of 40 words out of 500; every third one is an earlier one with some words changed. */
function texts(count: number): string[] {
  let state = 7
  const next = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const made: string[] = []
  for (let i = 0; i < count; i++) {
    const words =
      i % 3 === 2 ? made[next(made.length)]!.split(' ') : Array.from({ length: 40 }, () => `word${next(500)}`)
    if (i % 3 === 2) for (let change = next(4); change >= 0; change--) words[next(words.length)] = `word${next(500)}`
    made.push(words.join(' '))
  }
  return made
}

async function groupsOf(all: readonly string[], bytes?: number) {
  const near = new NearDuplicates({ shingle: 3, ...(bytes === undefined ? {} : { bytes }) })
  const numbered: NumberedText[] = all.map((text, i) => ({ number: near.add(text), id: `d${i}`, text }))
  let passes = 0
  const groups = await near.groups(async function* () {
    passes++
    yield* numbered
  })
  return { groups, passes }
}

describe('near-duplicates', () => {
  it('are all pairs of the threshold or more, as comparing each with each finds them', async () => {
    const all = texts(300)
    const { groups } = await groupsOf(all)
    const shingler = new Shingler(3)
    const sets = all.map((text) => shingler.shingles(text).slice())
    let alike = 0
    for (let i = 0; i < sets.length; i++)
      for (let j = i + 1; j < sets.length; j++)
        if (jaccard(sets[i]!, sets[j]!) >= 0.8) {
          alike++
          expect(groups.groupOf(i), `d${i} and d${j}`).toBe(groups.groupOf(j))
        }
    expect(alike).toBeGreaterThan(20)
    for (const { ids, jaccard: similarity } of groups.examples) {
      expect(similarity).toBe(jaccard(...(ids.map((id) => sets[Number(id.slice(1))]!) as [Uint32Array, Uint32Array])))
      expect(similarity).toBeGreaterThanOrEqual(0.8)
    }
    // Nothing else is linked: every text of a group has another within the threshold.
    const linked = all.flatMap((_, i) =>
      all.some((__, j) => j !== i && groups.groupOf(i) === groups.groupOf(j)) ? [i] : [],
    )
    expect(linked.length).toBe(groups.texts)
    for (const i of linked) expect(sets.some((set, j) => j !== i && jaccard(sets[i]!, set) >= 0.8)).toBe(true)
  })

  it('are the same in one pass and in many', async () => {
    const all = [...texts(200), ...Array.from({ length: 50 }, (_, i) => `${texts(1)[0]} ${i}`)]
    const one = await groupsOf(all)
    const many = await groupsOf(all, 2000)
    expect(one.passes).toBe(1)
    expect(many.passes).toBeGreaterThan(3)
    const partition = ({ groups }: typeof one) => all.map((_, i) => groups.groupOf(i))
    expect(partition(many)).toEqual(partition(one))
  })

  it('of a text that stands 20,000 times but for a number cost no more than other texts', async () => {
    const same = texts(1)[0]!
    const started = performance.now()
    const { groups } = await groupsOf(Array.from({ length: 20_000 }, (_, i) => `${same} ${i}`))
    expect(groups).toMatchObject({ groups: 1, texts: 20_000, largest: 20_000 })
    // All pairs would be 200 million comparisons for each of 25 bands.
    expect(performance.now() - started).toBeLessThan(20_000)
  })

  it('leave out texts without words, and read nothing again without candidates', async () => {
    const { groups, passes } = await groupsOf(['', '…!', 'one two three four', 'five six seven eight'])
    expect(groups).toMatchObject({ groups: 0, texts: 0, examples: [] })
    expect(passes).toBe(0)
  })

  it('need a threshold that can be searched for', () => {
    expect(() => new NearDuplicates({ threshold: 0.2 })).toThrow(/from 0\.5 to 1/)
    expect(() => new NearDuplicates({ threshold: Number.NaN })).toThrow(/from 0\.5 to 1/)
    for (const threshold of [0.5, 0.7, 0.8, 0.9, 1]) {
      const { bands, rows } = bandingFor(threshold)
      expect(bands * rows).toBeLessThanOrEqual(128)
    }
    const { bands, rows } = bandingFor(0.8)
    expect((1 - 0.8 ** rows) ** bands).toBeLessThan(0.001)
  })
})

describe('shingles', () => {
  const set = (text: string, size = 2) => [...new Shingler(size).shingles(text)]

  it('see words, not case, punctuation or white space', () => {
    expect(set('The cat sat, on the MAT.')).toEqual(set('the  cat\nsat on the mat'))
    expect(set('the cat sat')).not.toEqual(set('the cat sits'))
    expect(set('a b')).not.toEqual(set('ab'))
    expect(set('b a')).not.toEqual(set('a b'))
  })

  it('take characters of scripts without blanks one by one', () => {
    expect(set('今天天气', 1)).toHaveLength(3)
    expect(set('ÉCOLE', 1)).toEqual(set('école', 1))
  })

  it('are one for a text that is shorter than a shingle, and none for one without words', () => {
    expect(set('alone', 5)).toHaveLength(1)
    expect(set('?!', 5)).toEqual([])
  })
})
