import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderOf, temporaryFolder } from '../../../../test/support/files.ts'
import { openCollection } from '../../open.ts'
import type { Document } from '../../types.ts'
import { htmlSections } from './html.ts'
import { collectDocs } from './index.ts'
import { pdfSections } from './pdf.ts'
import { underlinedSections } from './underlined.ts'

const prose = (word: string, words = 25) => Array.from({ length: words }, (_, i) => `${word}${i}`).join(' ')

test('HTML: the main part, headings, blocks; navigation, scripts and marks of links are left out', () => {
  const page = `<!doctype html><title>T</title><nav><h2>Menu of it</h2>home</nav>
<script>h1 { }</script>
<main><p>Before all.<h1>Guide <em>to</em> it<a href="#x">¶</a></h1>
<p>One&nbsp;<b>bold</b> text.<p>Two.<ul><li>a<li>b</ul><table><tr><td>c<td>d</table><pre>x  = 1
y</pre>
<h3>Deeper <code>still()</code></h3>text<br>more<footer>foot</footer></main>`
  expect(htmlSections(page)).toEqual([
    { heading: '', level: 0, paragraphs: ['Before all.'] },
    { heading: 'Guide to it', level: 1, paragraphs: ['One bold text.', 'Two.', 'a', 'b', 'c d', 'x = 1 y'] },
    { heading: 'Deeper still()', level: 3, paragraphs: ['text', 'more'] },
  ])
  const deep = `${'<div>'.repeat(20_000)}<h1>Found</h1>x`
  expect(htmlSections(deep)).toEqual([{ heading: 'Found', level: 1, paragraphs: ['x'] }])
})

test('reStructuredText and plain text: underlined titles, levels by first use, directives and roles gone', () => {
  const source = `=====
Title
=====

Intro with :func:\`~a.b.run\` and \`a link <http://x.y>\`_.

Part one
--------

.. note::
   :class: x

   Kept text::

     code here

Part two
--------
* item
`
  expect(underlinedSections(source)).toEqual([
    { heading: 'Title', level: 1, paragraphs: ['Intro with run and a link.'] },
    { heading: 'Part one', level: 2, paragraphs: ['Kept text:', 'code here'] },
    { heading: 'Part two', level: 2, paragraphs: ['item'] },
  ])
  expect(underlinedSections('How to wind it up\n\nTurn the key.\n')).toEqual([
    { heading: 'How to wind it up', level: 1, paragraphs: ['Turn the key.'] },
  ])
  expect(underlinedSections('No title, only\ntext here.\n')).toEqual([
    { heading: '', level: 0, paragraphs: ['No title, only text here.'] },
  ])
})

/** A PDF file of one font: pages of lines, each with its size and its distance from the bottom. */
function pdf(pages: readonly (readonly [size: number, y: number, text: string])[][]): Uint8Array {
  const objects = ['<< /Type /Catalog /Pages 2 0 R >>', '', '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>']
  const kids: string[] = []
  for (const lines of pages) {
    const content = lines.map(([size, y, text]) => `BT /F1 ${size} Tf 50 ${y} Td (${text}) Tj ET`).join('\n')
    objects.push(`<< /Length ${content.length} >>\nstream\n${content}\nendstream`)
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents ${objects.length} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`,
    )
    kids.push(`${objects.length} 0 R`)
  }
  objects[1] = `<< /Type /Pages /Kids [${kids.join(' ')}] /Count ${kids.length} >>`
  let file = '%PDF-1.4\n'
  const places = objects.map((object, i) => {
    const at = file.length
    file += `${i + 1} 0 obj\n${object}\nendobj\n`
    return at
  })
  const table = places.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer << /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${file.length}\n%%EOF`
  return Buffer.from(file, 'latin1')
}

test('PDF: larger letters are headings, running heads and page numbers go, words are joined', async () => {
  const page = (number: number, heading: string) =>
    [
      [10, 780, 'The Handbook'],
      [18, 740, heading],
      [10, 700, 'The valve must be clo-'],
      [10, 688, 'sed before work begins here.'],
      [10, 650, `A second paragraph on ${heading.toLowerCase()}.`],
      [10, 20, String(number)],
    ] as [number, number, string][]
  const sections = await pdfSections(
    pdf([
      [[24, 500, 'Handbook of valves'], ...page(1, 'Closing a valve')],
      page(2, 'Opening a valve'),
      page(3, 'Cleaning a valve'),
      page(4, 'Ordering a valve'),
    ]),
  )
  expect(sections.slice(0, 3)).toEqual([
    { heading: 'Handbook of valves', level: 1, paragraphs: [] },
    {
      heading: 'Closing a valve',
      level: 2,
      paragraphs: ['The valve must be closed before work begins here.', 'A second paragraph on closing a valve.'],
    },
    {
      heading: 'Opening a valve',
      level: 2,
      paragraphs: ['The valve must be closed before work begins here.', 'A second paragraph on opening a valve.'],
    },
  ])
})

test('a folder of all formats: headings are queries, the trail above is the title, broken files cost only themselves', async () => {
  const root = await folderOf({
    'a.md': `---\ntitle: "The front matter"\n---\n${prose('front')}\n\n# Pumps\n\n## Setting up pumps\n\n${prose('pump')}\n\n### Usage\n\n${prose('usage')}\n\n## Short\n\nfew words\n`,
    'b.html': `<h1>Valves</h1><h2>2.1 Closing all valves</h2><p>${prose('valve')}</p>`,
    'c.rst': `Tank care\n=========\n\n${prose('tank')}\n`,
    'd.pdf': pdf([
      [
        [18, 700, 'Handling of hoses'],
        ...[...Array(6)].map((_, i) => [10, 650 - 12 * i, prose(`h${i}`, 5)] as [number, number, string]),
      ],
    ]),
    'e.pdf': 'no pdf at all',
    'f.md': Buffer.from([0, 1, 2]),
    'long.md': `# Very long section\n\n${prose('x', 30)}\n\n${prose('y', 30)}\n`,
  })
  const out = join(await temporaryFolder(), 'out')
  const card = await collectDocs(root, out, { test: 1, dev: 0, maxSectionWords: 40 })
  const collection = await openCollection({ source: out }, { cacheDir: out })
  const documents: Document[] = []
  for await (const document of collection.documents()) documents.push(document)
  const queries = await collection.queries()
  const qrels = await collection.qrels()
  const pairs = queries.map(({ id, text }) => [text, [...qrels.get(id)!.keys()]])
  expect(Object.fromEntries(pairs)).toEqual({
    'The front matter': ['a.md#the-front-matter'],
    'Setting up pumps': ['a.md#setting-up-pumps'],
    'Closing all valves': ['b.html#2-1-closing-all-valves'],
    'Tank care': ['c.rst#tank-care'],
    'Handling of hoses': ['d.pdf#handling-of-hoses'],
    'Very long section': ['long.md#very-long-section', 'long.md#very-long-section~2'],
  })
  expect(documents.find(({ id }) => id === 'a.md#usage')).toMatchObject({ title: 'Pumps > Setting up pumps' })
  expect(documents.find(({ id }) => id === 'b.html#2-1-closing-all-valves')?.title).toBe('Valves')
  expect(card.contents).toEqual({ files: { html: 1, markdown: 2, pdf: 1, text: 1 } })
  expect(Object.keys(card.skipped)).toEqual([
    'PDF file that cannot be read',
    'binary file',
    'section with a heading of too few words',
    'section with too few words',
  ])
})
