import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FieldtrialError } from '../../core/errors.ts'
import type { Progress } from '../../core/progress.ts'
import { compareIds } from '../../data/id-order.ts'
import type { Document } from '../../data/types.ts'
import { BM25_VARIANTS, Bm25Index, type Bm25Options, bm25Identity } from './index.ts'

const doc = (id: string, text: string, title = ''): Document => ({ id, title, text })

const WORDS = 'alpha beta gamma delta epsilon zeta eta theta iota kappa'.split(' ')
/** Text over few words, the first ones far more often, so that scores tie and lists differ in length. */
const someText = fc
  .array(fc.integer({ min: 0, max: 99 }), { maxLength: 12 })
  .map((numbers) => numbers.map((n) => WORDS[Math.floor((n / 100) ** 3 * WORDS.length)]).join(' '))
const someDocuments = (maxLength: number) =>
  fc
    .uniqueArray(fc.record({ id: fc.string({ unit: 'binary', maxLength: 3 }), title: someText, text: someText }), {
      maxLength,
      selector: ({ id }) => id,
    })
    .map((documents) => documents.filter(({ id }) => id.isWellFormed()))
const someOptions: fc.Arbitrary<Bm25Options> = fc.record({
  variant: fc.constantFrom(...BM25_VARIANTS),
  k1: fc.constantFrom(0, 0.9, 1.5),
  b: fc.constantFrom(0, 0.4, 1),
  analyzer: fc.constant('whitespace' as const),
  multifield: fc.boolean(),
})

/** The ranking by its definition: every document's score, sorted. */
function ranking(index: Bm25Index, documents: readonly Document[], query: string, k: number): [string, number][] {
  return documents
    .map(({ id }) => [id, index.explain(query, id).score] as [string, number])
    .filter(([, score]) => score > 0)
    .sort(([a, x], [b, y]) => y - x || compareIds(a, b))
    .slice(0, k)
}

const hits = (index: Bm25Index, query: string, k: number): [string, number][] => {
  const { ids, scores } = index.search(query, k)
  return ids.map((id, i) => [id, scores[i]!])
}

describe('formulas', () => {
  const documents = [
    doc('1', 'cat sat mat cat'),
    doc('2', 'dog sat'),
    doc('3', 'bird'),
    doc('4', ''),
    doc('5', 'a b c d e'),
  ]
  // Documents with terms: 4 with 4, 2, 1 and 5 of them. In document 1, cat stands twice; df = 1.
  const [n, df, tf, ratio] = [4, 1, 2, 4 / 3]
  const [k1, b] = [1.2, 0.75]
  const norm = 1 - b + b * ratio
  const expected = {
    lucene: Math.log(1 + (n - df + 0.5) / (df + 0.5)) * (tf / (tf + k1 * norm)),
    robertson: Math.log((n - df + 0.5) / (df + 0.5)) * (tf / (tf + k1 * norm)),
    atire: Math.log(n / df) * (((k1 + 1) * tf) / (tf + k1 * norm)),
    bm25l: (Math.log((n + 1) / (df + 0.5)) * ((k1 + 1) * (tf / norm + 0.5))) / (k1 + tf / norm + 0.5),
    'bm25+': Math.log((n + 1) / df) * (((k1 + 1) * tf) / (tf + k1 * norm) + 1),
  }

  test.each(BM25_VARIANTS)('%s', async (variant) => {
    const index = await Bm25Index.build(documents, { variant, k1, b, analyzer: 'whitespace' })
    const { ids, scores } = index.search('cat', 10)
    expect(ids).toEqual(['1'])
    expect(scores[0]).toBeCloseTo(expected[variant], 5)
    // Twice in the query counts twice.
    expect(index.search('cat cat', 10).scores[0]).toBeCloseTo(2 * expected[variant], 5)
  })

  test('lucene computes with lengths of one byte, the others with exact ones', async () => {
    const long = (length: number) => Array.from({ length }, (_, i) => (i === 0 ? 'x' : `w${i}`)).join(' ')
    const scores = async (variant: 'lucene' | 'robertson') => {
      const texts = [
        doc('1', long(200)),
        doc('2', long(207)),
        ...Array.from({ length: 9 }, (_, i) => doc(`o${i}`, 'y')),
      ]
      const found = (await Bm25Index.build(texts, { variant, analyzer: 'whitespace' })).explain('x', '1').score
      const other = (await Bm25Index.build(texts, { variant, analyzer: 'whitespace' })).explain('x', '2').score
      return [found, other] as const
    }
    const [a, c] = await scores('lucene')
    expect(a).toBe(c)
    const [d, e] = await scores('robertson')
    expect(d).toBeGreaterThan(e)
  })

  test('robertson: a term in half of the documents or more finds nothing', async () => {
    const index = await Bm25Index.build([doc('1', 'x'), doc('2', 'x y'), doc('3', 'z')], {
      variant: 'robertson',
      analyzer: 'whitespace',
    })
    expect(index.search('x', 9).ids).toEqual([])
    expect(index.search('x y', 9).ids).toEqual(['2'])
  })

  test('weights of fields', async () => {
    const texts = [doc('1', 'x', 'y'), doc('2', 'y', 'x'), doc('3', 'z', 'z')]
    const build = (title: number, contents: number) =>
      Bm25Index.build(texts, { multifield: true, weights: { title, contents }, analyzer: 'whitespace' })
    expect((await build(2, 1)).search('x', 9).ids).toEqual(['2', '1'])
    expect((await build(1, 2)).search('x', 9).ids).toEqual(['1', '2'])
    expect((await build(0, 1)).search('x', 9).ids).toEqual(['1'])
  })
})

describe('search', () => {
  test('finds exactly the k best, for any documents, options and k', async () => {
    await fc.assert(
      fc.asyncProperty(
        someDocuments(60),
        someOptions,
        someText,
        fc.integer({ min: 1, max: 70 }),
        async (documents, options, query, k) => {
          const index = await Bm25Index.build(documents, options)
          const expected = ranking(index, documents, query, k)
          const found = hits(index, query, k)
          expect(found.map(([id]) => id)).toEqual(expected.map(([id]) => id))
          for (const [i, [, score]] of found.entries()) {
            expect(score).toBeCloseTo(expected[i]![1], 4)
            // Ties are set apart, so that no tool that sorts by score turns them round.
            if (i > 0) expect(score).toBeLessThan(found[i - 1]![1])
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  test('lists that cannot decide are cut short without harm, over several segments', async () => {
    // 70,000 documents: two segments. Few have the rare words, all the common ones.
    let seed = 1
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      return seed % below
    }
    const documents = Array.from({ length: 70_000 }, (_, i) => {
      const rare = random(500)
      return doc(
        `d${i}`,
        `the of ${'and '.repeat(random(4))}${rare < 3 ? `rare${rare} ` : ''}${'pad '.repeat(random(20))}w${random(900)}`,
      )
    })
    const index = await Bm25Index.build(documents, { analyzer: 'whitespace' })
    for (const query of ['the rare0 of and', 'rare1 rare2 the', 'the of', 'w1 w2 w3 and pad the', 'pad pad pad rare0'])
      for (const k of [1, 10, 300]) {
        const full = index.search(query, documents.length)
        const { ids, scores } = index.search(query, k)
        expect(ids).toEqual(full.ids.slice(0, k))
        expect(scores).toEqual(full.scores.slice(0, k))
        for (const id of ids.slice(0, 5)) {
          const { score, terms } = index.explain(query, id)
          expect(scores[ids.indexOf(id)]).toBeCloseTo(score, 2)
          expect(terms.reduce((sum, { contribution }) => sum + contribution, 0)).toBeCloseTo(score, 5)
        }
      }
  })

  test('equal documents are ranked by id in byte order', async () => {
    const ids = ['b', 'a', '\uffff', '\u{10000}', 'aa', '']
    const index = await Bm25Index.build(ids.map((id) => doc(id, 'same words')))
    expect(index.search('words', 9).ids).toEqual(['', 'a', 'aa', 'b', '\uffff', '\u{10000}'])
    expect(index.search('words', 3).ids).toEqual(['', 'a', 'aa'])
  })

  test('nothing where there is nothing', async () => {
    const none = await Bm25Index.build([])
    expect(none.search('x', 5)).toEqual({ ids: [], scores: new Float64Array(0) })
    expect(none.stats).toMatchObject({ documents: 0, terms: 0, postings: 0, avgdl: 0 })
    const empty = await Bm25Index.build([doc('1', ''), doc('2', 'the of')])
    expect(empty.search('the of', 5).ids).toEqual([])
    expect(empty.stats).toMatchObject({ documents: 2, terms: 0, avgdl: 0 })
    const some = await Bm25Index.build([doc('1', 'word')])
    for (const query of ['', ' ', 'the', 'unknown', '!?']) expect(some.search(query, 5).ids).toEqual([])
  })

  test('refuses a k that is none', async () => {
    const index = await Bm25Index.build([doc('1', 'x')])
    for (const k of [0, -1, 1.5, Number.NaN]) expect(() => index.search('x', k)).toThrow(/cannot return/)
  })

  test('searchAll gives what search gives, tells progress and can be stopped', async () => {
    const index = await Bm25Index.build(Array.from({ length: 50 }, (_, i) => doc(`${i}`, `word w${i % 7}`)))
    const queries = Array.from({ length: 30 }, (_, i) => ({ id: `q${i}`, text: `word w${i % 7}` }))
    const told: Progress[] = []
    const run = await index.searchAll(queries, 5, { onProgress: (progress) => told.push(progress) })
    expect([...run.keys()]).toEqual(queries.map(({ id }) => id))
    expect(run.get('q3')).toEqual(index.search('word w3', 5))
    expect(told.at(-1)).toMatchObject({ step: 'search', done: 30, total: 30, unit: 'queries' })
    await expect(index.searchAll(queries, 5, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CANCELLED',
    })
  })
})

describe('statistics of a query', () => {
  test('are those of a plain count, and follow additions and deletions', async () => {
    const index = await Bm25Index.build([doc('a', 'alpha alpha beta', 'gamma'), doc('b', 'beta', 'alpha')], {
      analyzer: 'whitespace',
    })
    const terms = (text: string) =>
      index
        .queryStatistics(text)
        .terms.map((one) => [one.queryFrequency, one.documentFrequency, one.collectionFrequency])
    expect(index.queryStatistics('')).toEqual({ documents: 2, occurrences: 6, terms: [] })
    // Of the query's order; words that no document has are left out.
    expect(terms('beta nowhere alpha beta')).toEqual([
      [2, 2, 2],
      [1, 2, 3],
    ])
    await index.add([doc('c', 'alpha delta')])
    expect(terms('alpha delta')).toEqual([
      [1, 3, 4],
      [1, 1, 1],
    ])
    index.delete(['a', 'c'])
    expect(terms('alpha delta')).toEqual([[1, 1, 1]])
    expect(index.queryStatistics('alpha')).toMatchObject({ documents: 1, occurrences: 2 })
  })

  test('of two fields: documents of the field where more have the term, occurrences of both', async () => {
    const index = await Bm25Index.build([doc('a', 'alpha beta', 'alpha'), doc('b', 'alpha', 'beta')], {
      analyzer: 'whitespace',
      multifield: true,
    })
    expect(index.queryStatistics('alpha').terms).toEqual([
      { queryFrequency: 1, documentFrequency: 2, collectionFrequency: 3 },
    ])
  })
})

describe('add and delete', () => {
  test('leave scores equal to those of an index built anew', async () => {
    const change = fc.oneof(
      fc.record({ add: someDocuments(8) }),
      fc.record({ remove: fc.array(fc.nat(), { maxLength: 6 }) }),
    )
    await fc.assert(
      fc.asyncProperty(
        someDocuments(20),
        fc.array(change, { maxLength: 8 }),
        someOptions,
        fc.array(someText, { minLength: 1, maxLength: 3 }),
        async (first, changes, options, queries) => {
          const index = await Bm25Index.build(first, options)
          let live = [...first]
          for (const step of changes) {
            // A search in between fills the memory that changes must clear.
            index.search(queries[0]!, 5)
            if ('add' in step) {
              const fresh = step.add.filter(({ id }) => !live.some((other) => other.id === id))
              await index.add(fresh)
              live.push(...fresh)
            } else if (live.length > 0) {
              const gone = new Set(step.remove.map((n) => live[n % live.length]!.id))
              index.delete(gone)
              live = live.filter(({ id }) => !gone.has(id))
            }
          }
          const anew = await Bm25Index.build(live, options)
          expect(index.stats).toEqual(anew.stats)
          for (const query of queries)
            for (const k of [3, 100]) expect(hits(index, query, k)).toEqual(hits(anew, query, k))
        },
      ),
      { numRuns: 200 },
    )
  })

  test('many additions keep the index in few pieces', async () => {
    const index = await Bm25Index.build([])
    for (let i = 0; i < 300; i++) await index.add([doc(`${i}`, `word w${i % 11} x${i}`)])
    const anew = await Bm25Index.build(Array.from({ length: 300 }, (_, i) => doc(`${i}`, `word w${i % 11} x${i}`)))
    expect(hits(index, 'word w3 x14', 300)).toEqual(hits(anew, 'word w3 x14', 300))
  })

  test('a document id may not come twice, and then nothing is added', async () => {
    await expect(Bm25Index.build([doc('a', 'x'), doc('a', 'y')])).rejects.toMatchObject({ code: 'DATA_INVALID' })
    const index = await Bm25Index.build([doc('a', 'x')])
    await expect(index.add([doc('b', 'x'), doc('a', 'y')])).rejects.toThrow(/"a" is there twice/)
    expect(index.stats.documents).toBe(1)
    await index.add([doc('b', 'x')])
    expect(index.search('x', 5).ids).toEqual(['a', 'b'])
  })

  test('additions at the same time go one after another', async () => {
    const index = await Bm25Index.build([])
    async function* slowly(...documents: Document[]) {
      for (const document of documents) {
        await new Promise((resolve) => setTimeout(resolve, 5))
        yield document
      }
    }
    const results = await Promise.allSettled([
      index.add(slowly(doc('a', 'x'), doc('b', 'x'))),
      index.add(slowly(doc('b', 'x'), doc('c', 'x'))),
      index.add(slowly(doc('d', 'x'))),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(index.search('x', 9).ids).toEqual(['a', 'b', 'd'])
  })

  test('deleting what is not there deletes nothing', async () => {
    const index = await Bm25Index.build([doc('a', 'x'), doc('b', 'x')])
    expect(() => index.delete(['a', 'c'])).toThrow(FieldtrialError)
    expect(index.search('x', 5).ids).toEqual(['a', 'b'])
    index.delete(['a', 'b'])
    expect(index.stats).toMatchObject({ documents: 0, terms: 0, postings: 0 })
    await index.add([doc('a', 'x')])
    expect(index.search('x', 5).ids).toEqual(['a'])
  })

  test('documents and queries of any length are taken whole', async () => {
    const words = Array.from({ length: 20_000 }, (_, i) => `w${i}`).join(' ')
    const index = await Bm25Index.build([doc('flat', words, `t ${words}`), doc('o', 'other')])
    expect(index.stats).toMatchObject({ terms: 20_002, postings: 20_002, avgdl: 20_001 })
    expect(index.explain(words, 'flat').terms).toHaveLength(20_000)
    expect(index.search('w19999', 1).ids).toEqual(['flat'])
    const names = Array.from({ length: 3000 }, (_, i) => `aB${i}`).join(' ')
    const code = await Bm25Index.build([doc('c', names)], { analyzer: 'code' })
    expect(
      code
        .explain('aB2999', 'c')
        .terms.map(({ term }) => term)
        .sort(),
    ).toEqual(['2999', 'ab2999', 'b'])
  })

  test('half a surrogate pair is no id', async () => {
    await expect(Bm25Index.build([doc('\ud800', 'x')])).rejects.toMatchObject({ code: 'DATA_INVALID' })
  })
})

describe('build', () => {
  test('takes a stream, tells progress and can be stopped midway', async () => {
    const stop = new AbortController()
    const told: Progress[] = []
    async function* endless(limit: number) {
      for (let i = 0; i < limit; i++) yield doc(`${i}`, `word w${i}`)
    }
    const index = await Bm25Index.build(endless(2000), {}, { total: 2000, onProgress: (p) => told.push(p) })
    expect(index.stats.documents).toBe(2000)
    expect(told.at(-1)).toEqual({ step: 'index documents', unit: 'documents', done: 2000, total: 2000 })
    setTimeout(() => stop.abort(), 30)
    await expect(Bm25Index.build(endless(Number.POSITIVE_INFINITY), {}, { signal: stop.signal })).rejects.toMatchObject(
      { code: 'CANCELLED' },
    )
  })

  test('refuses options that cannot be meant, naming the field', async () => {
    const bad: [Bm25Options, string][] = [
      [{ variant: 'bm25' as never }, 'variant'],
      [{ k1: -1 }, 'k1'],
      [{ k1: Number.NaN }, 'k1'],
      [{ b: 1.5 }, 'b'],
      [{ delta: 1 }, 'delta'],
      [{ variant: 'bm25+', delta: Number.POSITIVE_INFINITY }, 'delta'],
      [{ weights: { title: 2 } }, 'weights'],
      [{ multifield: true, weights: { title: -2 } }, 'weights.title'],
      [{ analyzer: 'none' as never }, 'analyzer'],
    ]
    for (const [options, field] of bad)
      await expect(Bm25Index.build([], options)).rejects.toMatchObject({ code: 'USAGE', where: { field } })
  })

  test('the identity tells indexes apart that score differently', () => {
    const identity = (options: Bm25Options) => JSON.stringify(bm25Identity(options))
    expect(identity({})).toBe(
      identity({ variant: 'lucene', k1: 0.9, b: 0.4, analyzer: 'lucene-english', multifield: false }),
    )
    const all: Bm25Options[] = [
      {},
      { k1: 1 },
      { b: 0.5 },
      { variant: 'bm25+' },
      { variant: 'bm25+', delta: 2 },
      { analyzer: 'code' },
      { multifield: true },
      { multifield: true, weights: { title: 2 } },
    ]
    expect(new Set(all.map(identity)).size).toBe(all.length)
  })
})
