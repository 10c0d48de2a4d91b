import { describe, expect, it } from 'vitest'
import type { CollectionScores } from '../src/report/page-data.ts'
import { placeLabels } from '../web/src/labels.ts'
import { choosePair, countOutcomes, orderRows, pairRows, rankedRetrievers, selectRows } from '../web/src/pair.ts'
import { defaultView, hashToView, sectionsOf, type View, viewToHash } from '../web/src/view.ts'
import { markWords, queryWords } from '../web/src/words.ts'
import { studyFixture } from './support/study-fixture.ts'

const { results } = studyFixture({ measures: ['nDCG@10', 'P(rel=2)@10'], queries: 30 })
const defaults = defaultView(results)

describe('address of the page', () => {
  it('gives every choice back, whatever characters it holds', () => {
    const view: View = {
      section: 'queries',
      measure: 'P(rel=2)@10',
      sort: 'nfcorpus',
      ascending: true,
      intervals: false,
      heat: 'difference',
      axis: 'bytes',
      costOf: 'cosqa',
      fusionOf: 'cosqa',
      spaceOf: 'cosqa',
      spaceAxis: 'rank',
      spaceSort: 'hub',
      spaceAscending: true,
      collection: 'nfcorpus',
      a: 'minilm+bm25',
      b: 'minilm',
      filter: 'losses',
      search: 'a&b=c?d#é 漢',
      order: 'size',
      reverse: true,
      page: 3,
      open: 'q?1&x',
    }
    expect(hashToView(viewToHash(view, defaults), results, defaults)).toEqual(view)
  })

  it('is short where nothing was chosen, and falls back where the study has no such thing', () => {
    expect(viewToHash({ ...defaults, section: 'cost' }, defaults)).toBe('#cost')
    expect(
      hashToView(
        '#nowhere?measure=X&spaceAxis=x&spaceSort=y&spaceOf=z&collection=y&page=-1&filter=z&a=q',
        results,
        defaults,
      ),
    ).toEqual(defaults)
    expect(hashToView('', results, defaults)).toEqual(defaults)
  })
})

describe('sections of the page', () => {
  it('hold embedding spaces and fusions only where there are some', () => {
    const ids = (study: typeof results) => sectionsOf(study).map((section) => section.id)
    expect(ids(results)).toContain('spaces')
    expect(ids({ ...results, spaces: [] })).toEqual(ids(results).filter((id) => id !== 'spaces'))
    expect(ids(results)).toContain('fusion')
    expect(ids({ ...results, fusions: [] })).toEqual(ids(results).filter((id) => id !== 'fusion'))
  })
})

describe('pairs of retrievers', () => {
  it('compares the best with the baseline, and the baseline with the next where it is best', () => {
    expect(choosePair(['a', 'base', 'b'], defaults, 'base')).toEqual(['a', 'base'])
    expect(choosePair(['base', 'b', 'c'], defaults, 'base')).toEqual(['b', 'base'])
    expect(choosePair(['a', 'b'], defaults, null)).toEqual(['a', 'b'])
    expect(choosePair(['a', 'b', 'c'], { ...defaults, a: 'c', b: 'b' }, 'a')).toEqual(['c', 'b'])
    expect(choosePair(['a', 'b'], { ...defaults, a: 'a' }, 'a')).toEqual(['a', 'b'])
    expect(choosePair(['a'], defaults, 'a')).toEqual(['a', 'a'])
  })

  it('ranks only retrievers with a result', () => {
    const troubled = studyFixture({ queries: 30, failed: [['bge-base', 'cosqa']] }).results
    expect(rankedRetrievers(troubled, 'nDCG@10', 'cosqa')).not.toContain('bge-base')
    expect(rankedRetrievers(troubled, 'nDCG@10', 'scifact')).toContain('bge-base')
  })
})

describe('rows of queries', () => {
  const scores: CollectionScores = {
    queries: ['q1', 'q2', 'q3', 'q10'],
    values: { a: { m: [1, 0.2, null, 0.5] }, b: { m: [0, 0.7, 0.4, 0.5] } },
  }
  const evidence = {
    collection: 'c',
    queriesTotal: 4,
    documents: {},
    queryTexts: { q1: 'Bones of mice', q2: 'Vitamin D and bones', q3: '' },
    queries: [{ id: 'q2', text: 'Vitamin D and bones', relevant: [], ranks: {}, top: {} }],
  }
  const rows = pairRows(scores, evidence, 'm', 'a', 'b')
  const ids = (list: readonly { id: string }[]) => list.map((row) => row.id)

  it('counts a missing value as 0, as the mean does', () => {
    expect(rows[2]).toMatchObject({ a: null, b: 0.4, difference: -0.4 })
    expect(countOutcomes(rows)).toEqual({ wins: 1, losses: 2, ties: 1 })
  })

  it('has the text of every query, also of those whose documents were not kept', () => {
    expect(rows.map((row) => row.text)).toEqual(['Bones of mice', 'Vitamin D and bones', '', null])
    expect(rows.map((row) => row.hasDocuments)).toEqual([false, true, false, false])
    expect(pairRows(scores, null, 'm', 'a', 'b').map((row) => row.text)).toEqual([null, null, null, null])
  })

  it('filters by outcome and by all words, in id or text', () => {
    expect(ids(selectRows(rows, 'losses', ''))).toEqual(['q2', 'q3'])
    expect(ids(selectRows(rows, 'all', 'bones VITAMIN'))).toEqual(['q2'])
    expect(ids(selectRows(rows, 'all', 'bones'))).toEqual(['q1', 'q2'])
    expect(ids(selectRows(rows, 'wins', 'vitamin'))).toEqual([])
    expect(ids(selectRows(rows, 'all', 'q1'))).toEqual(['q1', 'q10'])
  })

  it('orders by difference, its size, either score and the id as people count', () => {
    expect(ids(orderRows(rows, 'difference', false))).toEqual(['q1', 'q10', 'q3', 'q2'])
    expect(ids(orderRows(rows, 'size', false))).toEqual(['q1', 'q2', 'q3', 'q10'])
    expect(ids(orderRows(rows, 'a', true))[0]).toBe('q3')
    expect(ids(orderRows(rows, 'query', false))).toEqual(['q1', 'q2', 'q3', 'q10'])
  })
})

describe('words of a query in a document', () => {
  it('marks whole words of any case and gives the whole text back', () => {
    const text = 'Vitamins and VITAMIN D: the bone-density of bones.'
    const pieces = markWords(text, queryWords('Does vitamin D and the bone matter?'))
    expect(pieces.map((p) => p.text).join('')).toBe(text)
    expect(pieces.filter((p) => p.marked).map((p) => p.text)).toEqual(['VITAMIN', 'bone'])
  })
})

describe('labels of a plot', () => {
  it('stand on the other side of a point whose label would leave the plot', () => {
    const bounds = { left: 0, right: 300, top: 0, bottom: 100 }
    const at = (x: number) => placeLabels([{ x, y: 50, text: 'a-long-name', width: 80 }], bounds)[0]!
    expect(at(100)).toMatchObject({ anchor: 'start', x: 110 })
    expect(at(209.9)).toMatchObject({ anchor: 'start' })
    expect(at(230)).toMatchObject({ anchor: 'end', x: 220 })
    expect(placeLabels([{ x: 150, y: 50, text: 'x', width: 301 }], bounds)).toEqual([null])
  })

  it('never overlap each other or a point, and are left out rather than crammed', () => {
    const points = Array.from({ length: 40 }, (_, i) => ({
      x: 100 + (i % 8) * 60,
      y: 60 + Math.floor(i / 8) * 40,
      text: 'model-name',
      width: 67,
    }))
    const labels = placeLabels(points, { left: 0, right: 800, top: 0, bottom: 400 }).filter((l) => l !== null)
    expect(labels.length).toBeGreaterThan(0)
    const box = (l: (typeof labels)[number]) => {
      const width = 67
      const left = l.anchor === 'start' ? l.x : l.anchor === 'end' ? l.x - width : l.x - width / 2
      return { left, right: left + width, top: l.y - 7.5, bottom: l.y + 7.5 }
    }
    for (const [i, a] of labels.map(box).entries())
      for (const b of labels.map(box).slice(i + 1))
        expect(a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom).toBe(false)
  })
})
