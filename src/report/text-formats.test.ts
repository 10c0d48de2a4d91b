import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { describeShared, describeWith } from '../../test/support/shared.ts'
import { scifactStudy, studyFixture } from '../../test/support/study-fixture.ts'
import type { StudyResults } from '../study/results.ts'
import { renderCsv, renderPerQueryCsv } from './csv.ts'
import { renderSpacesCsv } from './csv-spaces.ts'
import { formatDifference } from './format.ts'
import { renderJson } from './json.ts'
import { renderLatex } from './latex.ts'
import { renderMarkdown } from './markdown.ts'
import { escapeMarkdown } from './markdown-text.ts'
import type { Palette } from './palette.ts'
import { renderTable } from './terminal.ts'

const { results } = studyFixture()
const troubled = studyFixture({ queries: 30, smoke: 25, failed: [['bge-base', 'cosqa']] }).results
const hostile = studyFixture({
  queries: 20,
  study: 'a|b & 50% of_$x$ {#1} ~^\\ "q" <img src=x onerror=alert(1)>',
  collections: ['a|b', '日本語コーパス'],
  retrievers: [
    { id: 'bm25|x_y', kind: 'bm25', skill: 0.5 },
    { id: 'modèle 100% "q", 🎉', kind: 'dense', skill: 0.6 },
  ],
}).results

/** Columns of a Markdown table row: unescaped bars separate them. */
const bars = (line: string) => line.match(/(?<!\\)\|/g)?.length

describe('Markdown', () => {
  it('has a table per measure with best, second and marks, and states the method', () => {
    const text = renderMarkdown(results)
    for (const measure of results.measures) expect(text).toContain(`\n## ${measure}\n`)
    expect(text).toMatch(/\| bge-base \| \*\*0\.\d{4}\*\*▲ /)
    expect(text).toContain('| bm25 (baseline) |')
    expect(text).toContain('paired randomisation test (two-sided, 20,000 resamples, seed 1), Holm correction')
    expect(text).toContain('α = 0.05. Queries: scifact 120, nfcorpus 120 and cosqa 120.')
  })

  it('warns of smoke runs and failed trials with the reason, and of nothing else', () => {
    expect(renderMarkdown(troubled)).toContain('Smoke run (limit 25)')
    expect(renderMarkdown(troubled)).toContain('bge-base on cosqa failed: The server answered 500 four times.')
    expect(renderMarkdown(troubled)).toMatch(/\| bge-base \|.*\| failed \| – \|/)
    expect(renderMarkdown(troubled)).toContain(`| cosqa | bge-base | failed |${' – |'.repeat(10)}`)
    expect(renderMarkdown(results)).not.toContain('[!WARNING]')
  })

  it('keeps the number of columns whatever the names hold, and lets no HTML through', () => {
    const text = renderMarkdown(hostile)
    for (const block of text.split('\n\n').filter((b) => b.startsWith('|'))) {
      const counts = new Set(block.split('\n').map(bars))
      expect(counts.size, block).toBe(1)
    }
    expect(text).not.toContain('<img')
  })

  it('gives all figures of the first measure, and of the others the differences in one table', () => {
    const text = renderMarkdown(results)
    const pairs = results.collections.length * (results.retrievers.length - 1)
    const [full, compact] = text
      .split('## Differences to the baseline bm25')[1]!
      .split('\n\n')
      .filter((block) => block.startsWith('|'))
    expect(full!.split('\n')).toHaveLength(2 + pairs)
    expect(full).toMatch(/^\| Collection \| Retriever \| nDCG@10 \| 95 % interval \| p \|/)
    expect(compact!.split('\n')).toHaveLength(2 + pairs)
    expect(compact).toMatch(/^\| Collection \| Retriever \| R@100 \| MRR@10 \|\n/)
    const c = results.comparisons.find((x) => x.measure === 'MRR@10' && x.retriever === 'minilm')!
    expect(compact).toMatch(
      new RegExp(
        `\\| ${c.collection} \\| minilm \\| .* \\| ${formatDifference(c.difference).replace('+', '\\+')}[▲▼]? \\|`,
      ),
    )
  })

  it('lists the warnings about the data, before what is only worth knowing', () => {
    expect(renderMarkdown(results)).toContain(
      '- **Warning**, scifact: 3 of 133 judgments name documents that the corpus lacks. (qrels.absent-documents)\n' +
        '- scifact: 80 of 5183 documents have the same title and text as another',
    )
  })

  it('tells a warning that trials share once, with all their names', () => {
    const lines = renderMarkdown(results)
      .split('\n')
      .filter((line) => line.startsWith('- Warning, '))
    expect(lines).toEqual([
      '- Warning, minilm on all collections; bge-base on all collections; bge-base-int8 on all collections: 21.7 % of the documents were cut at 256 tokens.',
    ])
    expect(renderMarkdown(troubled)).toContain('; bge-base on scifact and nfcorpus; ')
  })

  it('has the figures of every space, what they mean, and the comparisons', () => {
    const text = renderMarkdown(results).split('## Embedding spaces')[1]!.split('\n## ')[0]!
    const [figures, compared] = text.split('\n\n').filter((block) => block.startsWith('|'))
    expect(figures!.split('\n')).toHaveLength(2 + results.spaces.length)
    expect(figures).toMatch(/\| scifact \| bge-base \| 0\.\d{4} \| 0\.85 \(queries 0\.85\) \| 61\.0 \(of 384\) \|/)
    expect(compared!.split('\n')).toHaveLength(2 + results.spaces.filter((s) => s.comparisons.length > 0).length)
    expect(compared).toMatch(
      /\| bge-base \| minilm \| the model that it descends from \| 0\.73 \| – \| 60\.0 % \| 1,000 \| [+−]/,
    )
    expect(text).toContain('- **Mean cosine** (lower is better): Anisotropy')
    expect(text).toContain(
      '- **Nearly all vectors point the same way**: bge-base on scifact (0.85); bge-base on nfcorpus',
    )
    expect(renderMarkdown({ ...results, spaces: [] })).not.toContain('Embedding spaces')
  })

  it('has every recipe, and each prompt in full once', () => {
    const chat = studyFixture({
      retrievers: ['qwen+promptreps', 'qwen+promptreps-center', 'bge'].map((id) => ({ id, kind: 'dense', skill: 0.5 })),
      queries: 10,
    }).results
    const text = renderMarkdown(chat).split('## Recipes')[1]!
    expect(text.match(/<\|im_start\|>system\nYou are a helpful assistant\./g)).toHaveLength(2)
    expect(text).toMatch(
      /\| qwen\+promptreps \| promptreps \| 1 \| 2 \| the last token of the whole prompt \| 24, final norm applied \|/,
    )
    expect(text).toContain('each side centred by its own mean; queries’ mean from')
    expect(text).toContain('scifact: “Given a question, retrieve passages that answer it” (the study file of scifact)')
  })

  it('leaves underscores within words alone and escapes what would format', () => {
    expect(escapeMarkdown('bm25_lucene')).toBe('bm25_lucene')
    expect(escapeMarkdown('_x_ *y* `z` [a](b)\nnext')).toBe('\\_x\\_ \\*y\\* \\`z\\` \\[a\\](b) next')
    expect(escapeMarkdown('# title')).toBe('\\# title')
  })
})

describe('a single retriever', () => {
  const alone = studyFixture({ retrievers: [{ id: 'bm25', kind: 'bm25', skill: 0.5 }], queries: 20 }).results

  it('gets no legend of marks, tests or places, in any format', () => {
    for (const baseline of ['bm25', null]) {
      const study = { ...alone, comparison: { ...alone.comparison, baseline } }
      const texts = [renderTable(study), renderMarkdown(study), renderLatex(study)]
      for (const text of texts) expect(text).not.toMatch(/[▲▼]|Holm|dagger|tested|in bold/)
      expect(texts[0]).toContain('Runs are 1,000 documents deep.')
      expect(texts[1]).toContain('Runs are 1,000 documents deep.')
    }
  })

  it('is told apart from retrievers that could not be tested', () => {
    const failed = results.collections.map((c) => ['bm25', c.name] as const)
    const untested = studyFixture({ failed, queries: 20 }).results
    for (const text of [renderTable(untested, { width: Number.POSITIVE_INFINITY }), renderMarkdown(untested)])
      expect(text).toContain('No difference to the baseline bm25 was tested: on no collection')
  })
})

describe('CSV', () => {
  it('has a row per trial and measure at full precision with the comparison beside it', () => {
    const rows = parse(renderCsv(results), { columns: true }) as Record<string, string>[]
    expect(rows).toHaveLength(results.trials.length * results.measures.length)
    for (const row of rows) {
      const trial = results.trials.find((t) => t.retriever === row.retriever && t.collection === row.collection)!
      expect(Number(row.value)).toBe(trial.mean[row.measure!])
      const c = results.comparisons.find(
        (x) => x.retriever === row.retriever && x.collection === row.collection && x.measure === row.measure,
      )
      expect(row.p_adjusted).toBe(c ? String(c.pAdjusted) : '')
    }
  })

  it('keeps failed trials with an empty value, the reason and the mark of a smoke run', () => {
    const rows = parse(renderCsv(troubled), { columns: true }) as Record<string, string>[]
    const failed = rows.filter((row) => row.status === 'failed')
    expect(failed).toHaveLength(3)
    expect(failed[0]).toMatchObject({ value: '', error: 'ENGINE_FAILED: The server answered 500 four times.' })
    expect(new Set(rows.map((row) => row.smoke_limit))).toEqual(new Set(['25']))
  })

  it('quotes what needs it', () => {
    const rows = parse(renderCsv(hostile), { columns: true }) as Record<string, string>[]
    expect(new Set(rows.map((row) => row.study))).toEqual(new Set([hostile.study]))
    expect(new Set(rows.map((row) => row.retriever))).toEqual(new Set(hostile.retrievers.map((r) => r.id)))
  })

  it('has tokens, their rate and peak memory beside the values', () => {
    const row = (parse(renderCsv(results), { columns: true }) as Record<string, string>[]).find(
      (r) => r.retriever === 'minilm',
    )!
    const { cost } = results.trials.find((t) => t.retriever === 'minilm')!
    expect(row).toMatchObject({ document_tokens: '1200000', query_tokens: '6200', peak_bytes: '900000000' })
    expect(Number(row.tokens_per_second)).toBeCloseTo(1_200_000 / cost.encodeDocumentsSeconds!, 6)
  })

  it('has a row per space at full precision, with what it is compared with', () => {
    const rows = parse(renderSpacesCsv(troubled), { columns: true }) as Record<string, string>[]
    expect(rows).toHaveLength(troubled.spaces.length)
    for (const [i, row] of rows.entries()) {
      const { retriever, collection, diagnostics, comparisons } = troubled.spaces[i]!
      const trial = troubled.trials.find((t) => t.retriever === retriever && t.collection === collection)!
      expect(row).toMatchObject({ retriever, collection, smoke_limit: '25', against: comparisons[0]?.against ?? '' })
      expect(Number(row.value)).toBe(trial.mean['nDCG@10'])
      expect(Number(row.document_mean_cosine)).toBe(diagnostics.documents.anisotropy)
      expect(Number(row.query_effective_rank)).toBe(diagnostics.queries!.spectrum!.effectiveRank)
      expect(row.cka).toBe(comparisons[0] === undefined ? '' : String(comparisons[0].cka))
    }
    expect(parse(renderSpacesCsv({ ...troubled, spaces: [] }))).toHaveLength(1)
  })

  it('gives every value per query back', () => {
    const rows = parse(renderPerQueryCsv(troubled), { columns: true }) as Record<string, string>[]
    expect(rows).toHaveLength(17 * 30)
    for (const row of rows) {
      const trial = troubled.trials.find((t) => t.retriever === row.retriever && t.collection === row.collection)!
      expect(Number(row['R@100'])).toBe(trial.perQuery['R@100']![row.query!])
    }
  })
})

describe('JSON', () => {
  it('gives the results back, whatever order the keys had', () => {
    expect(JSON.parse(renderJson(results))).toEqual(results)
    const shuffled = Object.fromEntries(Object.entries(results).reverse()) as unknown as StudyResults
    expect(renderJson(shuffled)).toBe(renderJson(results))
    expect(JSON.parse(renderJson(hostile))).toEqual(hostile)
  })

  it('refuses a number that JSON would turn into null, and names the place', () => {
    const trials = results.trials.map((t, i) => (i === 1 ? { ...t, mean: { ...t.mean, 'R@100': Number.NaN } } : t))
    expect(() => renderJson({ ...results, trials })).toThrow(/NaN at \.trials\[1\]\.mean\.R@100/)
  })
})

describe('LaTeX', () => {
  it('has balanced booktabs tables with as many cells as columns', () => {
    for (const study of [results, troubled, hostile]) {
      const text = renderLatex(study)
      const tables = text.split('\\begin{table}').slice(1)
      const fusions = study.fusions?.length ?? 0
      expect(tables).toHaveLength(study.measures.length + (fusions > 0 ? 1 : 0) + 1)
      for (const [i, table] of tables.entries()) {
        const columns = table.match(/\\begin\{tabular\}\{(l*r*)\}/)![1]!.length
        const rows = table.split('\n').filter((line) => line.endsWith(' \\\\'))
        const others = i === tables.length - 1 ? study.spaces.length : fusions
        expect(rows).toHaveLength(1 + (i < study.measures.length ? study.retrievers.length : others))
        for (const row of rows) expect(row.match(/(?<!\\)&/g)).toHaveLength(columns - 1)
        expect(table.match(/(?<!\\)\{/g)!.length).toBe(table.match(/(?<!\\)\}/g)!.length)
        for (const rule of ['\\toprule', '\\midrule', '\\bottomrule']) expect(table).toContain(rule)
      }
    }
  })

  it('sets the best in bold, the second underlined, scores × 100 with the decimals asked for', () => {
    expect(renderLatex(results)).toMatch(/\\textbf\{\d\d\.\d\d\}\$\^\{\\dagger\}\$/)
    expect(renderLatex(results, { decimals: 1, measures: ['R@100'] })).toMatch(/\\underline\{\d\d\.\d\}/)
    expect(renderLatex(results, { measures: ['R@100'] })).not.toContain('nDCG')
  })

  it('marks failures with a note, smoke runs with a line, and says when it needs another engine', () => {
    expect(renderLatex(troubled)).toContain('--$^{a}$')
    expect(renderLatex(troubled)).toContain('$^{a}$ bge-base on cosqa failed')
    expect(renderLatex(troubled)).toContain('\\textbf{Smoke run (limit 25)')
    expect(renderLatex(hostile)).toContain('LuaLaTeX')
    expect(renderLatex(results)).not.toContain('LuaLaTeX')
  })
})

describeWith('LaTeX in pdflatex', ['/usr/bin/pdflatex'], () => {
  it('compiles', () => {
    const folder = mkdtempSync(join(tmpdir(), 'latex-'))
    const latin = studyFixture({
      queries: 20,
      smoke: 5,
      study: 'a|b & 50% of_$x$ {#1} ~^\\ "q" <x> – × ≤ α é',
      collections: ['a_b', 'c%d'],
      retrievers: [
        { id: 'bm25 #1 {k_1=0.9}', kind: 'bm25', skill: 0.5 },
        { id: '[modèle] ~100% ^\\ & $', kind: 'dense', skill: 0.6 },
      ],
      failed: [['[modèle] ~100% ^\\ & $', 'c%d']],
    }).results
    const document = `\\documentclass{article}\\usepackage{booktabs}\\begin{document}\n${renderLatex(latin)}\n\\end{document}\n`
    writeFileSync(join(folder, 'table.tex'), document)
    const log = execFileSync('/usr/bin/pdflatex', ['-interaction=nonstopmode', '-halt-on-error', 'table.tex'], {
      cwd: folder,
      encoding: 'utf8',
    })
    expect(log).toContain('Output written on table.pdf')
  })
})

describe('terminal table', () => {
  const visible = (text: string) => text.split('\n')

  it('aligns columns by display width, also for wide characters', () => {
    const lines = visible(renderTable(hostile, { width: Number.POSITIVE_INFINITY }))
    const rows = lines.filter((line) => / 0\.\d{4}/.test(line) && !line.startsWith('O'))
    expect(rows).toHaveLength(2)
    const ends = rows.map((line) => [...line.matchAll(/0\.\d{4}/g)].map((m) => stringWidth(line.slice(0, m.index))))
    expect(ends[0]).toEqual(ends[1])
  })

  it('never exceeds the width where names allow it, and repeats the names in each block', () => {
    const lines = visible(renderTable(results, { width: 50 }))
    for (const line of lines) expect(stringWidth(line), line).toBeLessThanOrEqual(50)
    expect(lines.filter((line) => line.startsWith('minilm ')).length).toBeGreaterThan(1)
  })

  it('colours only through the palette and measures without the colours', () => {
    const tag = (name: string) => (text: string) => `<${name}>${text}</${name}>`
    const palette: Palette = {
      bold: tag('b'),
      dim: tag('d'),
      green: tag('g'),
      red: tag('r'),
      yellow: tag('y'),
    }
    const coloured = renderTable(troubled, { palette })
    expect(coloured.replace(/<\/?[bdgry]>/g, '').replace(/ +$/gm, '')).toBe(renderTable(troubled))
    expect(coloured).toContain('<y>Smoke run')
    expect(coloured).toMatch(/<r>\s*failed/)
    expect(coloured).toMatch(/<g><b>\s*0\.\d{4}▲<\/b><\/g>/)
  })

  it('ends with the warnings about the data, a line each', () => {
    const last = (text: string) => text.trimEnd().split('\n').at(-1)
    const warning = '! scifact: 3 of 133 judgments name documents that the corpus lacks.'
    expect(last(renderTable(results))).toBe(warning)
    expect(last(renderTable(results, { width: 40 }))).toBe('! scifact: 3 of 133 judgments name docu…')
    expect(renderTable(results)).not.toContain('no ranking can tell them apart')
    const many = results.collections.map((c) => ({
      ...c,
      findings: Array(7).fill(results.collections[0]!.findings[1]),
    }))
    const lines = renderTable({ ...results, collections: many }).split('\n')
    expect(lines.filter((line) => line.startsWith('! '))).toHaveLength(13)
    expect(last(lines.join('\n'))).toBe('! … and 9 more warnings about the data')
  })

  it('tells the faults of embedding spaces, and names apart that begin and end alike', () => {
    const sweep = studyFixture({
      retrievers: [60, 61, 62].map((layer) => ({
        id: `qwen+promptreps-system_none-layer_0.${layer}-center+whiten_0.5`,
        kind: 'dense',
        skill: 0.5,
      })),
      queries: 20,
    }).results
    const text = renderTable(sweep, { width: Number.POSITIVE_INFINITY })
    for (const layer of [60, 61, 62])
      expect(text).toMatch(new RegExp(`^…layer_0\\.${layer}…( \\(baseline\\))? +0\\.`, 'm'))
    expect(text).toContain('~ …layer_0.60… and …layer_0.61…: 21.7 % of documents cut on scifact and 2 more\n')
    expect(text).toContain('; queries lie 0.98 × the spread from documents')
  })

  it('lets no control character of a name reach the terminal', () => {
    const text = renderTable({ ...results, study: 'x\u001b[31mred\u0007' })
    expect(text).not.toContain('\u001b')
    expect(text).not.toContain('\u0007')
  })
})

describeShared('tables of real scores', ['golden/stats/scores.json'], () => {
  it('print all measures of a single collection side by side', () => {
    const text = renderTable(scifactStudy())
    expect(text).toMatch(/bm25_lucene \(baseline\)\s+0\.6789\s+0\.9253\s+0\.6401/)
    expect(text).toMatch(/minilm\s+0\.6451\s+0\.9250\s+0\.6034/)
  })
})
