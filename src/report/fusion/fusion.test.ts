import { describe, expect, it } from 'vitest'
import { studyFixture } from '../../../test/support/study-fixture.ts'
import type { FusionResult } from '../../study/results.ts'
import { renderFusionCsv } from '../csv-fusion.ts'
import { renderLatex } from '../latex.ts'
import { fusionLatex } from '../latex-fusion.ts'
import { renderMarkdown } from '../markdown.ts'
import { learnedText, learnedWeights, routedShares } from './learned.ts'

const { results } = studyFixture({ queries: 60 })
const fusions = results.fusions!
const routed: FusionResult = {
  ...fusions[0]!,
  learned: {
    measure: 'nDCG@10',
    shared: 0,
    parts: [
      {
        train: 40,
        ranked: 20,
        trainValue: 0.7,
        rankedValue: 0.6,
        weights: null,
        route: {
          strength: 'ridge, penalty 3',
          choices: [
            [1, 0],
            [0, 1],
          ],
          chosen: [15, 5],
          constantValue: 0.6,
          oracleValue: 0.8,
        },
      },
    ],
  },
}

describe('the figures of fusions', () => {
  it('stand in Markdown with cost, ablation and what was learned', () => {
    const text = renderMarkdown(results)
    const section = text.slice(text.indexOf('## Fusion'), text.indexOf('## Cost'))
    expect(section).toContain('| scifact | minilm+bm25 |')
    expect(section).toContain('+4.20 ms | +7.96 MB | 1 / 1 |')
    expect(section).toContain('20 of 287')
    expect(section).toContain('minilm 0.45 (0.40–0.50), bm25 0.55 (0.50–0.60) · 3 folds, learned from 80 queries each')
    expect(section).toContain('Holm correction over all fusions of one collection and measure')
    // Every row has as many cells as its head.
    for (const table of section.split('\n\n').filter((part) => part.startsWith('|')))
      expect(
        new Set(
          table
            .trim()
            .split('\n')
            .map((line) => line.split('|').length),
        ).size,
      ).toBe(1)
  })

  it('stand in LaTeX and CSV', () => {
    const latex = fusionLatex(results, 'x', 2)!
    expect(latex).toContain('\\label{tab:x}')
    const columns = latex.match(/begin\{tabular\}\{(\w+)\}/)![1]!.length
    for (const row of latex.split('\n').filter((line) => line.includes(' & ')))
      expect(row.split(' & ')).toHaveLength(columns)
    expect(renderLatex(results)).toContain(latex.split('\n')[2]!)
    const [head, ...rows] = renderFusionCsv(results).trimEnd().split('\n')
    expect(rows).toHaveLength(2 * fusions.length)
    for (const row of rows) expect(row.split(',')).toHaveLength(head!.split(',').length)
    expect(rows[0]).toContain('minilm+bm25')
    expect(rows[0]!.endsWith(',20,0.45')).toBe(true)
  })

  it('are left out where there are none, as in results of earlier versions', () => {
    const { fusions: _, ...before } = results
    expect(renderMarkdown(before)).not.toContain('## Fusion')
    expect(fusionLatex(before, 'x', 2)).toBeNull()
    expect(renderFusionCsv(before).trimEnd().split('\n')).toHaveLength(1)
  })

  it('tell what a route chose', () => {
    expect(learnedWeights(routed)).toBeNull()
    expect(routedShares(routed)).toEqual([
      { member: 'minilm', share: 0.75 },
      { member: 'bm25', share: 0.25 },
    ])
    expect(learnedText(routed)).toBe(
      'minilm 75 %, bm25 25 % of the weight · ridge, penalty 3 · learned from 40 queries: nDCG@10 0.7000 on these, 0.6000 on those ranked',
    )
    expect(learnedText({ ...routed, learned: null })).toBeNull()
  })
})
