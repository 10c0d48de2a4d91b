import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StudyResults } from '../src/study/results.ts'
import { runCli } from './support/cli.ts'
import { TINY, writeCollection } from './support/collections.ts'
import { startEmbeddingServer } from './support/embedding-server.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-trust-'))
  await writeCollection(join(folder, 'tiny'), TINY)
})
afterAll(() => rm(folder, { recursive: true }))

describe('a number that can be trusted', () => {
  it('makes damaged vectors and indexes again, and nothing else', async () => {
    const workspace = join(folder, 'w-damage')
    const server = await startEmbeddingServer()
    try {
      const args = ['run', '-c', join(folder, 'tiny'), '-r', 'bm25', '-r', `${server.v1}#m`, '--json', '-w', workspace]
      const scores = async () =>
        (JSON.parse((await runCli(args, { cwd: folder })).stdout) as StudyResults).trials.map((t) => t.perQuery)
      const before = await scores()
      const damage = async (kind: string, file: RegExp) => {
        for (const name of await readdir(join(workspace, kind), { recursive: true })) {
          if (!file.test(name)) continue
          const path = join(workspace, kind, name)
          const bytes = await readFile(path)
          bytes.fill(7, bytes.length - 16)
          await writeFile(path, bytes)
        }
        for (const again of ['runs', 'measures']) await rm(join(workspace, again), { recursive: true })
      }
      await damage('vectors', /safetensors$/)
      expect(await scores()).toEqual(before)
      await damage('bm25', /\.(?!json)\w+$/)
      expect(await scores()).toEqual(before)
      expect((await runCli(['doctor', '-w', workspace])).code).toBe(0)
    } finally {
      await server.close()
    }
  })

  it('never takes a part, a smoke run or a renamed retriever for another', async () => {
    const workspace = join(folder, 'w-names')
    const study = join(folder, 'names.yaml')
    await writeFile(
      study,
      'collections: [./tiny]\nbaselines: [{ id: first, type: bm25 }, { id: second, type: bm25 }]\n',
    )
    expect((await runCli(['run', study, '-w', workspace, '-q'])).code).toBe(0)
    const out = join(folder, 'results', 'names')
    expect(await readFile(join(out, 'runs', 'tiny.second.trec'), 'utf8')).toMatch(/ second\n$/)
    const whole = await readFile(join(out, 'results.json'), 'utf8')
    for (const flags of [
      ['--limit', '1'],
      ['--only', 'second'],
    ])
      expect((await runCli(['run', study, '-w', workspace, '-q', ...flags])).code).toBe(0)
    expect(await readFile(join(out, 'results.json'), 'utf8')).toBe(whole)
    expect(await readFile(join(`${out}-smoke`, 'runs', 'tiny.first.trec'), 'utf8')).toMatch(/ first-smoke\n$/)
    expect((await runCli(['clean', '-w', workspace])).stdout).toBe('Nothing to clean.\n')
    await writeFile(study, 'collections: [./tiny]\nbaselines: [{ id: first, type: bm25 }]\n')
    expect((await runCli(['run', study, '-w', workspace, '-q'])).code).toBe(0)
    expect((await readdir(join(out, 'runs'))).sort()).toEqual(['tiny.first.trec', 'tiny.qrels'])
  })

  it('keeps ids with blanks, and retrievers that find nothing', async () => {
    const odd = await writeCollection(join(folder, 'odd'), {
      documents: [
        { _id: 'my file.md', text: 'volcano' },
        { _id: 'constructor', text: 'bread' },
        { _id: '100%', text: 'orbit' },
      ],
      queries: [
        { _id: 'a question', text: 'volcano' },
        { _id: '__proto__', text: 'xyzzy' },
      ],
      qrels: ['a question\tmy file.md\t1', '__proto__\tconstructor\t1'],
    })
    const one = await runCli([
      'run',
      '-c',
      odd,
      '-r',
      'bm25',
      '-m',
      'nDCG@10',
      '--json',
      '-w',
      join(folder, 'w-odd'),
      '-o',
      join(folder, 'odd-out'),
    ])
    expect(one.code).toBe(0)
    expect((JSON.parse(one.stdout) as StudyResults).trials[0]!.mean['nDCG@10']).toBe(0.5)
    const again = await runCli([
      'measure',
      join(folder, 'odd-out', 'runs', 'odd.qrels'),
      join(folder, 'odd-out', 'runs', 'odd.bm25.trec'),
      '-m',
      'nDCG@10',
      '--json',
    ])
    expect(JSON.parse(again.stdout).mean['nDCG@10']).toBe(0.5)
    expect(Object.keys(JSON.parse(again.stdout).perQuery)).toHaveLength(2)
    const none = await writeCollection(join(folder, 'none'), {
      ...TINY,
      queries: [{ _id: 'q1', text: 'xyzzy' }],
      qrels: ['q1\td1\t1'],
    })
    const nothing = await runCli(
      [
        'run',
        '-c',
        none,
        '-r',
        'bm25',
        '-r',
        'bm25:analyzer=unicode',
        '-r',
        'rrf:bm25,bm25-unicode',
        '-m',
        'nDCG@10',
        '--json',
        '-w',
        join(folder, 'w-odd'),
      ],
      { cwd: folder },
    )
    expect(nothing.code).toBe(0)
    expect((JSON.parse(nothing.stdout) as StudyResults).trials.map((t) => t.mean['nDCG@10'])).toEqual([0, 0, 0])
  })

  it('refuses measures that look deeper than the runs', async () => {
    const { code, stderr } = await runCli(
      ['run', '-c', join(folder, 'tiny'), '-r', 'bm25', '-m', 'R@100', '--depth', '5', '-w', join(folder, 'w-depth')],
      { cwd: folder },
    )
    expect(code).toBe(2)
    expect(stderr).toContain('R@100 looks at 100 documents, but runs are cut at 5')
  })
})
