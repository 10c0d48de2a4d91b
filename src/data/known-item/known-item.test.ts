import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { folderOf, temporaryFolder } from '../../../test/support/files.ts'
import { openCollection } from '../open.ts'
import { summarise } from '../summary.ts'
import type { Document } from '../types.ts'
import { contentWords, queryable, spread } from './choose.ts'
import { buildKnownItem } from './index.ts'
import { markdownSections, plainText, wordsOf } from './markdown.ts'

const prose = (word: string, words = 25) => `${Array.from({ length: words }, (_, i) => `${word}${i}`).join(' ')}\n`

async function build(files: Record<string, string>, options = {}) {
  const out = await temporaryFolder()
  const counts = await buildKnownItem([join(await folderOf(files), 'node_modules')], out, options)
  const collection = await openCollection({ source: out }, { cacheDir: out })
  const documents: Document[] = []
  for await (const document of collection.documents()) documents.push(document)
  return { counts, documents, out, queries: await collection.queries(), qrels: await collection.qrels() }
}

test('turns Markdown into sections of plain text, code kept, marks gone', () => {
  const source = [
    '---\ntitle: front matter\n---',
    'before the first heading',
    '# Reading *entries* with `open()` ##',
    '[![badge](https://x.y/b.svg)](https://x.y) Read **all** [the docs](http://a.b/c_(d)) &amp; <b>more</b>,',
    'or `<name>` of snake_case.',
    '',
    '- one [ref][1]',
    '- [x] two <!-- hidden -->',
    '',
    '```js',
    'const a = b < c && d > e // # no heading',
    '```',
    '[1]: http://x.y',
    '',
    'Underlined title',
    '----------------',
    '> quoted',
    '| a | b |',
    '|---|---|',
    '| c | d |',
  ].join('\n')
  expect(markdownSections(source)).toEqual([
    { heading: '', level: 0, paragraphs: ['before the first heading'] },
    {
      heading: 'Reading entries with open()',
      level: 1,
      paragraphs: [
        'Read all the docs & more , or <name> of snake_case.',
        'one ref two',
        'const a = b < c && d > e // # no heading',
      ],
    },
    { heading: 'Underlined title', level: 2, paragraphs: ['quoted a b c d'] },
  ])
  expect(plainText('a\\_b https://x.y :rocket: ~~gone~~')).toBe('a_b gone')
})

test('a heading is a query only if it is informative and stands over one section', () => {
  const candidate = (heading: string, project = 'pack-age') => ({ id: heading, project, text: 'x', heading })
  const kept = queryable([
    candidate('Reading entries lazily'),
    candidate('Usage'),
    candidate('Getting started'),
    candidate('How to use it'),
    candidate('Pack age'),
    candidate('Same words here'),
    candidate('same words, here', 'other'),
    { id: 'part', project: 'p', text: 'x' },
  ])
  expect(kept.map(({ heading }) => heading)).toEqual(['Reading entries lazily'])
  expect(contentWords('What is the ReadStream of 2?')).toEqual(['readstream'])
})

test('takes from every project in turn, the same each time', () => {
  const items = ['a', 'a', 'a', 'b', 'c'].map((project, i) => ({ id: `${project}${i}`, project, text: 'x' }))
  const chosen = spread(items, 4)
  expect(chosen.map(({ project }) => project).sort()).toEqual(['a', 'a', 'b', 'c'])
  expect(spread([...items].reverse(), 4)).toEqual(chosen)
})

test('makes a collection: heading → its section, whose title gives nothing away', async () => {
  const { counts, documents, queries, qrels } = await build({
    'node_modules/zip/README.md': `# zip\n${prose('intro')}\n## Reading entries lazily\n${prose('lazy')}\n## Too short\nfew words\n`,
    'node_modules/zip/CHANGELOG.md': `# Breaking things again\n${prose('old')}`,
    'node_modules/zip/README.zh-CN.md': `# Translated heading here\n${prose('zh')}`,
    'node_modules/@scope/pkg/docs/my guide.md': `## Writing files atomically\n${prose('atomic')}\n## Long story told\n${prose('a', 200)}\n\n${prose('b', 200)}`,
    'node_modules/twin/README.md': `## Another copied heading\n${prose('lazy')}`,
  })
  expect(counts).toEqual({ documents: 5, queries: 1 })
  expect(queries).toEqual([{ id: 'q1', text: 'Writing files atomically' }])
  expect(qrels).toEqual(new Map([['q1', new Map([['@scope/pkg/docs/my%20guide.md#writing-files-atomically', 1]])]]))
  expect(documents.map(({ id, title }) => [id, title])).toEqual([
    ['@scope/pkg/docs/my%20guide.md#long-story-told', '@scope/pkg'],
    ['@scope/pkg/docs/my%20guide.md#long-story-told:2', '@scope/pkg'],
    ['@scope/pkg/docs/my%20guide.md#writing-files-atomically', '@scope/pkg'],
    ['twin/README.md#another-copied-heading', 'twin'],
    ['zip/README.md#zip', 'zip'],
  ])
})

test('nothing to find gives nothing', async () => {
  const out = await temporaryFolder()
  expect(await buildKnownItem([await temporaryFolder()], out)).toEqual({ documents: 0, queries: 0 })
})

test('the packages installed here give 800 documents and more, the same in every run', async () => {
  const modules = fileURLToPath(new URL('../../../node_modules', import.meta.url))
  const [first, second] = [await temporaryFolder(), await temporaryFolder()]
  const counts = await buildKnownItem([modules], first)
  expect(await buildKnownItem([modules], second)).toEqual(counts)
  expect(counts.documents).toBeGreaterThanOrEqual(800)
  expect(counts.documents).toBeLessThanOrEqual(1200)
  expect(counts.queries).toBeGreaterThanOrEqual(250)
  for (const file of ['corpus.jsonl', 'queries.jsonl', 'qrels/test.tsv'])
    expect(await readFile(join(second, file), 'utf8')).toBe(await readFile(join(first, file), 'utf8'))
  const collection = await openCollection({ source: first }, { cacheDir: first })
  const summary = await summarise(collection)
  expect(summary).toMatchObject(counts)
  expect(summary.findings.filter(({ level }) => level === 'warning')).toEqual([])
  const projects = new Set<string>()
  for await (const { title, text } of collection.documents()) {
    projects.add(title)
    const words = wordsOf(text).length
    expect(words).toBeGreaterThanOrEqual(20)
  }
  expect(projects.size).toBeGreaterThan(50)
})
