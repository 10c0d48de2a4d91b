import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { studyFixture } from '../../test/support/study-fixture.ts'
import { renderHtml } from './html.ts'
import { pageData } from './page-data.ts'
import { embedJson } from './page-file.ts'
import { REPORT_FORMATS, writeReports } from './write.ts'

beforeAll(() => {
  // As it is shipped: the test runner's own NODE_ENV would leave the page larger.
  execFileSync(process.execPath, [fileURLToPath(new URL('../../scripts/build-web.mjs', import.meta.url))], {
    env: { ...process.env, NODE_ENV: 'production' },
  })
})

const { results, evidence } = studyFixture({ queries: 20, evidence: 10, failed: [['bge-base', 'cosqa']] })

/** The text of an embedded part, found as a browser finds it: up to the first `</script`. */
function embedded(html: string, name: string): unknown {
  const start = html.indexOf(`id="fieldtrial-${name}">`)
  expect(start, name).toBeGreaterThan(0)
  const from = html.indexOf('>', start) + 1
  return JSON.parse(html.slice(from, html.indexOf('</script', from)))
}

describe('embedded JSON', () => {
  it('holds no character that could end its element, and reads back equal', () => {
    const hostile = { a: '</script><!--<script>', b: '\u2028\u2029&amp;', c: ']]>' }
    const text = embedJson(hostile)
    expect(text).not.toMatch(/[<>&\u2028\u2029]/)
    expect(JSON.parse(text)).toEqual(hostile)
  })
})

describe('page data', () => {
  it('writes query ids once and values as columns, to six digits', () => {
    const page = pageData(results, evidence)
    const [scores] = page.scores
    for (const trial of results.trials.filter((t) => t.collection === 'scifact'))
      for (const [i, query] of scores!.queries.entries())
        expect(scores!.values[trial.retriever]!['nDCG@10']![i]).toBeCloseTo(trial.perQuery['nDCG@10']![query]!, 6)
    expect(page.results.trials.every((t) => Object.keys(t.perQuery).length === 0)).toBe(true)
    expect(page.results.trials.map((t) => t.mean)).toEqual(results.trials.map((t) => t.mean))
  })

  it('leaves failed trials out and marks a query that a run lacks', () => {
    const page = pageData(results, evidence)
    expect(page.scores[2]!.values['bge-base']).toBeUndefined()
    const trials = results.trials.map((t) =>
      t.retriever === 'minilm' && t.collection === 'scifact' ? { ...t, perQuery: { 'nDCG@10': { q1: 0.5 } } } : t,
    )
    const [scores] = pageData({ ...results, trials }, evidence).scores
    expect(scores!.values.minilm!['nDCG@10']!.slice(0, 2)).toEqual([0.5, null])
  })
})

describe('HTML report', () => {
  it('carries results, scores and texts, under a policy that forbids the network', async () => {
    const html = await renderHtml(results, evidence)
    expect(html).toContain("default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:")
    expect(html).not.toMatch(/<(script|link|img)[^>]+(src|href)="(?!data:)/)
    expect((embedded(html, 'results') as { study: string }).study).toBe(results.study)
    expect(embedded(html, 'evidence-1')).toEqual(evidence.collections[1])
    expect(html).toContain('<title>biomedical-and-code</title>')
    expect(html).not.toContain('<!--fieldtrial:')
  })

  it('is not led astray by replacement patterns, markup or slots in the data', async () => {
    const study = `$& $1 $\` </script><script>x</script><!--fieldtrial:data--> </title>`
    const html = await renderHtml({ ...results, study }, evidence)
    expect((embedded(html, 'results') as { study: string }).study).toBe(study)
    expect(html).not.toContain('<script>x')
    expect(html.match(/<\/title>/g)).toHaveLength(1)
  })
})

describe('writeReports', () => {
  it('writes the files of the formats asked for and returns their paths', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'reports-'))
    const paths = await writeReports(join(folder, 'new'), results, evidence, REPORT_FORMATS)
    expect(paths.map((path) => path.slice(folder.length + 5))).toEqual([
      'report.html',
      'report.md',
      'results.csv',
      'spaces.csv',
      'fusion.csv',
      'domains.csv',
      'published.csv',
      'supervised.csv',
      'specialisation.csv',
      'spreads.csv',
      'data.csv',
      'per-query.csv',
      'table.tex',
      'results.json',
    ])
    expect(readdirSync(join(folder, 'new'))).toHaveLength(paths.length)
    expect(JSON.parse(readFileSync(paths.at(-1)!, 'utf8'))).toEqual(results)
    expect(await writeReports(folder, results, evidence, ['trec'])).toEqual([])
  })

  it('writes byte-identical text files for equal results', async () => {
    const [a, b] = await Promise.all(
      [0, 1].map(async () => {
        const folder = mkdtempSync(join(tmpdir(), 'reports-'))
        const paths = await writeReports(folder, results, evidence, REPORT_FORMATS)
        return paths.map((path) => readFileSync(path, 'utf8'))
      }),
    )
    expect(a).toEqual(b)
  })
})
