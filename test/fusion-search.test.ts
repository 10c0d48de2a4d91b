import { cp, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { shuffled } from '../src/fusion/index.ts'
import { runCli } from './support/cli.ts'
import { FusionStudies, QUERIES } from './support/fusion-studies.ts'

const studies = new FusionStudies()
const inFolder = (...path: string[]) => join(studies.folder, ...path)

describe('fieldtrial fuse --search over spaces', () => {
  it('tries fused spaces, each with what it costs, and none fitted to what it is reported on', async () => {
    const { results } = await studies.run(
      `  - { id: concat, method: concat, of: [m0, m1] }
  - { id: cut, method: concat, of: [m0, m1], dimensions: 6 }
  - { id: turned, method: procrustes, of: [m0, m1] }
  - { id: shared, method: cca, of: [m0, m1] }
`,
      { models: studies.models(), output: 'spaces' },
    )
    const search = async (...more: string[]) => {
      const args = ['fuse', '--results', inFolder('spaces'), '--search', '-m', 'RR@10', '--max-members', '2']
      return runCli([...args, '-w', inFolder('workspace'), ...more])
    }
    interface Found {
      readonly kind: string
      readonly members: string[]
      readonly fusion: { method: string; dimensions?: number; learned: boolean } | null
      readonly value: number
      readonly cost: { indexBytes: number; indexes: number; encodings: number; msPerQuery: number }
    }
    const found = async (...more: string[]) => {
      const { code, stdout, stderr } = await search('--json', ...more)
      expect(code, stderr).toBe(0)
      return JSON.parse(stdout) as {
        candidates: Found[]
        proposal: Found & { weights: number[] | null }
        heldOut: { value: number }
        leftOut: object[]
      }
    }
    const all = await found()
    expect(all.leftOut).toEqual([])
    const spaces = all.candidates.filter(({ kind }) => kind === 'space')
    const name = ({ fusion }: Found) =>
      `${fusion!.method} ${fusion!.dimensions ?? 'all'}${fusion!.learned ? ', learned' : ''}`
    expect(spaces.map(name).sort()).toEqual([
      'cca all',
      'concat 6',
      'concat 8',
      'concat 8, learned',
      'concat all',
      'concat all, learned',
      'procrustes all',
    ])
    // What the search measures is what a study with the same block does, on the queries of the search.
    const searched = shuffled(
      Array.from({ length: QUERIES }, (_, i) => `q${i}`),
      42,
    ).slice(0, QUERIES / 2)
    const trial = (id: string) => results.trials.find(({ retriever }) => retriever === id)!
    const bytes = (id: string) => trial(id).cost.indexBytes
    for (const [form, id] of [
      ['concat all', 'concat'],
      ['concat 6', 'cut'],
      ['procrustes all', 'turned'],
      ['cca all', 'shared'],
    ] as const) {
      const one = spaces.find((candidate) => name(candidate) === form)!
      const mean = searched.reduce((sum, query) => sum + trial(id).perQuery['RR@10']![query]!, 0) / searched.length
      expect(one.value, id).toBeCloseTo(mean, 9)
      expect(one.members).toEqual(['m0', 'm1'])
      expect(one.cost, id).toMatchObject({ indexes: 1, encodings: 2 })
      expect(Math.abs(one.cost.indexBytes - bytes(id)) / bytes(id), id).toBeLessThan(0.05)
    }
    const runs = all.candidates.find(({ kind, members }) => kind === 'runs' && members.join() === 'm0,m1')!
    expect(runs.cost).toMatchObject({ indexes: 2, encodings: 2, indexBytes: bytes('m0') + bytes('m1') })
    const mixed = all.candidates.find(({ kind, members }) => kind === 'runs' && members.join() === 'bm25,m0')!
    expect(mixed.cost).toMatchObject({ indexes: 2, encodings: 1 })

    // An index no larger than that of one member: both runs together are dearer, a cut space is not.
    const cheap = await found('--max-bytes', String(bytes('m0')), '--of', 'm0,m1')
    const kinds = new Set(
      cheap.candidates.map((candidate) => `${candidate.kind} ${candidate.fusion === null ? '' : name(candidate)}`),
    )
    expect(kinds.has('space concat 6')).toBe(true)
    expect(kinds.has('space concat all')).toBe(false)
    expect([...kinds].some((kind) => kind.startsWith('runs'))).toBe(false)
    for (const { cost } of cheap.candidates) expect(cost.indexBytes).toBeLessThanOrEqual(bytes('m0'))
    const text = (await search('--of', 'm0,m1', '--max-bytes', String(bytes('m0')))).stdout
    expect(text).toMatch(/2 single, 0 of runs, \d of spaces/)
    expect(text).toMatch(/m0, m1 +one space +concat to 6/)
    const runsAlone = await found('--no-spaces')
    expect(runsAlone.candidates.some(({ kind }) => kind === 'space')).toBe(false)

    // Other judgments of the queries held out change what is reported, and nothing that was chosen.
    const file = inFolder('spaces', 'runs', 'data.qrels')
    const honest = await readFile(file, 'utf8')
    const held = new Set(
      Array.from({ length: QUERIES }, (_, i) => `q${i}`).filter((query) => !searched.includes(query)),
    )
    const poisoned = honest.replaceAll(/^(q\d+) 0 d(\d+) /gm, (line, query: string, i: string) =>
      held.has(query) ? `${query} 0 d${(Number(i) * 7 + 3) % (3 * QUERIES)} ` : line,
    )
    expect(poisoned).not.toBe(honest)
    await writeFile(file, poisoned)
    const after = await found('--of', 'm0,m1')
    await writeFile(file, honest)
    const before = await found('--of', 'm0,m1')
    const values = ({ candidates }: typeof before) =>
      candidates.map((one) => `${one.kind} ${one.fusion === null ? one.members : name(one)} ${one.value}`).sort()
    expect(values(after)).toEqual(values(before))
    expect(after.proposal.weights).toEqual(before.proposal.weights)
    expect(after.heldOut.value).not.toBe(before.heldOut.value)
  })

  it('says which spaces cannot be tried', async () => {
    const results = inFolder('spaces')
    const search = ['fuse', '--results', results, '--search', '-m', 'RR@10', '--of', 'm0,m1']
    const nowhere = await runCli([...search, '-w', inFolder('nowhere')])
    expect(nowhere.code).toBe(0)
    expect(nowhere.stderr).toContain('spaces are not fused')
    await expect(stat(inFolder('nowhere'))).rejects.toThrow('ENOENT')
    // Another workspace knows the run, but has no vectors any more.
    const bare = inFolder('bare')
    await cp(inFolder('workspace', 'workspace.json'), join(bare, 'workspace.json'))
    await cp(inFolder('workspace', 'runs'), join(bare, 'runs'), { recursive: true })
    const gone = await runCli([...search, '-w', bare])
    expect(gone.stdout).toContain('No spaces of m0, m1: their vectors are not in the workspace.')
    const runs = ['m0', 'm1'].map((id) => join(results, 'runs', `data.${id}.trec`))
    expect((await runCli(['fuse', ...runs, '--no-spaces'])).stderr).toContain('--no-spaces are for --search')
  })
})
