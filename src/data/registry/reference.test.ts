import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { DATASET_GROUPS, listDatasets } from './index.ts'
import { datasetsReference } from './reference.ts'

test('docs/datasets.md is up to date (node scripts/references.mjs)', () => {
  expect(readFileSync(new URL('../../../docs/datasets.md', import.meta.url), 'utf8')).toBe(datasetsReference())
})

test('every table row has as many cells as its head, and every collection and group a row', () => {
  const page = datasetsReference()
  let columns = 0
  for (const line of page.split('\n').filter((text) => text.startsWith('|'))) {
    const cells = line.replaceAll('\\|', '').split('|').length
    if (/^\| (name|group) /.test(line)) columns = cells
    expect(cells, line).toBe(columns)
  }
  for (const { id } of listDatasets()) expect(page).toContain(`| \`${id}\` |`)
  for (const { name } of DATASET_GROUPS) expect(page).toContain(`| \`${name}\` |`)
})
