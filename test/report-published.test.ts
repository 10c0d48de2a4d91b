import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { renderHtml } from '../src/report/html.ts'
import { publishedGroups } from '../src/report/published.ts'
import type { StudyResults } from '../src/study/results.ts'
import { contrastFailures } from './support/contrast.ts'
import { publishedFixture } from './support/published-fixture.ts'
import { describeWith } from './support/shared.ts'

const CHROMIUM = '/usr/bin/chromium'

describeWith('published figures in the page', [CHROMIUM], () => {
  let browser: Browser
  const folder = mkdtempSync(join(tmpdir(), 'report-published-'))
  const { results, evidence } = publishedFixture()

  beforeAll(async () => {
    execFileSync(process.execPath, [fileURLToPath(new URL('../scripts/build-web.mjs', import.meta.url))])
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    })
  })
  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true })
  })

  async function open(study: StudyResults, width = 1280, dark = false): Promise<Page> {
    const file = join(folder, `${width}-${dark}.html`)
    writeFileSync(file, await renderHtml(study, evidence))
    const context = await browser.newContext({
      viewport: { width, height: 900 },
      colorScheme: dark ? 'dark' : 'light',
    })
    const page = await context.newPage()
    await page.goto(`${pathToFileURL(file).href}#published`)
    await page.locator('#method').waitFor()
    return page
  }

  it('stand in a table per collection, our own first, with their marks and sources', async () => {
    const page = await open(results)
    const tables = page.locator('.published-table')
    const groups = publishedGroups(results)
    expect(await tables.count()).toBe(groups.length)
    for (const [i, { own, systems }] of groups.entries())
      expect(await tables.nth(i).locator('tbody tr').count()).toBe(own.length + systems.length)
    const flat = tables.first().locator('tr', { hasText: 'BM25 flat (Anserini)' })
    expect(await flat.locator('td.number').allTextContents()).toEqual(['0.6789', '0.9253'])
    expect(await flat.locator('a').getAttribute('href')).toMatch(/^https:\/\/github\.com\/castorini\/pyserini\//)
    const cosqa = tables.nth(1).locator('tr', { hasText: 'BM25 (CoIR)' })
    expect(await cosqa.textContent()).toContain('another corpus: 6,267 documents here, 20,604 in coir/cosqa')
    expect(await page.getByRole('navigation').getByText('Published').count()).toBe(1)
    await page.context().close()
  })

  it('leave the leaderboard alone, and have no section where there are none', async () => {
    const page = await open({ ...results, published: [] })
    expect(await page.locator('#published').count()).toBe(0)
    expect(await page.getByRole('navigation').getByText('Published').count()).toBe(0)
    await page.context().close()
    const other = await open(results)
    expect(await other.locator('.leaderboard tbody tr').count()).toBe(results.retrievers.length)
    await other.context().close()
  })

  it('fit narrow screens, and keep a contrast of 4.5 in light and dark', async () => {
    const narrow = await open(results, 360)
    expect(await narrow.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
    await narrow.context().close()
    for (const dark of [false, true]) {
      const page = await open(results, 1280, dark)
      expect(await page.evaluate(contrastFailures, 4.5)).toEqual([])
      await page.context().close()
    }
  })
})
