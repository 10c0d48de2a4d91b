import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import { expect, it } from 'vitest'
import { renderHtml } from '../src/report/html.ts'
import { results } from './support/domains-fixture.ts'
import { describeWith } from './support/shared.ts'

const CHROMIUM = '/usr/bin/chromium'

describeWith('domains in the HTML report', [CHROMIUM], () => {
  it('are shown as in the other formats, for the measure chosen', { timeout: 120_000 }, async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'report-domains-')), 'report.html')
    writeFileSync(file, await renderHtml(results, { collections: [] }))
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
    try {
      const page = await browser.newPage()
      const trouble: string[] = []
      page.on('pageerror', (error) => trouble.push(String(error)))
      await page.goto(pathToFileURL(file).href)
      const section = page.locator('#domains')
      const tables = section.locator('table')
      expect(await tables.count()).toBe(5)
      const cells = await tables.nth(0).locator('tbody tr').nth(1).locator('td').allTextContents()
      expect(cells.slice(0, 3)).toEqual(['0.3000', '0.4000▲', '0.3500'])
      expect(await tables.nth(4).locator('tbody').textContent()).toContain('0.80 (1.20)')
      expect(await section.textContent()).toContain('Of photos, retrievers that read text can find nothing: bm25.')
      await page.getByRole('radio', { name: 'R@100' }).click()
      expect(await section.locator('h3').first().textContent()).toContain('R@100')
      expect(await section.textContent()).not.toContain('▲')
      expect(trouble).toEqual([])
    } finally {
      await browser.close()
    }
  })
})
