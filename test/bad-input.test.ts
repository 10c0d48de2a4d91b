import { execFileSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CliResult, runCli } from './support/cli.ts'
import { TINY, type TinyCollection, writeCollection } from './support/collections.ts'
import { type Failure, startEmbeddingServer } from './support/embedding-server.ts'
import { describeWith, minilmPath, sharedPath } from './support/shared.ts'

let folder: string
let good: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-bad-'))
  good = await writeCollection(join(folder, 'good'), TINY)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

let count = 0
async function runOn(collection: Partial<TinyCollection>, ...more: string[]): Promise<CliResult> {
  const path = await writeCollection(join(folder, `c${++count}`), { ...TINY, ...collection })
  return runCli(
    ['run', '-c', path, '-r', 'bm25', '-m', 'nDCG@10', '--json', '-w', join(folder, `w${count}`), ...more],
    { cwd: folder },
  )
}

/** An error for people: what, where, what to do; no stack, nothing on standard output. */
function expectRefusal(result: CliResult, code: number, ...parts: (string | RegExp)[]): void {
  for (const part of parts) expect(result.stderr).toMatch(part)
  expect(result.stderr).not.toMatch(/\n\s+at .*\.(js|ts):\d+/)
  expect(result.stdout).toBe('')
  expect(result.code).toBe(code)
}

describe('a broken collection', () => {
  it('broken JSON on line N', async () => {
    expectRefusal(
      await runOn({ documents: [...TINY.documents.slice(0, 4), '{"_id": "x", "text": ', ...TINY.documents.slice(4)] }),
      3,
      /corpus\.jsonl:5/,
      /JSON/,
    )
  })

  it('duplicate ids', async () => {
    expectRefusal(await runOn({ documents: [...TINY.documents, TINY.documents[2]!] }), 3, /d3/, /records 3 and 13/)
    expectRefusal(await runOn({ queries: [...TINY.queries, TINY.queries[0]!] }), 3, /q1/, /queries\.jsonl/)
  })

  it('qrels naming absent documents: a warning for some, an error for all', async () => {
    const some = await runOn({ qrels: [...TINY.qrels, 'q1\tgone\t1'] })
    expect(some.code).toBe(0)
    expect(some.stderr).toMatch(/warning: .*absent|not in the corpus/i)
    expectRefusal(await runOn({ qrels: ['q1\tgone\t1', 'q2\taway\t1'] }), 3, /corpus/)
  })

  it('empty', async () => {
    expectRefusal(await runOn({ documents: [] }), 3, /no documents|empty/i)
  })

  it('no queries in the split, and a split that is not there', async () => {
    expectRefusal(await runOn({ qrels: [] }), 3, /test/)
    expectRefusal(await runOn({}, '--split', 'tset'), 3, /tset/, /test/)
    expectRefusal(await runOn({ queries: [{ _id: 'other', text: 'no judgments' }] }), 3, /quer/)
  })

  it('not there', async () => {
    expectRefusal(
      await runCli(['run', '-c', join(folder, 'nowhere'), '-r', 'bm25', '-w', join(folder, 'w')], { cwd: folder }),
      3,
      /nowhere/,
    )
  })
})

describe('a wrong request', () => {
  it('unknown measure, retriever parameter, flag, command', async () => {
    const base = ['run', '-c', good, '-w', join(folder, 'w-wrong')]
    expectRefusal(await runCli([...base, '-r', 'bm25', '-m', 'nDGC@10'], { cwd: folder }), 2, /nDGC@10/, /nDCG/)
    expectRefusal(await runCli([...base, '-r', 'bm25:analyser=code'], { cwd: folder }), 2, /Did you mean analyzer/)
    expectRefusal(await runCli([...base, '-r', 'bm25:analyzer=cod'], { cwd: folder }), 2, /Did you mean code/)
    expectRefusal(await runCli([...base, '-r', 'bm25', '--mesure', 'AP'], { cwd: folder }), 2, /--measure/)
    expectRefusal(await runCli(['rnu'], { cwd: folder }), 2, /run/)
    expectRefusal(await runCli(['run', join(folder, 'no.yaml')], { cwd: folder }), 2, /no\.yaml/)
  })

  it('a study file with tabs, an anchor bomb, unknown keys', async () => {
    const file = join(folder, 'bad.yaml')
    const refused = async (text: string, ...parts: RegExp[]) => {
      await writeFile(file, text)
      expectRefusal(await runCli(['run', file], { cwd: folder }), 2, /bad\.yaml/, ...parts)
    }
    await refused('collections:\n\t- x\n', /bad\.yaml:2:1/, /spaces/)
    await refused(
      [
        'a0: &a0 [x, x, x, x, x, x, x, x, x]',
        ...Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`),
      ].join('\n'),
      /aliases/,
    )
    await refused(
      'collections: [x]\nbaselines: [bm25]\nmeasurs: [AP]\ndeph: 3\n',
      /bad\.yaml:3:1/,
      /Did you mean measures/,
      /bad\.yaml:4:1/,
      /Did you mean depth/,
    )
  })
})

describe('a broken workspace', () => {
  it('of a newer version', async () => {
    const workspace = join(folder, 'newer')
    await mkdir(workspace)
    await writeFile(join(workspace, 'workspace.json'), '{"workspaceVersion": 99}')
    expectRefusal(
      await runCli(['run', '-c', good, '-r', 'bm25', '-w', workspace], { cwd: folder }),
      6,
      /newer fieldtrial/,
      /Update/,
    )
  })
})

describe('a bad server', () => {
  const cases: [Failure, number, RegExp][] = [
    ['500', 5, /HTTP 500/],
    ['dimension-later', 4, /dimension|numbers/i],
    ['nan', 4, /NaN|not a number|not finite/i],
    ['zero', 4, /zero/i],
    ['missing-item', 4, /vectors|items|missing/i],
    ['not-json', 5, /JSON/],
    ['close', 5, /connection|closed|socket|hang/i],
    ['401', 5, /401/],
  ]
  for (const [failure, code, message] of cases)
    it(`that answers with: ${failure}`, async () => {
      const server = await startEmbeddingServer({ failure })
      try {
        const result = await runCli(
          [
            'run',
            '-c',
            good,
            '-r',
            'bm25',
            '-r',
            `${server.v1}#m`,
            '-m',
            'nDCG@10',
            '--json',
            '-w',
            join(folder, `w-${failure}`),
          ],
          { cwd: folder },
        )
        expect(result.stderr).toMatch(message)
        const results = JSON.parse(result.stdout)
        // What could be done was done, and what could not be done has no number.
        expect(results.trials.map((t: { status: string }) => t.status)).toEqual(['done', 'failed'])
        expect(results.trials[1].mean).toEqual({})
        expect(result.code).toBe(code)
      } finally {
        await server.close()
      }
    }, 120_000)

  it('that never answers, or never has time: given up after what the study allows', async () => {
    for (const [failure, message] of [
      ['hang', /no answer within 1000 ms/],
      ['429', /429/],
    ] as const) {
      const server = await startEmbeddingServer({ failure })
      const study = join(folder, `${failure}.yaml`)
      await writeFile(
        study,
        `collections: [./good]\nmodels: [{ id: m, model: m, url: ${JSON.stringify(server.v1)}, timeoutSeconds: 1, retries: 1 }]\n`,
      )
      try {
        const result = await runCli(['run', study, '--json', '-w', join(folder, `w-never-${failure}`)])
        expect(result.code).toBe(5)
        expect(result.stderr).toMatch(message)
        expect(JSON.parse(result.stdout).trials[0].status).toBe('failed')
      } finally {
        await server.close()
      }
    }
  }, 60_000)

  it('that asks for patience gets it: 429, then 500, then good', async () => {
    for (const failure of ['429-then-ok', '500-then-ok'] as const) {
      const server = await startEmbeddingServer({ failure })
      try {
        const result = await runCli(
          ['run', '-c', good, '-r', `${server.v1}#m`, '-m', 'nDCG@10', '--json', '-w', join(folder, `w-${failure}`)],
          { cwd: folder },
        )
        expect(result.code).toBe(0)
        expect(JSON.parse(result.stdout).trials[0].status).toBe('done')
      } finally {
        await server.close()
      }
    }
  }, 120_000)
})

describeWith('a broken model', [minilmPath], () => {
  it('without a tokenizer, without weights, with cut weights, not there', async () => {
    const run = (...retrievers: string[]) =>
      runCli(
        ['run', '-c', good, ...retrievers.flatMap((name) => ['-r', name]), '--offline', '-w', join(folder, 'w-model')],
        { cwd: folder },
      )
    const copy = async (name: string) => {
      await cp(minilmPath, join(folder, name), { recursive: true })
      return join(folder, name)
    }
    const bare = await copy('no-tokenizer')
    await rm(join(bare, 'tokenizer.json'))
    expectRefusal(await run(bare), 4, /tokenizer\.json/)
    const empty = await copy('no-weights')
    await rm(join(empty, 'model.safetensors'))
    expectRefusal(await run(empty), 4, /safetensors/)
    const cut = await copy('cut-weights')
    await writeFile(join(cut, 'model.safetensors'), new Uint8Array(1000))
    expectRefusal(await run(cut), 4, /model\.safetensors/)
    expectRefusal(await run(join(folder, 'no-model')), 4, /no-model/)
    expectRefusal(await run('owner/name'), 5, /owner\/name/)
    // Beside a retriever that can be run it fails its own trials only.
    const beside = await run('bm25', bare)
    expect(beside.code).toBe(4)
    expect(beside.stdout).toMatch(/bm25 .* 0\.\d{4}/)
    expect(beside.stdout).toMatch(/no-tokenizer on good failed: .*tokenizer/)
  }, 120_000)
})

/** A file system of one megabyte, where this process may make one. */
function mountSmall(path: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describeWith('a full disk', [sharedPath('data/nfcorpus')], () => {
  it('is said, loses nothing, and the study goes on elsewhere or after cleaning', async (context) => {
    const disk = join(folder, 'disk')
    await mkdir(disk)
    if (!mountSmall(disk)) context.skip('only root can mount a small file system')
    const run = () =>
      runCli(
        [
          'run',
          '-c',
          sharedPath('data/nfcorpus'),
          '-r',
          'bm25',
          '-m',
          'nDCG@10',
          '--json',
          '-w',
          join(disk, 'w'),
          '-o',
          join(folder, 'out'),
        ],
        { cwd: folder },
      )
    try {
      expectRefusal(await run(), 6, /No room left on the disk/, /fieldtrial clean/)
      execFileSync('mount', ['-o', 'remount,size=200m', disk])
      const again = await run()
      expect(again.code).toBe(0)
      expect(JSON.parse(again.stdout).trials[0].mean['nDCG@10']).toBeCloseTo(0.3218, 3)
    } finally {
      execFileSync('umount', ['-l', disk])
    }
  }, 120_000)
})
