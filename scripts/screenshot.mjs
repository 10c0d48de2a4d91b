/**
 * Takes a picture of a report, for the README:
 *   node scripts/screenshot.mjs REPORT.html OUT.png [--width 1280] [--height 1000] [--dark] [--full] [--hash '#queries']
 * Uses the Chromium at /usr/bin/chromium, or the one that CHROMIUM names.
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    width: { type: 'string', default: '1280' },
    height: { type: 'string', default: '1000' },
    dark: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    hash: { type: 'string', default: '' },
  },
})
const [report, picture] = positionals
if (report === undefined || picture === undefined) {
  console.error(
    'usage: node scripts/screenshot.mjs REPORT.html OUT.png [--width N] [--height N] [--dark] [--full] [--hash H]',
  )
  process.exit(2)
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
})
try {
  const page = await browser.newPage({
    viewport: { width: Number(values.width), height: Number(values.height) },
    deviceScaleFactor: 2,
    colorScheme: values.dark ? 'dark' : 'light',
  })
  await page.goto(pathToFileURL(resolve(report)).href + values.hash)
  await page.locator('#leaderboard').waitFor()
  await page.screenshot({ path: picture, fullPage: values.full })
} finally {
  await browser.close()
}
