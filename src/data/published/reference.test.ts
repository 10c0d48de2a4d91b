import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { publishedReference } from './reference.ts'

test('the page of published figures is up to date (node scripts/references.mjs)', () => {
  expect(readFileSync(new URL('../../../docs/published.md', import.meta.url), 'utf8')).toBe(publishedReference())
})
