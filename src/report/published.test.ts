import { describe, expect, it } from 'vitest'
import { publishedFixture } from '../../test/support/published-fixture.ts'
import { renderPublishedCsv } from './csv-published.ts'
import { renderLatex } from './latex.ts'
import { renderMarkdown } from './markdown.ts'
import { comparesText, formatFigure, publishedGroups, publishedLine } from './published.ts'
import { renderTable } from './terminal.ts'
import { verdicts, verdictText } from './verdict.ts'

describe('published figures in a report', () => {
  const { results } = publishedFixture()
  const [scifact, cosqa, ...others] = publishedGroups(results)

  it('stand beside the collections that have some', () => {
    expect(scifact!.collection.name).toBe('scifact')
    expect(cosqa!.collection.name).toBe('cosqa')
    expect(others).toEqual([])
    expect(scifact!.measures).toEqual(['nDCG@10', 'R@100'])
    expect(cosqa!.measures).toEqual(['nDCG@10'])
    expect(scifact!.own.map(({ id }) => id).sort()).toEqual(results.retrievers.map(({ id }) => id).sort())
  })

  it('are one row per system, those that compare first, the highest first', () => {
    const flat = scifact!.systems.find(({ system }) => system === 'BM25 flat (Anserini)')!
    expect(flat.values.map(formatFigure)).toEqual(['0.6789', '0.9253'])
    const first = scifact!.systems.findIndex(({ comparable }) => !comparable)
    expect(scifact!.systems.slice(first).every(({ comparable }) => !comparable)).toBe(true)
    const values = scifact!.systems.slice(0, first).map(({ values: [row] }) => row!.value)
    expect(values).toEqual(values.toSorted((a, b) => b - a))
  })

  it('say why they do not compare', () => {
    expect(cosqa!.systems.every(({ comparable }) => !comparable)).toBe(true)
    expect(comparesText(cosqa!.systems.find(({ system }) => system === 'BM25 (CoIR)')!)).toBe(
      'no: another corpus: 6,267 documents here, 20,604 in coir/cosqa; other title rule: text alone there, title and text here; its BM25 parameters are not stated; the figure was not checked at its source',
    )
  })

  it('change neither verdict nor tests', () => {
    const without = { ...results, published: [] }
    expect(verdicts(results).map(verdictText)).toEqual(verdicts(without).map(verdictText))
    expect(renderMarkdown(without)).not.toContain('Published')
    expect(renderMarkdown(results)).toContain(renderMarkdown(without).split('## Cost')[0]!.trimEnd())
  })

  it('are in every format', () => {
    const markdown = renderMarkdown(results)
    expect(markdown).toContain('## Published figures')
    expect(markdown).toMatch(/\| BM25 flat \(Anserini\) \| .* \| \d+ \| 0\.6789 \| 0\.9253 \|/)
    expect(markdown).toContain('](https://github.com/castorini/pyserini/')
    const latex = renderLatex(results)
    expect(latex).toContain('BM25 flat (Anserini) & 67.89 & 92.53 &')
    expect(latex).toContain('corpus, titles')
    expect(renderLatex(results, { measures: ['nDCG@10'] })).not.toContain('Published')
    const csv = renderPublishedCsv(results).split('\n')
    expect(csv).toHaveLength(results.published!.length + 2)
    expect(csv.find((line) => line.includes('BM25 flat (Anserini),bm25,nDCG@10,0.6789,'))).toBeDefined()
  })

  it('are a line on the terminal', () => {
    expect(publishedLine(scifact!)).toMatch(
      /^Published on beir\/scifact, nDCG@10: .*GritLM-7B 0\.7913.* not comparable\./,
    )
    expect(publishedLine(cosqa!)).toContain('none of 18 systems compares with cosqa')
    expect(renderTable(results, { width: Number.POSITIVE_INFINITY })).toContain(publishedLine(scifact!))
  })

  it('do not compare with a smoke run', () => {
    const rows = publishedFixture({ smoke: 20 }).results.published!
    expect(rows.length).toBeGreaterThan(20)
    expect(rows.every(({ reasons }) => reasons.some(({ code }) => code === 'limit'))).toBe(true)
  })
})
