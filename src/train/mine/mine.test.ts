import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startChatServer } from '../../../test/support/chat-server.ts'
import { folderOf, jsonl, temporaryFolder } from '../../../test/support/files.ts'
import { Workspace } from '../../core/workspace.ts'
import { openTraining, type TrainingExample } from '../../data/index.ts'
import { CrossEncoder } from '../../engines/onnx/index.ts'
import { readBytes, readCheckpoint } from '../../engines/text/safetensors.ts'
import { writeSafetensors } from '../../engines/text/write-safetensors.ts'
import { studyFromInput } from '../../study/parse.ts'
import type { StudyInput } from '../../study/schema.ts'
import { openCrossEncoderFilter } from './cross-encoder-filter.ts'
import type { NegativeFilter } from './filter.ts'
import { llmFilter, opinionOf } from './llm-filter.ts'
import { type MineOptions, mine } from './mine.ts'
import { minedPage } from './page.ts'
import { sampleMined } from './read-mined.ts'
import { miningRules } from './rules.ts'
import { openMining } from './source.ts'
import { countLines } from './words.ts'

const TOPICS = ['zebra', 'walrus', 'falcon', 'salmon', 'beetle', 'python', 'donkey', 'magpie']
const WORDS = ['river', 'winter', 'market', 'garden', 'window', 'engine']

/** Eight documents about each topic, four of them judged relevant for each of its queries. */
async function collectionOf(queriesPerTopic: number): Promise<string> {
  const documents = TOPICS.flatMap((topic, t) =>
    Array.from({ length: 8 }, (_, i) => ({
      _id: `${topic}-${i}`,
      title: i % 2 === 0 ? `The ${topic}` : '',
      text: `${`${topic} `.repeat(1 + (i % 4))}in a ${WORDS[(t + i) % 6]} by the ${WORDS[(t + 2 * i + 1) % 6]} ${TOPICS[(t + 1 + (i % 3)) % 8]}`,
    })),
  )
  const queries = TOPICS.flatMap((topic, t) =>
    Array.from({ length: queriesPerTopic }, (_, n) => ({
      _id: `q-${topic}-${n}`,
      text: `${topic} ${WORDS[(t + n) % 6]} ${n}`,
    })),
  )
  const judged = queries.flatMap(({ _id }) => [0, 2, 5, 7].map((i) => `${_id}\t${_id.split('-')[1]}-${i}\t1`))
  return folderOf({
    'corpus.jsonl': jsonl(...documents),
    'queries.jsonl': jsonl(...queries),
    'qrels/train.tsv': `query-id\tcorpus-id\tscore\n${judged.join('\n')}\n`,
  })
}

function options(
  given: Partial<MineOptions> = {},
  retrievers: Partial<StudyInput> = { baselines: ['bm25'] },
): MineOptions {
  const input = { collections: ['./-'], ...retrievers } as StudyInput
  return {
    rules: miningRules({ negatives: 4, to: 30, relativeMargin: null }),
    depth: 100,
    study: studyFromInput(input, { folder: process.cwd(), defaultName: 'mine' }),
    runFiles: [],
    filter: null,
    shortlist: 12,
    estimate: true,
    ...given,
  }
}

async function setUp(folder: string, training: string | null = null) {
  const place = await temporaryFolder()
  const workspace = await Workspace.open(join(place, 'workspace'))
  const on = await openMining({ source: folder, training }, workspace, {})
  return { workspace, on, output: join(place, 'mined.jsonl') }
}

async function examplesOf(file: string): Promise<TrainingExample[]> {
  const examples: TrainingExample[] = []
  const set = await openTraining({ source: file }, { cacheDir: '/nonexistent' })
  for await (const example of set.examples()) examples.push(example)
  return examples
}

describe('mining', () => {
  it('writes what training reads, and counts every document of the windows', async () => {
    const { on, output, workspace } = await setUp(await collectionOf(3))
    const { card, made } = await mine(on, options(), output, workspace)
    expect(made).toBe(true)
    const examples = await examplesOf(output)
    expect(examples).toHaveLength(24)
    for (const { queryId, positives, negatives } of examples) {
      const topic = queryId.split('-')[1]!
      expect(positives.map(({ id }) => id).sort()).toEqual([0, 2, 5, 7].map((i) => `${topic}-${i}`))
      expect(positives.some(({ title }) => title === `The ${topic}`)).toBe(true)
      expect(negatives).toHaveLength(4)
      for (const { id, text } of negatives) {
        expect(positives.map((positive) => positive.id)).not.toContain(id)
        expect(text).not.toBe('')
      }
    }
    const { counts } = card
    expect(counts).toMatchObject({
      queries: 24,
      written: 24,
      fewer: 0,
      positives: 96,
      negatives: 96,
      byRetriever: { bm25: 96 },
    })
    expect(counts.drops.positive).toBe(96)
    // By chance it would be 2 hidden ones of 62; the topic's documents rank high, though.
    expect(card.falseNegatives!.rate).toBeGreaterThan(0.1)
    expect(card.falseNegatives).toMatchObject({ queries: 24, rounds: 5, hidden: 0.5 })
    expect(countLines(card).join(' ')).toMatch(/24 of 24 queries with 96 negatives.*False negatives: \d/)
    const [line] = (await readFile(output, 'utf8')).split('\n')
    expect(JSON.parse(line!).negative_passages[0]).toMatchObject({
      retriever: 'bm25',
      rank: expect.any(Number),
      score: expect.any(Number),
    })
  })

  it('leaves a file alone that is up to date, and makes it again under other rules', async () => {
    const { on, output, workspace } = await setUp(await collectionOf(2))
    const first = await mine(on, options(), output, workspace)
    const before = await readFile(output)
    expect(await mine(on, options(), output, workspace)).toEqual({ card: first.card, made: false })
    await writeFile(output, 'damaged')
    expect((await mine(on, options(), output, workspace)).made).toBe(true)
    expect(await readFile(output)).toEqual(before)
    const strict = options({ rules: miningRules({ negatives: 4, to: 30, relativeMargin: 0.3, against: 'worst' }) })
    const { card } = await mine(on, strict, output, workspace)
    expect(card.fingerprint).not.toBe(first.card.fingerprint)
    expect(card.counts.drops.margin).toBeGreaterThan(0)
    // A margin lets fewer of the hidden positives through.
    expect(card.falseNegatives!.passed!).toBeLessThan(first.card.falseNegatives!.passed!)
  })

  it('gives the same file in parts that fit into memory as at once', async () => {
    const { on, output, workspace } = await setUp(await collectionOf(3))
    const whole = await mine(on, options(), output, workspace)
    const bytes = await readFile(output)
    // Rankings of this depth are taken to fill the memory after seven queries.
    const parts = await mine(on, options({ depth: 12_000_000 / 7 }), output, workspace)
    expect(parts.made).toBe(true)
    expect(parts.card.counts).toEqual(whole.card.counts)
    expect(await readFile(output)).toEqual(bytes)
  })

  it('takes a run file’s scores as they are, in whatever order', async () => {
    const folder = await folderOf({
      'corpus.jsonl': jsonl(...['p', 'a', 'b', 'c', 'd'].map((id) => ({ _id: id, title: '', text: `text ${id}` }))),
      'queries.jsonl': jsonl({ _id: 'q', text: 'what' }),
      'qrels/train.tsv': 'query-id\tcorpus-id\tscore\nq\tp\t1\nq\td\t0\n',
      'run.trec':
        'q Q0 b 1 0.90 x\nq Q0 p 2 0.98 x\nq Q0 a 3 0.97 x\nq Q0 c 4 0.50 x\nq Q0 d 5 0.40 x\nq Q0 gone 6 0.3 x\n',
    })
    const { on, output, workspace } = await setUp(folder)
    const rules = miningRules({ negatives: 2, to: 10, against: 'best' })
    const given = options({ rules, runFiles: [join(folder, 'run.trec')] }, { baselines: ['bm25'] })
    const { card } = await mine(on, { ...given, study: { ...given.study, retrievers: [] } }, output, workspace)
    const row = JSON.parse(await readFile(output, 'utf8'))
    expect(row.negative_passages.map(({ docid, rank }: { docid: string; rank: number }) => [docid, rank])).toEqual([
      ['b', 3],
      ['c', 4],
    ])
    expect(row.positive_passages[0]).toMatchObject({ docid: 'p', grade: 1, rank: 1, score: 0.98 })
    expect(card.counts.drops).toEqual({ margin: 1, positive: 1, absent: 1 })
    expect(card.falseNegatives).toBeNull()
    expect(countLines(card).at(-1)).toMatch(/not estimated/)
  })

  it('mines a training set within its own passages', async () => {
    const passage = (docid: string, text: string) => ({ docid, title: '-', text })
    const set = await folderOf({
      'train.jsonl': jsonl(
        {
          query_id: '1',
          query: 'birds fly',
          positive_passages: [passage('10', 'Birds fly high.')],
          negative_passages: [passage('20', 'Fish fly too.')],
        },
        {
          query_id: '1',
          query: 'birds fly',
          positive_passages: [passage('11', 'All birds fly.')],
          negative_passages: [],
        },
        {
          query_id: '2',
          query: 'fish swim',
          positive_passages: [passage('21', 'Fish swim.')],
          negative_passages: [passage('10', 'Birds fly high.')],
        },
      ),
    })
    const place = await temporaryFolder()
    const workspace = await Workspace.open(join(place, 'workspace'))
    const on = await openMining({ source: null, training: set }, workspace, {})
    expect(on.summary).toMatchObject({ documents: 4, queries: 2, judgments: 3 })
    const output = join(place, 'mined.jsonl.gz')
    await mine(on, options(), output, workspace)
    expect(await examplesOf(output)).toEqual([
      {
        queryId: '1',
        query: 'birds fly',
        positives: [
          { id: '10', title: '', text: 'Birds fly high.' },
          { id: '11', title: '', text: 'All birds fly.' },
        ],
        negatives: [{ id: '20', title: '', text: 'Fish fly too.' }],
      },
      {
        queryId: '2',
        query: 'fish swim',
        positives: [{ id: '21', title: '', text: 'Fish swim.' }],
        negatives: [{ id: '20', title: '', text: 'Fish fly too.' }],
      },
    ])
  })

  it('refuses a file of somebody else, and says why nothing was mined', async () => {
    const { on, output, workspace } = await setUp(await collectionOf(1))
    const rules = miningRules({ negatives: 4, to: 30, maxScore: -1 })
    await expect(mine(on, options({ rules }), output, workspace)).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: expect.stringMatching(/No negative was found for any of the 8 queries.*max-score/),
      hint: expect.stringMatching(/loosen the margins/),
    })
    await writeFile(output, 'mine own')
    await expect(mine(on, options(), output, workspace)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/is there already/),
    })
    expect(await readFile(output, 'utf8')).toBe('mine own')
  })

  it('draws queries to look at, the same for the same seed, on a page that needs no other file', async () => {
    const { on, output, workspace } = await setUp(await collectionOf(3))
    const { card } = await mine(on, options(), output, workspace)
    const shown = await sampleMined(output, 3, 7)
    expect(await sampleMined(output, 3, 7)).toEqual(shown)
    expect(shown).toHaveLength(3)
    const page = minedPage('a < b', card, shown)
    expect(page).toContain('a &lt; b')
    expect(page.match(/<details class="negative">/g)).toHaveLength(12)
    expect(page).not.toMatch(/src=|href=/)
  })
})

describe('filters', () => {
  it('of a language model leave out what it takes for an answer, and what it is unsure of', async () => {
    const server = await startChatServer((prompt) => {
      const [, topic] = /Query: (\w+)/.exec(prompt)!
      if (/window/.test(prompt.split('Passage:')[1]!)) return 'That depends.'
      return new RegExp(topic!).test(prompt.split('Passage:')[1]!) ? '<think>Perhaps no…</think>\nYes.' : 'no'
    })
    onTestFinished(() => server.close())
    const { on, output, workspace } = await setUp(await collectionOf(1))
    const filter = llmFilter({ url: server.v1, model: 'judge' })
    const { card } = await mine(on, options({ filter }), output, workspace)
    for (const { query, negatives } of await examplesOf(output))
      for (const { title, text } of negatives)
        expect(`${title} ${text}`).not.toMatch(new RegExp(`window|${query.split(' ')[0]}`))
    expect(card.counts.drops.filter).toBeGreaterThan(0)
    expect(card.counts.drops.unclear).toBeGreaterThan(0)
    expect(card.falseNegatives).toMatchObject({ rate: 0, rounds: 1 })
    // Nothing is asked twice, not even for the estimate.
    expect(new Set(server.prompts).size).toBe(server.prompts.length)
    expect(JSON.stringify(card.filter)).toContain('Reply with one word')
  })

  it('go on where they were stopped', async () => {
    const { on, output, workspace } = await setUp(await collectionOf(30))
    const asked: string[] = []
    const controller = new AbortController()
    const filter = (stopAfter: number): NegativeFilter => ({
      identity: { filter: 'counting' },
      summary: 'counting',
      scoresPositives: false,
      async score(query, documents) {
        asked.push(query.id)
        if (new Set(asked).size > stopAfter) controller.abort()
        return documents.map(() => 0)
      },
      verdict: () => 'keep',
      close: async () => undefined,
    })
    const given = (stopAfter: number) => options({ filter: filter(stopAfter), estimate: false })
    await expect(mine(on, given(150), output, workspace, { signal: controller.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    })
    const before = new Set(asked)
    asked.length = 0
    await mine(on, given(Number.POSITIVE_INFINITY), output, workspace)
    // Of 240 queries the first part of 100 was whole.
    expect(new Set(asked).size).toBe(140)
    expect(before.size).toBeGreaterThan(150)
    expect(await examplesOf(output)).toHaveLength(240)
  })

  it('keep the key of a server out of messages', async () => {
    const server = await startChatServer(() => 'no', { key: 'right' })
    onTestFinished(() => server.close())
    process.env.FIELDTRIAL_TEST_JUDGE_KEY = 'wrong-secret'
    onTestFinished(() => {
      delete process.env.FIELDTRIAL_TEST_JUDGE_KEY
    })
    const filter = llmFilter({ url: server.v1, model: 'judge', apiKeyEnv: 'FIELDTRIAL_TEST_JUDGE_KEY', retries: 0 })
    const query = { id: 'q', text: 'what' }
    const error = await filter.score(query, [{ id: 'd', title: '', text: 'that' }]).then(
      () => null,
      (thrown: Error) => thrown,
    )
    expect(error).toMatchObject({ code: 'NETWORK', message: expect.stringMatching(/HTTP 401/) })
    expect(error!.message).not.toContain('wrong-secret')
    expect(() => llmFilter({ url: server.v1, model: 'judge', prompt: 'Is it? {query}' })).toThrow(/has no \{passage\}/)
  })

  it.each([
    ['Yes', 1],
    ['**No**, it does not.', 0],
    ['<think>yes yes</think> no', 0],
    ['Nothing in it', null],
    ['', null],
  ])('read the answer %j', (answer, opinion) => {
    expect(opinionOf(answer)).toBe(opinion)
  })

  it('of a cross-encoder compare its probabilities with the positive’s, and its scores are written', async () => {
    const model = await crossEncoderFolder()
    const { on, output, workspace } = await setUp(await collectionOf(1))
    const rules = { margin: 0.1, against: 'best' as const }
    const filter = await openCrossEncoderFilter(model, rules, workspace, {})
    onTestFinished(() => filter.close())
    const { card } = await mine(on, options({ filter, estimate: false }), output, workspace)
    expect(card.counts.drops.filter).toBeGreaterThan(0)
    const encoder = await CrossEncoder.open(model, { threads: 1 })
    onTestFinished(() => encoder.close())
    const probability = (logit: number) => 1 / (1 + Math.exp(-logit))
    let seen = 0
    for (const { query, positives, negatives } of await examplesOf(output)) {
      const contents = [...positives, ...negatives].map(({ title, text }) => [title, text].filter(Boolean).join(' '))
      const scores = await encoder.score(query, contents)
      for (const [i, { score }] of [...positives, ...negatives].entries()) expect(score).toBeCloseTo(scores[i]!, 4)
      const best = Math.max(...positives.map(({ score }) => probability(score!)))
      for (const { score } of negatives) {
        expect(probability(score!)).toBeLessThanOrEqual(0.9 * best + 1e-9)
        seen++
      }
    }
    expect(seen).toBeGreaterThan(0)
  })
})

/** The tiny BERT of the fixtures with a head of fixed numbers on top. */
async function crossEncoderFolder(): Promise<string> {
  const from = fileURLToPath(new URL('../../../test/fixtures/models/bert', import.meta.url))
  const folder = await temporaryFolder()
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json'])
    await cp(join(from, name), join(folder, name))
  const checkpoint = [...(await readCheckpoint(from))!]
  const numbers = (count: number, scale: number) =>
    new Uint8Array(Float32Array.from({ length: count }, (_, i) => scale * Math.sin(1 + 12.9898 * i)).buffer)
  const head: [string, number[], Uint8Array][] = [
    ['pooler.dense.weight', [32, 32], numbers(32 * 32, 0.4)],
    ['pooler.dense.bias', [32], numbers(32, 0.1)],
    ['classifier.weight', [1, 32], numbers(32, 1)],
    ['classifier.bias', [1], numbers(1, 0.1)],
  ]
  const kept = checkpoint.filter(([name]) => !name.startsWith('pooler.'))
  const specs = [
    ...kept.map(([name, { type, shape, bytes }]) => ({ name, type, shape, bytes })),
    ...head.map(([name, shape, data]) => ({ name, type: 'F32', shape, bytes: data.length })),
  ]
  await writeSafetensors(join(folder, 'model.safetensors'), specs, async (i, write) => {
    const place = kept[i]?.[1]
    await write(place ? await readBytes(place.file, place.offset, place.bytes) : head[i - kept.length]![2])
  })
  return folder
}
