import { describe, expect, it } from 'vitest'
import { studyFixture } from '../../../test/support/study-fixture.ts'
import type { DomainResult } from '../../study/domains/results.ts'
import type { StudyResults } from '../../study/results.ts'
import { renderDomainsCsv } from '../csv-domains.ts'
import { renderLatex } from '../latex.ts'
import { domainsLatex } from '../latex-domains.ts'
import { renderMarkdown } from '../markdown.ts'
import { domainTables } from './tables.ts'

const plain = studyFixture({
  collections: ['all'],
  retrievers: [
    { id: 'bm25', kind: 'bm25', skill: 0.5 },
    { id: 'clip_x', kind: 'dense', skill: 0.4 },
  ],
  measures: ['nDCG@10', 'R@100'],
}).results

const scores = { queries: 4, mean: 12.345, deviation: 2, shift: 0.5, lead: -0.25 }
const compared = {
  queries: 4,
  difference: 0.2,
  interval: [0.1, 0.3] as const,
  p: 0.001,
  effect: 1,
  wins: 3,
  losses: 0,
  ties: 1,
}

const domain = (retriever: string, text: number, images: number): DomainResult => ({
  retriever,
  collection: 'all',
  macro: { 'nDCG@10': (text + images) / 2, 'R@100': 1 },
  wrong: 0.125,
  domains: [
    {
      domain: 'text',
      queries: 4,
      unseen: 0,
      mean: { 'nDCG@10': text, 'R@100': 1 },
      within: { 'nDCG@10': text + 0.1, 'R@100': 1 },
      shares: { shares: { text: 0.9, photos: 0.1 }, wrong: 0.1, queries: 4 },
      scores,
      againstBest: null,
    },
    {
      domain: 'photos',
      queries: 2,
      unseen: retriever === 'bm25' ? 30 : 0,
      mean: { 'nDCG@10': images, 'R@100': 0 },
      within: { 'nDCG@10': images, 'R@100': 0 },
      shares: null,
      scores: null,
      againstBest:
        retriever === 'bm25'
          ? null
          : { ...compared, measure: 'nDCG@10', best: 'bm25', pAdjusted: 0.002, significant: true },
    },
  ],
  gaps:
    retriever === 'bm25'
      ? null
      : {
          domains: [{ one: 'text', other: 'photos', gap: { distance: 0.8, relative: 1.2 } }],
          modalities: { distance: 0.8, relative: null },
          sides: [
            { domain: 'text', gap: { distance: 0.1, relative: 0.2 } },
            { domain: 'photos', gap: null },
          ],
        },
})

const results: StudyResults = {
  ...plain,
  collections: plain.collections.map((collection) => ({
    ...collection,
    domains: [
      { name: 'text', source: './text', split: 'test', documents: 1000, queries: 4, judgments: 4, imageDocuments: 0 },
      { name: 'photos', source: './p', split: 'test', documents: 30, queries: 2, judgments: 2, imageDocuments: 30 },
    ],
  })),
  domains: [domain('bm25', 0.5, 0), domain('clip_x', 0.3, 0.4)],
}

describe('the section on domains', () => {
  it('has a table for scores, told domains, calibration and gaps', () => {
    const [all] = domainTables(results)
    expect(all!.notes).toEqual([
      'Joined: text (1,000 documents; 4 queries) and photos (30 documents, all of them images; 2 queries).',
      'Of photos, retrievers that read text can find nothing: bm25.',
    ])
    expect(all!.tables.map(({ id }) => id)).toEqual(['measure', 'within', 'calibration', 'gaps'])
    const [measure, within, calibration, gaps] = all!.tables
    expect(measure!.head).toEqual(['text', 'photos', 'Mean of domains', 'All queries', 'Wrong domain'])
    expect(measure!.rows[1]!.cells.map(({ text, place, mark }) => [text, place, mark]).slice(0, 3)).toEqual([
      ['0.3000', 'second', ''],
      ['0.4000', 'best', '▲'],
      ['0.3500', 'best', ''],
    ])
    expect(measure!.rows[0]!.cells.at(-1)!.text).toBe('12.5 %')
    expect(within!.rows[0]!.cells[0]!.text).toBe('0.6000 (+0.1000)')
    expect(calibration!.rows[0]!.cells.map(({ text }) => text)).toEqual(['12.3 ± 2, +0.50, −0.25', '–'])
    expect(gaps!.rows).toHaveLength(1)
    expect(gaps!.rows[0]!.cells.map(({ text }) => text)).toEqual(['0.80 (1.20)', '0.80', '0.10 (0.20)', '–'])
  })

  it('tests the first measure only', () => {
    const [all] = domainTables(results, 'R@100')
    expect(all!.tables[0]!.rows.flatMap(({ cells }) => cells.map(({ mark }) => mark)).join('')).toBe('')
    expect(all!.tables[0]!.meaning).not.toContain('▲')
  })

  it('stands in Markdown, LaTeX and CSV', () => {
    const markdown = renderMarkdown(results)
    const section = markdown.slice(markdown.indexOf('## Domains'))
    expect(section).toContain('| clip_x | *0.3000* | **0.4000**▲ | **0.3500** |')
    for (const table of section.split('\n\n').filter((part) => part.startsWith('|')))
      expect(
        new Set(
          table
            .trim()
            .split('\n')
            .map((line) => line.split('|').length),
        ).size,
      ).toBe(1)
    const latex = domainsLatex(results, 'tab', 1)!
    expect(latex).toContain('clip\\_x & \\underline{30.0} & \\textbf{40.0}$^{\\dagger}$ & \\textbf{35.0}')
    expect(latex).toContain('12.5')
    expect(renderLatex(results)).toContain('domain of all')
    const lines = renderDomainsCsv(results).trimEnd().split('\n')
    expect(lines).toHaveLength(1 + 2 * 2 * 2)
    expect(lines[0]).toMatch(/share_text,share_photos$/)
    expect(new Set(lines.map((line) => line.split(',').length)).size).toBe(1)
  })

  it('is left out where nothing was unified', () => {
    expect(renderMarkdown(plain)).not.toContain('## Domains')
    expect(domainsLatex(plain, 'x', 2)).toBeNull()
    expect(renderDomainsCsv(plain).trimEnd().split('\n')).toHaveLength(1)
  })
})
