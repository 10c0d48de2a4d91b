import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { FieldtrialError } from '../core/errors.ts'
import { IdTable } from './id-table.ts'
import { parseQrels, parseRun, parseTopics, readQrels, readRun, readTopics, writeRun, writeRunFile } from './trec.ts'
import type { Run } from './types.ts'

const folder = mkdtempSync(join(tmpdir(), 'fieldtrial-trec-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

function failure(work: () => unknown): FieldtrialError {
  try {
    work()
  } catch (error) {
    expect(error).toBeInstanceOf(FieldtrialError)
    return error as FieldtrialError
  }
  throw new Error('nothing was thrown')
}

const plain = (run: Run) =>
  [...run].map(([query, { ids, scores }]) => [query, ids.map((id, i) => [id, scores[i]] as const)] as const)

describe('TREC runs', () => {
  it('takes blanks, tabs, CRLF, blank lines, a byte order mark and a last line without break', () => {
    const text = '\uFEFFq1 Q0 d1 1 2.5 my\r\n\n  q1\tQ0  d2\t2 -1e-3\tmy  \r\n   \nq2 Q0 ü 1 3 my'
    const { run, tag } = parseRun(text, 'x')
    expect(tag).toBe('my')
    expect(plain(run)).toEqual([
      [
        'q1',
        [
          ['d1', 2.5],
          ['d2', -0.001],
        ],
      ],
      ['q2', [['ü', 3]]],
    ])
  })

  it('gathers queries whose lines are scattered', () => {
    const { run } = parseRun('a 0 x 1 3 t\nb 0 x 1 2 t\na 0 y 2 1 t\nb 0 z 9 9 t\na 0 z 1 0 t\n', 'x')
    expect(plain(run)).toEqual([
      [
        'a',
        [
          ['x', 3],
          ['y', 1],
          ['z', 0],
        ],
      ],
      [
        'b',
        [
          ['x', 2],
          ['z', 9],
        ],
      ],
    ])
  })

  it.each([
    ['q 0 d 1 2.0', /^x:2: the line has 5 columns/],
    ['q 0 d 1 2.0 tag more', /^x:2: the line has 7 columns/],
    ['q', /^x:2: the line has 1 column;/],
    ['q 0 d 1 high tag', /^x:2: the score is no number: high/],
    ['q 0 d 1 nan tag', /^x:2: the score is NaN/],
    ['q 0 d 1 NaN tag', /^x:2: the score is NaN/],
    ['p 0 a 1 2 tag', /^x:2: the document a stands twice for the query p, first on line 1/],
  ])('refuses the line %j', (line, message) => {
    const error = failure(() => parseRun(`p 0 a 1 2 t\n${line}\np 0 b 1 2 t\n`, 'x'))
    expect(error.message).toMatch(message)
    expect(error.code).toBe('DATA_INVALID')
    expect(error.where).toMatchObject({ file: 'x', line: 2 })
    expect(error.hint).toBeTruthy()
  })

  it('finds a document that stands twice far apart', () => {
    const error = failure(() => parseRun('a 0 x 1 3 t\nb 0 x 1 2 t\n\na 0 y 2 1 t\na 0 x 2 1 t\n', 'x'))
    expect(error.message).toBe('x:5: the document x stands twice for the query a, first on line 1.')
  })

  it('refuses empty files, absent files and ids that are not UTF-8', async () => {
    expect(failure(() => parseRun(' \n\n', 'x')).message).toBe('x holds no results.')
    await expect(readRun(join(folder, 'absent.trec'))).rejects.toMatchObject({ code: 'DATA_MISSING' })
    const latin = Buffer.from('q 0 d 1 1 t\nq 0 \xe4 1 2 t\n', 'latin1')
    expect(failure(() => parseRun(latin, 'x'))).toMatchObject({ code: 'DATA_INVALID', where: { line: 2 } })
  })

  it('reads a file in pieces, compressed or not, as it reads it whole', async () => {
    const lines: string[] = []
    for (let q = 0; q < 40; q++)
      for (let r = 0; r < 700; r++)
        lines.push(`query-${q} Q0 доку${(r * 37 + q) % 5000} ${r + 1} ${Math.sqrt(r + q)} t`)
    const text = lines.join('\n')
    expect(text.length).toBeGreaterThan(900_000)
    const whole = parseRun(text, 'x')
    const unzipped = await readRun(file('pieces.trec', text))
    const zipped = await readRun(file('pieces.trec.gz', gzipSync(text)))
    expect(unzipped).toEqual(whole)
    expect(zipped).toEqual(whole)
    expect(whole.run.get('query-7')!.scores[3]).toBe(Math.sqrt(10))
  })

  it('says so when a compressed file is cut short', async () => {
    const cut = gzipSync('q 0 d 1 1 t\n'.repeat(1)).subarray(0, 20)
    await expect(readRun(file('cut.trec.gz', cut))).rejects.toMatchObject({ code: 'DATA_INVALID' })
  })

  it('stops when told to', async () => {
    const signal = AbortSignal.abort()
    await expect(readRun(file('stop.trec', 'q 0 d 1 1 t\n'), { signal })).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  const id = fc
    .stringMatching(/^[^\s\0-\x20\x7f-\xa0\ufeff\ufffd]{1,8}$/u)
    .filter((s) => s.isWellFormed() && !/\s/.test(s))
  const score = fc.double({ noNaN: true }).map((x) => x + 0)
  const runs = fc
    .uniqueArray(
      fc.tuple(id, fc.uniqueArray(fc.tuple(id, score), { selector: ([d]) => d, minLength: 1, maxLength: 9 })),
      {
        selector: ([q]) => q,
        minLength: 1,
        maxLength: 5,
      },
    )
    .map(
      (rows): Run =>
        new Map(
          rows.map(([q, docs]) => [q, { ids: docs.map(([d]) => d), scores: Float64Array.from(docs, ([, s]) => s) }]),
        ),
    )

  it('writes what it reads, to the last bit', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const read = parseRun(writeRun(run, 'my run'), 'x')
        expect(read.tag).toBe('my-run')
        expect([...read.run.keys()]).toEqual([...run.keys()])
        for (const [query, { ids, scores }] of run) {
          const back = read.run.get(query)!
          expect(new Map(back.ids.map((d, i) => [d, back.scores[i]]))).toEqual(
            new Map(ids.map((d, i) => [d, scores[i]])),
          )
        }
        expect(writeRun(read.run, 'my run')).toBe(writeRun(run, 'my run'))
      }),
    )
  })

  it('writes the best first, ties by id descending, ranks from 1', async () => {
    const run: Run = new Map([['q', { ids: ['d10', 'd9', 'd1'], scores: Float64Array.of(1, 1, 2) }]])
    const want = 'q Q0 d1 1 2 t\nq Q0 d9 2 1 t\nq Q0 d10 3 1 t\n'
    expect(writeRun(run, 't')).toBe(want)
    const path = join(folder, 'out', 'run.trec')
    await writeRunFile(path, run, 't')
    expect(await readRun(path)).toEqual(parseRun(want, 'x'))
  })

  it('refuses to write ids with blanks and scores that are NaN', () => {
    const one = (query: string, id: string, value: number) =>
      failure(() => writeRun(new Map([[query, { ids: [id], scores: Float64Array.of(value) }]]), 't'))
    expect(one('q', 'a b', 1).message).toContain('"a b"')
    expect(one('q 1', 'a', 1).message).toContain('"q 1"')
    expect(one('q', '', 1).code).toBe('DATA_INVALID')
    expect(one('q', 'a', Number.NaN).message).toContain('NaN')
  })
})

describe('qrels', () => {
  it('reads TREC files', () => {
    expect(parseQrels('q1 0 d1 2\r\nq2\t0\td2\t-1\n\nq1 0 d3 0', 'x')).toEqual(
      new Map([
        [
          'q1',
          new Map([
            ['d1', 2],
            ['d3', 0],
          ]),
        ],
        ['q2', new Map([['d2', -1]])],
      ]),
    )
  })

  it('reads BEIR files, whose ids may hold blanks', async () => {
    const text = 'query-id\tcorpus-id\tscore\r\nq 1\tdoc one\t1\r\nq 1\td2\t1.0\n'
    const want = new Map([
      [
        'q 1',
        new Map([
          ['doc one', 1],
          ['d2', 1],
        ]),
      ],
    ])
    expect(parseQrels(text, 'x')).toEqual(want)
    expect(await readQrels(file('test.tsv.gz', gzipSync(text)))).toEqual(want)
  })

  it.each([
    ['q 0 d', /^x:2: the line has 3 columns; a line holds four/],
    ['q 0 d 1 t', /^x:2: the line has 5 columns/],
    ['q 0 d yes', /^x:2: the relevance grade is not a whole number: yes/],
    ['q 0 d 0.5', /^x:2: the relevance grade is not a whole number: 0.5/],
    ['p 0 a 0', /^x:2: the document a is judged twice for the query p \(grades 1 and 0\)/],
  ])('refuses the line %j', (line, message) => {
    const error = failure(() => parseQrels(`p 0 a 1\n${line}\n`, 'x'))
    expect(error.message).toMatch(message)
    expect(error.where).toMatchObject({ file: 'x', line: 2 })
  })

  it('refuses BEIR lines of the wrong number of columns, and files without judgments', () => {
    const header = 'query-id\tcorpus-id\tscore\n'
    expect(failure(() => parseQrels(`${header}q\td\n`, 'x')).message).toMatch(/^x:2: .*three separated by tabs/)
    expect(failure(() => parseQrels(`${header}q\td\t1\t2\n`, 'x')).message).toMatch(/^x:2: /)
    expect(failure(() => parseQrels(header, 'x')).message).toBe('x holds no judgments.')
    expect(failure(() => parseQrels('', 'x')).message).toBe('x holds no judgments.')
  })
})

describe('topics', () => {
  it('reads TREC topics', async () => {
    const text = `<top>
<num> Number: 301
<title> International
 Organized Crime

<desc> Description:
Identify organizations.
</top>

<top>
<num>302</num>
<title>Topic: Poliomyelitis and Post-Polio</title>
</top>
`
    const want = [
      { id: '301', text: 'International Organized Crime' },
      { id: '302', text: 'Poliomyelitis and Post-Polio' },
    ]
    expect(parseTopics(text, 'x')).toEqual(want)
    expect(await readTopics(file('topics.txt.gz', gzipSync(text)))).toEqual(want)
  })

  it('reads lines of id and text', async () => {
    const want = [
      { id: '1', text: 'what is\ta tab' },
      { id: '2', text: 'second' },
    ]
    expect(await readTopics(file('topics.tsv', '1\twhat is\ta tab\r\n\n2\tsecond'))).toEqual(want)
  })

  it.each([
    ['1 no tab', /^x:1: the line is not an id, a tab and a text/],
    ['1\t ', /^x:1: /],
    ['1\ta\n1\tb', /^x:2: the query id 1 stands on line 1 already/],
    ['<top>\n<num> 1\n</top>', /^x:1: the topic on lines 1 to 3 has no <title>/],
    ['<top>\n<title> t\n</top>', /^x:1: the topic on lines 1 to 3 has no <num>/],
    ['', /^x holds no queries/],
  ])('refuses %j', (text, message) => {
    expect(failure(() => parseTopics(text, 'x')).message).toMatch(message)
  })
})

describe('the table of ids', () => {
  it('gives equal bytes one number and one string, however many there are', () => {
    const table = new IdTable()
    const ids = Array.from({ length: 30_000 }, (_, i) => (i % 3 === 0 ? `ид${i}` : `doc-${i * 7919}`))
    for (let round = 0; round < 2; round++)
      ids.forEach((id, i) => {
        const bytes = Buffer.from(`<${id}>`)
        expect(table.add(bytes, 1, bytes.length - 1)).toBe(i)
      })
    expect(table.strings).toEqual(ids)
  })
})
