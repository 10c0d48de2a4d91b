import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { namedModels } from './index.ts'
import { modelsReference } from './reference.ts'

test('docs/models.md is up to date (node scripts/references.mjs)', () => {
  expect(readFileSync(new URL('../../../docs/models.md', import.meta.url), 'utf8')).toBe(modelsReference())
})

test('every table row has as many cells as its head, and every model a row', () => {
  const page = modelsReference()
  let columns = 0
  for (const line of page.split('\n').filter((text) => text.startsWith('|'))) {
    const cells = line.replaceAll('\\|', '').split('|').length
    if (/^\| name /.test(line)) columns = cells
    expect(cells, line).toBe(columns)
  }
  for (const { name } of namedModels) expect(page).toContain(`| \`${name}\` |`)
})
