import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findDataset } from '../src/data/index.ts'
import { runCli } from './support/cli.ts'
import { TINY, writeCollection } from './support/collections.ts'
import { SMALL_BEIR, temporaryFolder } from './support/files.ts'
import { TestHub } from './support/hub-server.ts'

const json = async (...args: string[]) => JSON.parse((await runCli(['datasets', ...args, '--json'])).stdout)

describe('fieldtrial datasets', () => {
  it('lists with filters, and refuses a filter that nothing has', async () => {
    const { stdout } = await runCli(['datasets', '--family', 'beir', '--size', '10k'])
    expect(stdout.split('\n').filter(Boolean)).toHaveLength(1 + 3)
    expect(stdout).toContain('beir/scifact')
    const found = (await json('coir/*-go')) as { id: string; documents: number }[]
    expect(found.map(({ id, documents }) => [id, documents])).toEqual([
      ['coir/codesearchnet-go', 182_440],
      ['coir/codesearchnet-ccr-go', 182_735],
    ])
    const wrong = await runCli(['datasets', '--modality', 'imge'])
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('Did you mean image?')])
  })

  it('lists groups, with how many of each cannot be opened', async () => {
    const groups = (await json('--groups')) as { name: string; members: string[]; unavailable: string[] }[]
    const eighteen = groups.find(({ name }) => name === 'beir-18')!
    expect(eighteen.members).toHaveLength(29)
    expect(eighteen.unavailable).toEqual(['beir/bioasq', 'beir/signal1m', 'beir/trec-news', 'beir/robust04'])
  })

  it('shows one whole without the network: pins, splits, rules, instruction, licence, what is unverified', async () => {
    const folder = await temporaryFolder()
    const env = {
      HF_HOME: join(folder, 'hf'),
      HF_ENDPOINT: 'http://127.0.0.1:9',
      FIELDTRIAL_WORKSPACE: join(folder, 'w'),
    }
    const { code, stdout } = await runCli(['datasets', 'show', 'beir/climate-fever'], { env })
    expect(code).toBe(0)
    for (const text of [
      'BeIR/climate-fever',
      'none known: main is used  (unverified)',
      '1,535 queries, 4,681 judgments',
      'support or refute the claim',
      'beir-13, beir-14, beir-15, beir-18',
      'Its files are not on this machine',
    ])
      expect(stdout).toContain(text)
    const licensed = await runCli(['datasets', 'show', 'beir/robust04'], { env })
    expect(licensed.stdout).toContain('Robust04 needs an agreement with NIST')
    expect((await json('show', 'coir/cosqa')) as object).toMatchObject({
      titles: 'omit',
      measures: ['nDCG@10'],
      instruction: expect.stringContaining('web search query'),
      groups: ['coir-10'],
    })
  })
})

describe('fieldtrial datasets verify', () => {
  let folder: string

  async function setUp() {
    folder = await temporaryFolder()
    await writeCollection(join(folder, 'tiny'), TINY)
    const server = await TestHub.start()
    const { repo, revision, qrels } = findDataset('beir/scifact')!.hub!
    const { 'qrels/test.tsv': test, ...main } = SMALL_BEIR
    server.push(`datasets/${repo}`, main, 'main', revision!)
    server.push(`datasets/${qrels!.repo}`, { 'test.tsv': test }, 'main', qrels!.revision!)
    const env = { HF_ENDPOINT: server.endpoint, HF_HOME: join(folder, 'hf'), FIELDTRIAL_WORKSPACE: join(folder, 'w') }
    return (...args: string[]) => runCli(['datasets', 'verify', ...args], { env })
  }

  it('fetches, and names each field that is not as the registry says', async () => {
    const verify = await setUp()
    const { code, stdout } = await verify('beir/scifact')
    expect(code).toBe(3)
    expect(stdout).toContain('✗ scifact: differs from the registry (beir/scifact)')
    expect(stdout).toMatch(/documents +5183 +3 +the registry/)
    expect(stdout).toMatch(/corpus hash +7a4f0e6c[0-9a-f]+ +[0-9a-f]{64}/)
    expect(stdout).toMatch(/train queries +809 +no such split/)
  })

  it('agrees with what it pinned itself, and no longer after a change', async () => {
    const verify = await setUp()
    const tiny = join(folder, 'tiny')
    const nothing = await verify(tiny)
    expect([nothing.code, nothing.stdout]).toEqual([3, expect.stringContaining('? tiny: nothing is known of it')])
    const pin = await verify(tiny, '--pin')
    expect(pin.code).toBe(0)
    const file = join(folder, 'pin.json')
    await writeFile(file, pin.stdout)
    const same = await verify(tiny, '--expect', file)
    expect([same.code, same.stdout]).toEqual([0, expect.stringContaining('✓ tiny: 6 fields agree with')])
    await writeCollection(tiny, { ...TINY, qrels: TINY.qrels.slice(1) })
    const changed = await verify(tiny, '--expect', file, '--json')
    expect(changed.code).toBe(3)
    const [{ verdict, comparisons }] = JSON.parse(changed.stdout)
    expect(verdict).toBe('differs')
    const differing = comparisons.filter((c: { expected: unknown; found: unknown }) => c.expected !== c.found)
    expect(differing.map((c: { field: string }) => c.field)).toEqual(['test judgments', 'test qrels hash'])
  })

  it('verifies all folders of a folder; one that is broken hides none', async () => {
    const verify = await setUp()
    const root = join(folder, 'all')
    for (const name of ['good', 'more']) await writeCollection(join(root, name), TINY)
    await mkdir(join(root, 'broken'))
    await writeFile(
      join(root, 'MANIFEST.md'),
      '| folder | docs | test queries / judgments | other splits |\n|---|---|---|---|\n| good | 12 | 3 / 5 | |\n| more | 13 | 3 / 5 | |\n| notes | – | | |\n',
    )
    await mkdir(join(root, 'notes'))
    const { code, stdout } = await verify(root, '--all')
    expect(code).toBe(3)
    expect(stdout).toContain('✓ good: 3 fields agree')
    expect(stdout).toMatch(/✗ more: differs[^\n]*\n[^\n]*\n +documents +13 +12/)
    expect(stdout).toMatch(/✗ [^\n]*broken: [^\n]*holds no corpus/)
    expect(stdout).not.toContain('notes')
  })
})
