import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const src = fileURLToPath(new URL('../src', import.meta.url))

/** A folder may import from those before it, never from those after it. */
const ORDER = [
  'core',
  'data',
  'recipes',
  'engines',
  'index',
  'fusion',
  'measure',
  'study',
  'train',
  'report',
  'serve',
  'cli',
]

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => resolve(dirname(file), match[1]!))
}

describe('the folders of src', () => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => join(src, name))

  it('import only from folders that stand before them', () => {
    const wrong = files.flatMap((file) => {
      const from = relative(src, file).split('/')[0]!
      return importsOf(file).flatMap((target) => {
        const to = relative(src, target).split('/')[0]!
        const allowed = !ORDER.includes(from) || !ORDER.includes(to) || ORDER.indexOf(to) <= ORDER.indexOf(from)
        return allowed ? [] : [`${relative(src, file)} imports ${relative(src, target)}`]
      })
    })
    expect(files.length).toBeGreaterThan(50)
    expect(wrong).toEqual([])
  })

  it('are those of the design', () => {
    const folders = [
      ...new Set(
        files
          .map((file) => relative(src, file))
          .filter((name) => name.includes('/'))
          .map((name) => name.split('/')[0]!),
      ),
    ]
    expect(folders.filter((folder) => !ORDER.includes(folder))).toEqual([])
  })
})
