import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { commandReference } from '../src/cli/reference.ts'
import { recipesReference } from '../src/recipes/reference.ts'
import { studyReference } from '../src/study/reference.ts'
import { trainingReference } from '../src/train/reference.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  'bench/README.md',
]

describe('the docs', () => {
  it('that are made from the program are up to date (node scripts/references.mjs)', () => {
    expect(readFileSync(join(root, 'docs/study-file.md'), 'utf8')).toBe(studyReference())
    expect(readFileSync(join(root, 'docs/training-file.md'), 'utf8')).toBe(trainingReference())
    expect(readFileSync(join(root, 'docs/command-line.md'), 'utf8')).toBe(commandReference())
    expect(readFileSync(join(root, 'docs/recipes.md'), 'utf8')).toBe(recipesReference())
  })

  it('link to files that are there', () => {
    const broken = pages.flatMap((page) =>
      [...readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
        .map((m) => m[1]!)
        .filter((link) => !existsSync(join(root, dirname(page), link)))
        .map((link) => `${page}: ${link}`),
    )
    expect(broken).toEqual([])
  })

  it('name files of the repository that are there', () => {
    const named = pages.flatMap((page) =>
      [
        ...readFileSync(join(root, page), 'utf8').matchAll(/`((?:src|test|scripts|bench|docs|web)\/[\w./-]+\.\w+)`/g),
      ].map((m) => `${page}: ${m[1]}`),
    )
    expect(named.length).toBeGreaterThan(5)
    expect(named.filter((entry) => !existsSync(join(root, entry.split(': ')[1]!)))).toEqual([])
  })
})
