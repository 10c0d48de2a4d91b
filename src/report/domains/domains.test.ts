import { describe, expect, it } from 'vitest'
import { plain, results } from '../../../test/support/domains-fixture.ts'
import { renderDomainsCsv } from '../csv-domains.ts'
import { renderLatex } from '../latex.ts'
import { domainsLatex } from '../latex-domains.ts'
import { renderMarkdown } from '../markdown.ts'
import { domainTables } from './tables.ts'

describe('the section on domains', () => {
  it('has a table for scores, told domains, calibration and gaps', () => {
    const [all] = domainTables(results)
    expect(all!.notes).toEqual([
      'Joined: text (1,000 documents; 4 queries) and photos (30 documents, all of them images; 2 queries).',
      'Of photos, retrievers that read text can find nothing: bm25.',
    ])
    expect(all!.tables.map(({ id }) => id)).toEqual(['measure', 'shares', 'within', 'calibration', 'gaps'])
    const [measure, shares, within, calibration, gaps] = all!.tables
    expect(measure!.head).toEqual(['text', 'photos', 'Mean of domains', 'All queries', 'Wrong domain'])
    expect(measure!.rows[1]!.cells.map(({ text, place, mark }) => [text, place, mark]).slice(0, 3)).toEqual([
      ['0.3000', 'second', ''],
      ['0.4000', 'best', '▲'],
      ['0.3500', 'best', ''],
    ])
    expect(measure!.rows[0]!.cells.at(-1)!.text).toBe('12.5 %')
    expect(shares!.rows[0]!.cells.map(({ text }) => text)).toEqual(['10.0 %', '–'])
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
