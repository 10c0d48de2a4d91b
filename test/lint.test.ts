import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Workspace } from '../src/core/workspace.ts'
import { collectionState, openCollection, summariseCached } from '../src/data/index.ts'
import { withHints } from '../src/data/lint/index.ts'
import { parseMeasures } from '../src/measure/index.ts'
import { GENERIC_TASK } from '../src/recipes/index.ts'
import { type CollectionLintOptions, lintCollectionWhole } from '../src/study/lint/collection-lint.ts'
import { prepareEncoder } from '../src/study/prepare.ts'
import { runCli } from './support/cli.ts'
import { TINY, type TinyCollection, writeCollection } from './support/collections.ts'
import { temporaryFolder } from './support/files.ts'
import { describeShared, describeWith, minilmPath, sharedPath } from './support/shared.ts'

const OPTIONS: CollectionLintOptions = {
  measures: parseMeasures(['nDCG@10', 'MRR@10', 'AP']),
  encoders: [],
  task: GENERIC_TASK.instruction,
  runs: [],
}

async function lint(source: string, options: Partial<CollectionLintOptions> = {}, split?: string) {
  const workspace = await Workspace.open(join(await temporaryFolder(), 'w'))
  const spec = { source, ...(split ? { split } : {}) }
  const collection = await openCollection(spec, { cacheDir: workspace.cache })
  const state = await collectionState(collection)
  const summary = await summariseCached(collection, workspace.cache)
  const on = { given: source, collection, summary, state }
  const report = await lintCollectionWhole(spec, on, { ...OPTIONS, ...options }, workspace)
  const findings = withHints([...summary.findings, ...report.findings])
  const of = (level: string) => findings.filter((f) => f.level === level).map((f) => f.code)
  return { report, findings, warnings: of('warning').sort(), notes: of('info'), workspace }
}

/** TINY with more records, and files beside it. */
async function planted(more: Partial<TinyCollection>, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await writeCollection(join(await temporaryFolder(), 'planted'), {
    documents: [...TINY.documents, ...(more.documents ?? [])],
    queries: [...TINY.queries, ...(more.queries ?? [])],
    qrels: [...TINY.qrels, ...(more.qrels ?? [])],
  })
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  return folder
}

const LONG =
  'The harbour was dredged twice in the last century, first for the steamers that carried coal to the northern ports, and again for the container ships that replaced them; each time the spoil was dumped beyond the bar, where the current spread it over the oyster beds, and each time the fishermen were paid for what they had lost.'

describe('lint', () => {
  it('finds nothing wrong with a healthy collection', async () => {
    const { warnings, report, notes } = await lint(await planted({}))
    expect(warnings).toEqual([])
    expect(notes).toContain('documents.languages')
    expect(report.ceilings).toEqual([
      { measure: 'nDCG@10', value: 1, apart: 1 },
      { measure: 'MRR@10', value: 1, apart: 1 },
      { measure: 'AP', value: 1, apart: 1 },
    ])
  })

  const german = [
    'Warum kommt geschmolzenes Gestein aus einem Vulkan heraus',
    'Wie lange muss der Teig an einem warmen Ort gehen',
    'Woraus besteht der Schweif eines Kometen in der Nähe der Sonne',
    'Weshalb wird es während einer Finsternis am Tag plötzlich dunkel',
    'Was geschieht mit der Butter, wenn man die Sahne lange schlägt',
    'Wie bewegt sich ein Planet auf seiner Bahn um den Stern',
    'Warum darf nach einem Ausbruch tagelang kein Flugzeug fliegen',
    'Wozu dient der große Spiegel in einem modernen Teleskop',
    'Wie entsteht heißer Dampf tief unter der Oberfläche der Erde',
    'Weshalb bekommt das Brot im Ofen eine knusprige Kruste',
    'Was verwandelt die Hefe während der Gärung in Gas',
    'Wann steht der Mond genau zwischen der Sonne und der Erde',
  ]

  const FAULTS: readonly [string, Partial<TinyCollection>, Readonly<Record<string, string>>, readonly string[]][] = [
    [
      'a relevant document that stands there twice',
      {
        documents: [
          { _id: 'copy', title: 'Volcanoes', text: 'A volcano erupts when molten rock rises through the crust.' },
        ],
      },
      {},
      ['documents.duplicate-text', 'measures.ceiling'],
    ],
    [
      'a document that differs from another in case and blanks only',
      { documents: [{ _id: 'loud', title: 'BUTTER', text: 'Churning cream  separates the fat from\nthe milk.' }] },
      {},
      ['documents.duplicate-normal'],
    ],
    [
      'a document that is nearly another',
      {
        documents: [
          { _id: 'n1', text: LONG },
          { _id: 'n2', text: LONG.replace('twice', 'two times') },
        ],
      },
      {},
      ['documents.near-duplicate'],
    ],
    ['a judged document that is absent', { qrels: ['q3\tgone\t1'] }, {}, ['qrels.absent-documents']],
    [
      'a query without relevant documents',
      { queries: [{ _id: 'q4', text: 'what is the price of a telescope' }], qrels: ['q4\td11\t0'] },
      {},
      ['queries.no-relevant'],
    ],
    ['a judged query that is absent', { qrels: ['lost\td9\t1'] }, {}, ['queries.absent']],
    ['an empty document', { documents: [{ _id: 'nothing', title: '', text: ' ' }] }, {}, ['documents.empty']],
    [
      'a query that stands in the training split too',
      { queries: [{ _id: 't1', text: 'What makes bread  dough rise' }] },
      { 'qrels/train.tsv': 'query-id\tcorpus-id\tscore\nt1\td5\t1\n' },
      ['queries.leaked'],
    ],
    [
      'a query that stands in the training split with a word more',
      { queries: [{ _id: 't1', text: 'and why does molten rock come out of a volcano' }] },
      { 'qrels/train.tsv': 'query-id\tcorpus-id\tscore\nt1\td9\t1\n' },
      ['queries.leaked-nearly'],
    ],
    [
      'a document that is a query',
      { documents: [{ _id: 'asked', text: 'What makes bread dough rise' }] },
      {},
      ['documents.are-queries'],
    ],
    [
      'queries in another language',
      {
        queries: german.map((text, i) => ({ _id: `g${i}`, text })),
        qrels: german.map((_, i) => `g${i}\td${i + 1}\t1`),
      },
      {},
      ['queries.other-language'],
    ],
  ]

  it.each(FAULTS)('finds %s, and nothing else', async (_, more, files, expected) => {
    const { warnings, findings } = await lint(await planted(more, files))
    expect(warnings).toEqual(expected)
    for (const finding of findings.filter(({ level }) => level === 'warning')) {
      expect(finding.hint, finding.code).toMatch(/\.$/)
      expect(finding.message, finding.code).toMatch(/\.$/)
    }
  })

  it('tells the split of a leak and the relevant documents that splits share', async () => {
    const folder = await planted(
      { queries: [{ _id: 't1', text: 'WHAT MAKES BREAD DOUGH RISE' }] },
      { 'qrels/train.tsv': 'query-id\tcorpus-id\tscore\nt1\td5\t1\n' },
    )
    const { findings } = await lint(folder)
    expect(findings.find(({ code }) => code === 'queries.leaked')!.examples).toEqual(['q2 = t1 (train)'])
    expect(findings.find(({ code }) => code === 'qrels.shared-relevant')).toMatchObject({
      level: 'info',
      count: 1,
      of: 5,
    })
  })

  it('works the ceiling of a duplicate out', async () => {
    const { report } = await lint(
      await planted({
        documents: [1, 2].map((n) => ({
          _id: `copy${n}`,
          title: 'Comets',
          text: 'Ice and dust form a tail when a comet nears the sun.',
        })),
      }),
    )
    const discounts = [1, 2, 3].map((rank) => 1 / Math.log2(rank + 1))
    const third = discounts.reduce((sum, value) => sum + value, 0) / 3
    const [ndcg, rr] = report.ceilings
    expect(ndcg!.value).toBeCloseTo((1 + 1 + third) / 3, 12)
    expect(rr!.value).toBeCloseTo((1 + 1 + (1 + 1 / 2 + 1 / 3) / 3) / 3, 12)
    expect(report.twins).toMatchObject({ pairs: 1, of: 5, examples: ['q3'] })
  })

  it('points to what BM25 finds twice and nobody judged, as an estimate', async () => {
    const folder = await planted({
      documents: [{ _id: 'new', text: 'Molten rock comes out of a volcano: why does it?' }],
    })
    const { report, findings } = await lint(folder)
    expect(report.suspects!.examples[0]).toMatchObject({ query: 'q1', document: 'new', aboveRelevant: true })
    const finding = findings.find(({ code }) => code === 'qrels.suspected-false-negatives')!
    expect(finding.level).toBe('info')
    expect(finding.message).toMatch(/^An estimate: /)
  })

  it('tells code from prose and languages from each other', async () => {
    const code = 'def area(radius):\n    """Area of a circle."""\n    return math.pi * radius ** 2'
    const { report } = await lint(
      await planted({
        documents: [
          { _id: 'py', text: code },
          { _id: 'ru', text: 'Вулкан извергается, когда расплавленная порода поднимается сквозь кору.' },
          { _id: 'ja', text: '溶けた岩が地殻を通って上昇すると火山が噴火します。' },
        ],
      }),
    )
    const { modalities, languages, scripts, programming } = report.lint.mix.documents
    expect(modalities).toEqual([
      { name: 'text', count: 14 },
      { name: 'code', count: 1 },
    ])
    expect(languages.map(({ name }) => name)).toEqual(['English', 'Japanese', 'Russian'])
    expect(scripts.map(({ name }) => name)).toEqual(['Latin', 'Cyrillic', 'Japanese'])
    expect(programming).toEqual([{ name: 'Python', count: 1 }])
  })

  it('of a collection that changes meanwhile keeps nothing', async () => {
    const folder = await planted({})
    const workspace = await Workspace.open(join(await temporaryFolder(), 'w'))
    const collection = await openCollection({ source: folder }, { cacheDir: workspace.cache })
    const state = await collectionState(collection)
    const summary = await summariseCached(collection, workspace.cache)
    await writeFile(join(folder, 'corpus.jsonl'), '{"_id":"d1","text":"other"}\n')
    const on = { given: folder, collection, summary, state }
    await expect(lintCollectionWhole({ source: folder }, on, OPTIONS, workspace)).rejects.toThrow(/changed while/)
    expect(await readdir(workspace.path('lint')).catch(() => [])).toEqual([])
  })

  it('does not do its work twice, and does it anew for other content', async () => {
    const folder = await planted({})
    const workspace = await Workspace.open(join(await temporaryFolder(), 'w'))
    const run = async () => {
      const collection = await openCollection({ source: folder }, { cacheDir: workspace.cache })
      const summary = await summariseCached(collection, workspace.cache)
      let read = 0
      const counted = {
        ...collection,
        documents: () => {
          read++
          return collection.documents()
        },
      }
      const on = { given: folder, collection: counted, summary, state: await collectionState(collection) }
      await lintCollectionWhole({ source: folder }, on, OPTIONS, workspace)
      return read
    }
    expect(await run()).toBeGreaterThan(0)
    expect(await run()).toBe(0)
    await writeFile(
      join(folder, 'corpus.jsonl'),
      `${await readFile(join(folder, 'corpus.jsonl'), 'utf8')}{"_id":"d13","text":"new"}\n`,
    )
    expect(await run()).toBeGreaterThan(0)
  })
})

describeWith('lint with a model', [minilmPath], () => {
  it('counts its tokens and finds what it cuts', async () => {
    const workspace = await Workspace.open(join(await temporaryFolder(), 'w'))
    const { encoderSpec } = await import('../src/cli/encoder-flags.ts')
    const prepared = await prepareEncoder(await encoderSpec(minilmPath, {}), workspace)
    const folder = await planted({
      documents: [1, 2].map((n) => ({ _id: `long${n}`, text: `${n} ${LONG} `.repeat(6) })),
    })
    const { report, warnings, findings } = await lint(folder, { encoders: [{ id: 'minilm', prepared }] })
    expect(warnings).toContain('documents.tokens')
    const [tokens] = report.tokens
    expect(tokens!.documents).toMatchObject({ sampled: 14, of: 14, maxLength: 256, truncated: 2 })
    // [CLS], 9 words of which none is split, [SEP].
    expect(tokens!.queries!.tokens).toMatchObject({ count: 3, max: 11 })
    expect(findings.find(({ code }) => code === 'documents.tokens')!.message).toBe(
      'minilm cuts 2 of 14 documents (14.3 %) at 256 tokens.',
    )
  })
})

describe('fieldtrial lint', () => {
  it('exits with 0, and with 3 if it is strict and there is a warning', async () => {
    const w = await temporaryFolder()
    const healthy = await planted({})
    expect((await runCli(['lint', healthy, '--strict', '-w', w])).code).toBe(0)
    const broken = await planted({ documents: [{ _id: 'nothing', text: '' }] })
    const lax = await runCli(['lint', broken, '-w', w])
    expect(lax.code).toBe(0)
    expect(lax.stdout).toMatch(/warning documents\.empty \(7\.7 %\): 1 of 13 documents/)
    expect(lax.stdout).toMatch(/→ Take them out/)
    expect((await runCli(['lint', broken, '--strict', '-w', w])).code).toBe(3)
  })

  it('prints JSON, and takes a run and a study’s results', async () => {
    const folder = await temporaryFolder()
    const w = join(folder, 'w')
    const source = await planted({})
    const study = join(folder, 'study.yaml')
    await writeFile(
      study,
      `collections: [${source}]\nbaselines: [bm25, 'bm25:analyzer=unicode']\noutput: { dir: results }\n`,
    )
    expect(await runCli(['run', study, '-q', '-w', w])).toMatchObject({ code: 0 })
    const results = JSON.parse(await readFile(join(folder, 'results', 'results.json'), 'utf8'))
    const [collection] = results.collections
    expect(collection.lint.ceilings[0]).toEqual({ measure: 'nDCG@10', value: 1, apart: 1 })
    expect(collection.lint.suspects.retrievers).toHaveLength(2)
    expect(await readFile(join(folder, 'results', 'report.md'), 'utf8')).toContain('| planted | documents | words |')
    const run = join(folder, 'results', results.trials[0].runFile)
    const { stdout, code, stderr } = await runCli([
      'lint',
      source,
      '--json',
      '--run',
      join(folder, 'results'),
      '--run',
      run,
      '--no-bm25',
      '-w',
      w,
    ])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const found = JSON.parse(stdout)
    expect(found).toMatchObject({ name: 'planted', documents: 12, queries: 3 })
    expect(found.suspects.retrievers).toHaveLength(3)
    const alone = await runCli(['lint', source, '--json', '--run', run, '--no-bm25', '-w', w])
    expect(alone.stderr).toMatch(/several retrievers agree on; \S+\.trec is the only one/)
    expect(JSON.parse(alone.stdout).suspects).toBeNull()
  })

  it('refuses a run of other queries and a study of another collection', async () => {
    const folder = await temporaryFolder()
    const source = await planted({})
    await writeFile(join(folder, 'other.trec'), 'x Q0 d1 1 1.5 t\n')
    const wrong = await runCli(['lint', source, '--run', join(folder, 'other.trec'), '-w', join(folder, 'w')])
    expect(wrong.code).toBe(3)
    expect(wrong.stderr).toMatch(/none of the collection's judged queries/)
    const absent = await runCli(['lint', source, '--run', join(folder, 'absent.trec'), '-w', join(folder, 'w')])
    expect(absent.code).toBe(3)
    expect((await runCli(['lint', source, '--threshold', '0.1', '-w', join(folder, 'w')])).code).toBe(2)
  })
})

describeShared('lint on real collections', ['data/nfcorpus', 'data/cranfield', 'data/cosqa-coclr'], () => {
  it('sees the twins of NFCorpus and what they cost', async () => {
    const { report, warnings } = await lint(sharedPath('data/nfcorpus'), { bm25: false })
    expect(report.lint.same).toMatchObject({ distinct: 3593, groups: 40, documents: 80, largest: 2 })
    expect(report.ceilings[0]!.value).toBeCloseTo(0.99828, 5)
    expect(warnings).toEqual([
      'documents.duplicate-text',
      'documents.near-duplicate',
      'measures.ceiling',
      'queries.leaked',
      'queries.leaked-nearly',
    ])
  })

  it('sees the two empty documents of Cranfield, and code in CosQA', async () => {
    expect((await lint(sharedPath('data/cranfield'), { bm25: false })).warnings).toContain('documents.empty')
    const { report } = await lint(sharedPath('data/cosqa-coclr'), { bm25: false })
    const [first] = report.lint.mix.documents.modalities
    expect(first!.name).toBe('code')
    expect(first!.count).toBeGreaterThan(1980)
    expect(report.lint.mix.documents.programming[0]!.name).toBe('Python')
  })
})
