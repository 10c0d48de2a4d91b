import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCli } from './support/cli.ts'
import { folderOf, jsonl, temporaryFolder } from './support/files.ts'
import { tinyDecoder } from './support/tiny-decoder.ts'

async function collection(): Promise<string> {
  const topics = ['zebra', 'walrus', 'falcon', 'salmon']
  return folderOf({
    'corpus.jsonl': jsonl(
      ...topics.flatMap((topic, t) =>
        Array.from({ length: 5 }, (_, i) => ({
          _id: `${topic}-${i}`,
          title: '',
          text: `${`${topic} `.repeat(i + 1)}meets a ${topics[(t + 1) % 4]}`,
        })),
      ),
    ),
    'queries.jsonl': jsonl(...topics.map((topic) => ({ _id: `q-${topic}`, text: topic }))),
    'qrels/train.tsv': `query-id\tcorpus-id\tscore\n${topics.flatMap((topic) => [3, 4].map((i) => `q-${topic}\t${topic}-${i}\t1\n`)).join('')}`,
  })
}

describe('fieldtrial mine', () => {
  it('mines, shows, makes a page, and leaves alone what is up to date', async () => {
    const [data, cwd] = [await collection(), await temporaryFolder()]
    const command = ['mine', data, '-r', 'bm25', '-o', 'mined.jsonl', '--negatives', '3', '--no-margin', '-q']
    const mined = await runCli([...command, '--json'], { cwd })
    expect(mined).toMatchObject({ code: 0, stderr: '' })
    const card = JSON.parse(mined.stdout)
    expect(card.counts).toMatchObject({ queries: 4, written: 4, negatives: 12 })
    expect(JSON.parse(await readFile(join(cwd, 'mined.jsonl.mine.json'), 'utf8'))).toEqual(card)
    const again = await runCli([...command, '--show', '2'], { cwd })
    expect(again.stdout).toMatch(/is up to date\n {2}4 of 4 queries with 12 negatives from BM25/)
    expect(again.stdout.match(/^ {2}- \S+ \(bm25, rank \d+, score/gm)).toHaveLength(6)
    const look = await runCli(['mine', '-o', 'mined.jsonl', '--page', 'look.html', '--show', '1'], { cwd })
    expect(look.code).toBe(0)
    expect(await readFile(join(cwd, 'look.html'), 'utf8')).toContain('<details class="positive">')
  })

  it('says what is wrong, and what to do', async () => {
    const [data, cwd] = [await collection(), await temporaryFolder()]
    const failing = async (...args: string[]) => {
      const { code, stderr } = await runCli(['mine', ...args], { cwd })
      return `${code} ${stderr}`
    }
    expect(await failing(data, '-r', 'bm25', '-o', 'x.txt')).toMatch(/^2 .*must end in \.jsonl/)
    expect(await failing(data, '-o', 'x.jsonl')).toMatch(/^2 .*No retriever is named[\s\S]*--retriever/)
    expect(await failing(data, '-r', 'bm25', '-o', 'x.jsonl', '--split', 'test')).toMatch(
      /^3 .*no split "test"|^3 .*train/,
    )
    expect(await failing('-o', 'x.jsonl')).toMatch(/^2 .*No collection is named/)
    expect(await failing('-o', 'x.jsonl', '--show', '3')).toMatch(/^3 .*was not mined here/)
    expect(await failing(data, '-r', 'bm25', '-o', 'x.jsonl', '--range', '5')).toMatch(/^2 .*two ranks/)
    expect(await failing(data, '-r', 'bm25', '-o', 'x.jsonl', '--relative-margin', '95')).toMatch(
      /^2 .*from 0 to below 1/,
    )
    expect(await failing(data, '-r', 'bm25', '-o', 'x.jsonl', '--no-margin', '--relative-margin', '0.1')).toMatch(
      /^2 .*--no-margin and --relative-margin contradict/,
    )
    expect(await failing(data, '-r', 'bm25', '-o', 'x.jsonl', '--range', '50-10')).toMatch(/^2 .*\n {2}at --range/)
    expect(await failing(data, '-r', 'bm25', '-o', 'x.jsonl', '--judge-url', 'http://127.0.0.1:9/v1')).toMatch(
      /^2 .*--judge-model/,
    )
  })
})

describe('fieldtrial export', () => {
  it('writes a layout with its card, and refuses what it cannot express', async () => {
    const cwd = await temporaryFolder()
    await tinyDecoder(join(cwd, 'tiny'))
    const done = await runCli(
      ['export', './tiny', '--to', 'gguf', '--dtype', 'f32', '--recipe', 'last-token', '-o', 'out', '--json', '-q'],
      { cwd },
    )
    expect(done).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(done.stdout)).toMatchObject({ dtype: 'f32' })
    expect((await stat(join(cwd, 'out', 'tiny-f32.gguf'))).size).toBeGreaterThan(100_000)
    expect(await readFile(join(cwd, 'out', 'README.md'), 'utf8')).toContain('library_name: gguf')
    const full = await runCli(['export', './tiny', '--to', 'merged', '-o', 'out'], { cwd })
    expect(full).toMatchObject({ code: 2, stderr: expect.stringContaining('is there already') })
    const refused = await runCli(
      ['export', './tiny', '--to', 'sentence-transformers', '--recipe', 'prompteol', '-o', 'st'],
      { cwd },
    )
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('goes on behind the text') })
  })
})
